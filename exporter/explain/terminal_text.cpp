#include "exporter/explain/terminal_text.h"

#include <algorithm>
#include <cstddef>

namespace sqlite_exporter {

namespace {

constexpr std::string_view kFence = "```";
constexpr std::string_view kHeading = "## ";

/// `[words](page.md)` becomes `words`.
std::string without_links(std::string_view line) {
  std::string text;
  while (!line.empty()) {
    const std::size_t open = line.find('[');
    const std::size_t middle = line.find("](", open);
    const std::size_t close = line.find(')', middle);
    if (open == std::string_view::npos || middle == std::string_view::npos ||
        close == std::string_view::npos)
      break;
    text.append(line.substr(0, open)).append(line.substr(open + 1, middle - open - 1));
    line.remove_prefix(close + 1);
  }
  return text.append(line);
}

}  // namespace

std::string terminal_text(std::string_view markdown) {
  std::string text;
  bool in_fence = false;
  while (!markdown.empty()) {
    const std::size_t end = std::min(markdown.find('\n'), markdown.size());
    const std::string_view line = markdown.substr(0, end);
    markdown.remove_prefix(std::min(end + 1, markdown.size()));
    if (line.starts_with(kFence)) {
      in_fence = !in_fence;
      continue;
    }
    if (in_fence) {
      text.append("    ").append(line);
    } else if (line.starts_with(kHeading)) {
      text.append(line.substr(kHeading.size()));
    } else {
      text.append(without_links(line));
    }
    text.push_back('\n');
  }
  return text;
}

}  // namespace sqlite_exporter
