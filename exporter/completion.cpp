#include "exporter/completion.h"

#include <string_view>

namespace sqlite_exporter {

namespace {

using Kind = ValueHint::Kind;
using Commands = std::span<const CommandReference>;

std::string words_joined(std::span<const std::string> words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : between).append(word);
  return text;
}

std::vector<std::string> verbs_of(Commands commands) {
  std::vector<std::string> verbs;
  for (const CommandReference& command : commands.subspan(1)) verbs.push_back(command.name);
  return verbs;
}

std::string option_names(const CommandReference& command) {
  std::string names;
  for (const OptionReference& option : command.options)
    names.append(names.empty() ? "" : " ").append(words_joined(option.names, " "));
  return names;
}

/// In single quotes, for fish.
std::string fish_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

/// What bash and zsh do alike, with functions of theirs that offer words, files and folders.
std::string offer(const ValueHint& hint) {
  switch (hint.kind) {
    case Kind::words: return "_sqlite_exporter_words " + words_joined(hint.words, " ");
    case Kind::file: return "_sqlite_exporter_files";
    case Kind::directory: return "_sqlite_exporter_folders";
    case Kind::none: break;
  }
  return ":";
}

/// Uses the variables `current` and `option`, before it; finds `command` among the words before the
/// current one, which the shell names in its own way.
void append_choice(std::string& text, Commands commands, std::string_view words) {
  text.append("  for word in ")
      .append(words)
      .append("; do\n    case $word in\n      ")
      .append(words_joined(verbs_of(commands), " | "))
      .append(") command=$word; break ;;\n    esac\n  done\n");
  text += "  case $command,$option in\n";
  for (const CommandReference& command : commands)
    for (const OptionReference& option : command.options)
      if (!option.value.empty())
        text.append("    ")
            .append(command.name)
            .append(",")
            .append(option.names.back())
            .append(") ")
            .append(offer(option.hint))
            .append("; return ;;\n");
  text += "  esac\n  case $command,$current in\n";
  for (const CommandReference& command : commands)
    text.append("    ")
        .append(command.name)
        .append(",-*) _sqlite_exporter_words ")
        .append(option_names(command))
        .append(" ;;\n");
  for (const CommandReference& command : commands) {
    text.append("    ").append(command.name).append(",*) ").append(offer(command.hint));
    if (command.name.empty())
      text.append("; _sqlite_exporter_words ").append(words_joined(verbs_of(commands), " "));
    text += " ;;\n";
  }
  text += "  esac\n";
}

std::string bash(Commands commands) {
  std::string text =
      "# Completion of sqlite_exporter for bash.\n"
      "# Printed by `sqlite_exporter describe completion --format=bash`.\n\n"
      "_sqlite_exporter() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local command= word\n"
      "  # \"=\" is a word of its own.\n"
      "  if [[ $current == = ]]; then\n    current=\n"
      "  elif [[ $option == = ]]; then\n    option=${COMP_WORDS[COMP_CWORD-2]}\n  fi\n"
      "  _sqlite_exporter_words() { mapfile -O ${#COMPREPLY[@]} -t COMPREPLY "
      "< <(compgen -W \"$*\" -- \"$current\"); }\n"
      "  _sqlite_exporter_paths() { compopt -o filenames; "
      "mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\"); }\n"
      "  _sqlite_exporter_files() { _sqlite_exporter_paths -f; }\n"
      "  _sqlite_exporter_folders() { _sqlite_exporter_paths -d; }\n"
      "  COMPREPLY=()\n";
  append_choice(text, commands, "\"${COMP_WORDS[@]:1:COMP_CWORD-1}\"");
  return text + "}\n\ncomplete -F _sqlite_exporter sqlite_exporter\n";
}

std::string zsh(Commands commands) {
  std::string text =
      "#compdef sqlite_exporter\n"
      "# Completion of sqlite_exporter for zsh.\n"
      "# Printed by `sqlite_exporter describe completion --format=zsh`.\n\n"
      "_sqlite_exporter() {\n"
      "  local current=${words[CURRENT]} option=${words[CURRENT-1]} command= word\n"
      "  if [[ $current == --*=* ]]; then\n"
      "    option=${current%%=*}\n    current=${current#*=}\n    compset -P '*='\n  fi\n"
      "  _sqlite_exporter_words() { compadd -- \"$@\" }\n"
      "  _sqlite_exporter_files() { _files }\n"
      "  _sqlite_exporter_folders() { _files -/ }\n";
  append_choice(text, commands, "\"${(@)words[2,CURRENT-1]}\"");
  return text + "}\n\n_sqlite_exporter \"$@\"\n";
}

void append_fish_hint(std::string& text, const ValueHint& hint) {
  switch (hint.kind) {
    case Kind::words:
      text.append(" -x -a ").append(fish_quoted(words_joined(hint.words, " ")));
      break;
    case Kind::file: text += " -r -F"; break;
    case Kind::directory: text += " -x -a '(__fish_complete_directories)'"; break;
    case Kind::none: text += " -x"; break;
  }
}

std::string fish(Commands commands) {
  constexpr std::string_view kBegin = "complete -c sqlite_exporter -n ";
  std::string text =
      "# Completion of sqlite_exporter for fish.\n"
      "# Printed by `sqlite_exporter describe completion --format=fish`.\n\n";
  for (const CommandReference& command : commands) {
    const bool is_verb = !command.name.empty();
    const std::string here = fish_quoted(is_verb ? "__fish_seen_subcommand_from " + command.name
                                                 : std::string("__fish_use_subcommand"));
    if (is_verb)
      text.append(kBegin)
          .append("__fish_use_subcommand -a ")
          .append(command.name)
          .append(" -d ")
          .append(fish_quoted(command.text))
          .append("\n");
    if (is_verb && command.hint.kind != Kind::file) {
      text.append(kBegin).append(here).append(" -f");
      if (command.hint.kind == Kind::words)
        text.append(" -a ").append(fish_quoted(words_joined(command.hint.words, " ")));
      text += "\n";
    }
    for (const OptionReference& option : command.options) {
      text.append(kBegin).append(here);
      for (const std::string& name : option.names)
        text.append(name.starts_with("--") ? " -l " : " -s ")
            .append(name.substr(name.find_first_not_of('-')));
      if (!option.value.empty()) append_fish_hint(text, option.hint);
      text.append(" -d ").append(fish_quoted(option.text)).append("\n");
    }
  }
  return text;
}

}  // namespace

std::string describe_completion(Commands commands, Shell shell) {
  switch (shell) {
    case Shell::bash: return bash(commands);
    case Shell::fish: return fish(commands);
    case Shell::zsh: return zsh(commands);
  }
  return {};
}

}  // namespace sqlite_exporter
