#include "exporter/man_page.h"

#include "exporter/config_keys.h"

namespace sqlite_exporter {

namespace {

constexpr std::string_view kDescriptionSection =
    R"(watches the SQLite databases of a machine from outside and serves what it sees to Prometheus. It
opens no SQLite connection, takes no lock, creates no file and changes none; queries of your own, if
some are configured, read in a process apart that cannot write either.
.PP
Which databases are watched is said by the arguments, or by the configuration file where there are
none.
)";

constexpr std::string_view kSections =
    R"(.SH FILES
.TP
.I /etc/sqlite_exporter/sqlite_exporter.toml
The configuration that is read without \fB\-\-config.file\fR and arguments; see
.BR sqlite_exporter.toml (5).
.TP
.I /etc/default/prometheus-sqlite-exporter
Flags for the service, in ARGS.
.SH SIGNALS
.TP
.B SIGHUP
The configuration file is read anew. Databases that stay keep their counters; with an error the
running configuration stays, and the log says so.
.TP
.BR SIGTERM ", " SIGINT
End it.
.SH EXIT STATUS
.TP
.B 0
It was ended by a signal, or did what it was told.
.TP
.B 1
It failed.
.TP
.B 2
The command line or the configuration is wrong; one sentence on standard error says where.
.SH SEE ALSO
.BR sqlite_exporter.toml (5),
.BR prometheus (1),
.BR systemd.service (5)
)";

/// Text as troff takes it: nothing of it is a request, and hyphens can be searched for.
std::string plain(std::string_view text) {
  std::string result;
  bool begins_line = true;
  for (const char c : text) {
    if (begins_line && (c == '.' || c == '\'')) result += "\\&";
    begins_line = c == '\n';
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

/// Words between backquotes in bold.
std::string marked(std::string_view text) {
  std::string result;
  bool inside = false;
  while (true) {
    const std::size_t tick = text.find('`');
    const std::string part = plain(text.substr(0, tick));
    result += inside ? "\\fB" + part + "\\fR" : part;
    if (tick == std::string_view::npos) return result;
    text.remove_prefix(tick + 1);
    inside = !inside;
  }
}

std::string header(std::string_view name, std::string_view section, std::string_view version) {
  return std::string(".\\\" Printed by sqlite_exporter describe.\n.TH ")
      .append(name)
      .append(" ")
      .append(section)
      .append(" \"\" \"sqlite_exporter ")
      .append(version)
      .append("\"\n.SH NAME\n");
}

std::string tag_of(const OptionReference& option) {
  std::string tag;
  for (const std::string& name : option.names)
    tag.append(tag.empty() ? "" : ", ").append("\\fB").append(plain(name)).append("\\fR");
  if (!option.value.empty()) tag.append(" \\fI").append(plain(option.value)).append("\\fR");
  return tag;
}

void append_options(std::string& text, const CommandReference& command) {
  for (const OptionReference& option : command.options)
    text.append(".TP\n")
        .append(tag_of(option))
        .append("\n")
        .append(plain(option.text))
        .append(".\n");
}

std::string synopsis(const CommandReference& command) {
  std::string text = ".B sqlite_exporter";
  if (!command.name.empty()) text.append(" ").append(command.name);
  text += "\n[\\fIOPTION\\fR]...";
  if (!command.arguments.empty())
    text.append(" \\fI").append(plain(command.arguments)).append("\\fR");
  return text + "\n";
}

}  // namespace

std::string describe_program(std::span<const CommandReference> commands, std::string_view version) {
  std::string text = header("SQLITE_EXPORTER", "1", version);
  text += "sqlite_exporter \\- Prometheus exporter for SQLite databases\n.SH SYNOPSIS\n";
  for (const CommandReference& command : commands)
    text.append(command.name.empty() ? "" : ".br\n").append(synopsis(command));
  text.append(".SH DESCRIPTION\n.B sqlite_exporter\n").append(kDescriptionSection);
  text += ".SH OPTIONS\n";
  append_options(text, commands.front());
  text += ".SH COMMANDS\n";
  for (const CommandReference& command : commands.subspan(1)) {
    text.append(".SS ").append(plain(command.name));
    if (!command.arguments.empty()) text.append(" ").append(plain(command.arguments));
    text.append("\n").append(plain(command.text)).append(".\n");
    append_options(text, command);
    if (!command.footer.empty()) text.append(".PP\n").append(plain(command.footer)).append("\n");
  }
  return text.append(kSections);
}

std::string describe_config_file(std::string_view version) {
  std::string text = header("SQLITE_EXPORTER.TOML", "5", version);
  text +=
      "sqlite_exporter.toml \\- configuration of sqlite_exporter\n.SH DESCRIPTION\n"
      "One file in TOML. An unknown key or a wrong value stops the start with one sentence;\n"
      ".B sqlite_exporter check\\-config\nchecks without starting. A flag of\n"
      ".BR sqlite_exporter (1)\nwins over the file.\n";
  std::string_view table;
  for (const ConfigKey& key : kConfigKeys) {
    if (key.table != table) {
      table = key.table;
      text.append(".SH \"").append(plain(table_header(table))).append("\"\n");
    }
    text.append(".TP\n\\fB").append(plain(key.key.empty() ? table : key.key)).append("\\fR = ");
    text.append(plain(key.expected));
    if (!key.default_text.empty())
      text.append(" (default: ").append(plain(key.default_text)).append(")");
    text.append("\n").append(marked(key.help)).append("\n");
  }
  return text.append(".SH SEE ALSO\n.BR sqlite_exporter (1)\n");
}

}  // namespace sqlite_exporter
