/// The command line as data, taken from its grammar: what the man page and completions are made of.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sqlite_exporter {

/// What may stand for a value, as far as it can be said beforehand.
struct ValueHint {
  enum class Kind { none, words, file, directory };
  Kind kind = Kind::none;
  std::vector<std::string> words;  ///< if they are all there are
};

struct OptionReference {
  std::vector<std::string> names;  ///< "-h", "--help"
  std::string value;               ///< "LEVEL"; "" for a flag
  std::string text;                ///< one sentence without its full stop
  ValueHint hint;
};

struct CommandReference {
  std::string name;       ///< "" for the program without a verb
  std::string text;       ///< as of an option
  std::string arguments;  ///< "FILE..."; "" for none
  ValueHint hint;         ///< of the arguments
  std::vector<OptionReference> options;
  std::string footer;  ///< lines of their own
};

/// The first is the program without a verb. What only the program itself starts is not among them.
std::vector<CommandReference> command_reference(std::span<const std::string_view> collector_names);

}  // namespace sqlite_exporter
