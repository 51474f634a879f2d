/// The words in capitals that stand for something of one's own in a runbook: DATABASE, PID, UNIT.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sqlite_exporter {

/// What is known of them on this node, by word.
using Placeholders = std::map<std::string, std::string, std::less<>>;

struct FilledText {
  std::string text;
  std::vector<std::string> left;  ///< words that stay as they are, each once, in their order
};

/// Puts the values in the place of their words, in `text` and so also in its commands. A value that
/// a shell would not take as one plain word stays out: a name of a file must not become a command.
FilledText fill(std::string_view text, const Placeholders& placeholders);

/// Whether a shell takes it as one word that means itself, also between quotes.
bool is_plain_word(std::string_view value);

}  // namespace sqlite_exporter
