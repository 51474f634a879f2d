/// Reads until the end shows itself, into a buffer that grows up to its bound.
#include "collectors/linux/text_file.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>

#include "collectors/linux/file.h"

namespace sqlite_exporter {
namespace {

constexpr std::size_t kFirstBuffer = 16384;

}  // namespace

Result<std::string> read_beginning(const std::string& path, std::size_t most) {
  const Result<File> file = File::open_of_kernel(path);
  if (!file) return fail(file.error());

  std::string text;
  std::size_t size = 0;
  while (size == text.size() && size < most) {
    text.resize(std::min(most, std::max(kFirstBuffer, 2 * size)));
    const auto count = file->read_at(size, std::as_writable_bytes(std::span(text).subspan(size)));
    if (!count) return fail(count.error().code, path + ": " + count.error().message);
    size += *count;
  }
  text.resize(size);
  return text;
}

Result<std::string> read_text(const std::string& path, std::size_t most) {
  Result<std::string> text = read_beginning(path, most + 1);
  if (text && text->size() > most) {
    return fail(Errc::limit, path + " is longer than " + std::to_string(most) + " bytes");
  }
  return text;
}

Result<std::vector<std::string>> names_in(const std::string& directory, std::size_t most) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  while (!error && entry != std::filesystem::directory_iterator() && names.size() < most) {
    names.push_back(entry->path().filename().string());
    entry.increment(error);
  }
  if (error) return fail(error_from_errno(error.value(), "list", directory));
  return names;
}

}  // namespace sqlite_exporter
