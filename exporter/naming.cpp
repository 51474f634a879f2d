/// Names of databases: from the configured path alone, so that a new file never renames old series.
#include "exporter/naming.h"

#include "collectors/base/utf8.h"

namespace sqlite_exporter {
namespace {

constexpr std::string_view kGlobCharacters = "*?[";

std::string_view last_component(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0: all of it
}

std::string_view without_extension(std::string_view path) {
  const std::size_t name_begin = path.size() - last_component(path).size();
  const std::size_t dot = path.rfind('.');
  // The dot of `.db` begins a hidden file's name: it is no extension.
  return dot == std::string_view::npos || dot <= name_begin ? path : path.substr(0, dot);
}

/// "" if `path` is not below `directory`.
std::string_view below(std::string_view directory, std::string_view path) {
  if (!path.starts_with(directory)) return {};
  path.remove_prefix(directory.size());
  if (!directory.ends_with('/') && !path.starts_with('/')) return {};
  const std::size_t begin = path.find_first_not_of('/');
  return begin == std::string_view::npos ? std::string_view() : path.substr(begin);
}

/// The nearest directory at or above `directory` that `path` lies below.
std::string_view shared_directory(std::string_view directory, std::string_view path) {
  while (directory.size() > 1 && below(directory, path).empty())
    directory = fixed_prefix(directory);
  return directory;
}

}  // namespace

bool is_pattern(std::string_view path) {
  return path.find_first_of(kGlobCharacters) != std::string_view::npos;
}

bool is_folder(std::string_view path) { return path.ends_with('/'); }

bool names_many(std::string_view path) { return is_pattern(path) || is_folder(path); }

std::string literal_pattern(std::string_view path) {
  std::string pattern;
  for (const char c : path) {
    if (kGlobCharacters.find(c) == std::string_view::npos) {
      pattern += c;
    } else {
      pattern.append(1, '[').append(1, c).append(1, ']');
    }
  }
  return pattern;
}

std::string_view fixed_prefix(std::string_view pattern) {
  const std::string_view fixed = pattern.substr(0, pattern.find_first_of(kGlobCharacters));
  const std::size_t slash = fixed.rfind('/');
  if (slash == std::string_view::npos) return {};
  const std::size_t last = fixed.find_last_not_of('/', slash);
  return last == std::string_view::npos ? fixed.substr(0, 1) : fixed.substr(0, last + 1);
}

std::string derive_database_name(std::string_view pattern, std::string_view file_path) {
  if (!names_many(pattern)) return std::string(without_extension(last_component(pattern)));
  std::string_view name = below(fixed_prefix(pattern), file_path);
  if (name.empty()) name = last_component(file_path);
  return std::string(without_extension(name));
}

std::vector<std::string> names_apart(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  if (paths.empty()) return names;
  std::string_view shared = fixed_prefix(paths.front());
  for (const std::string& path : paths) shared = shared_directory(shared, path);
  for (const std::string& path : paths) names.emplace_back(without_extension(below(shared, path)));
  return names;
}

std::string as_utf8(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  while (!name.empty()) {
    const std::size_t length = name.front() == '\0' ? 0 : utf8_length(name);
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(name.front());
      text.append("\\x") += kDigits[byte >> 4U];
      text += kDigits[byte & 0xFU];
    } else {
      text += name.substr(0, length);
    }
    name.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

}  // namespace sqlite_exporter
