#include "exporter/sql/worker/statement_words.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sqlite_exporter {

namespace {

constexpr std::array<std::string_view, 18> kNoSelects = {
    "alter",  "analyze", "attach",  "begin",   "commit",   "create",    "delete", "detach", "drop",
    "insert", "reindex", "release", "replace", "rollback", "savepoint", "update", "vacuum", "end"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// As SQLite's tokenizer has it.
bool is_of_a_word(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_word(std::string_view word, std::string_view keyword) {
  return std::ranges::equal(word, keyword, {}, lower);
}

/// The character that ends what `c` begins; 0 if that is no quoted text or name.
char end_of_quoted(char c) {
  if (c == '[') return ']';
  return c == '\'' || c == '"' || c == '`' ? c : '\0';
}

void skip_to(std::string_view& rest, std::string_view end, std::size_t from) {
  const std::size_t at = rest.find(end, from);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + end.size());
}

/// The next word, or another character; empty at the end. Space, comments and what is quoted are
/// passed over.
std::string_view next_word(std::string_view& rest) {
  while (!rest.empty()) {
    const char c = rest.front();
    if (rest.starts_with("--")) {
      skip_to(rest, "\n", 2);
    } else if (rest.starts_with("/*")) {
      skip_to(rest, "*/", 2);
    } else if (const char end = end_of_quoted(c); end != '\0') {
      skip_to(rest, {&end, 1}, 1);
    } else if (c == ' ' || (c >= '\t' && c <= '\r')) {
      rest.remove_prefix(1);
    } else {
      const auto behind = std::ranges::find_if_not(rest, is_of_a_word);
      const std::size_t size =
          std::max<std::size_t>(1, static_cast<std::size_t>(behind - rest.begin()));
      const std::string_view word = rest.substr(0, size);
      rest.remove_prefix(size);
      return word;
    }
  }
  return {};
}

}  // namespace

bool begins_a_write(std::string_view sql) {
  const std::string_view first = next_word(sql);
  if (!is_word(first, "with"))
    return std::ranges::any_of(kNoSelects,
                               [&](std::string_view keyword) { return is_word(first, keyword); });
  int depth = 0;
  for (std::string_view word = next_word(sql); !word.empty(); word = next_word(sql)) {
    if (word == "(") ++depth;
    if (word == ")") --depth;
    if (depth != 0) continue;
    if (is_word(word, "select") || is_word(word, "values")) return false;
    if (is_word(word, "insert") || is_word(word, "update") || is_word(word, "delete")) return true;
  }
  return false;
}

bool has_another_statement(std::string_view sql) {
  bool ended = false;
  for (std::string_view word = next_word(sql); !word.empty(); word = next_word(sql)) {
    if (ended && word != ";") return true;
    ended = word == ";";
  }
  return false;
}

}  // namespace sqlite_exporter
