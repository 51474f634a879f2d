#include "exporter/inspect/report_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/last_write.h"
#include "collectors/page_counts.h"
#include "exporter/inspect/advice.h"
#include "exporter/inspect/facts.h"
#include "exporter/inspect/filesystem_advice.h"
#include "exporter/inspect/holders.h"
#include "exporter/inspect/words.h"

namespace sqlite_exporter {

namespace {

/// Rows of a label and a paragraph.
class Block {
 public:
  explicit Block(std::string heading) : text_(std::move(heading)) { text_ += '\n'; }

  void row(std::string_view label, const std::string& text) {
    if (!text.empty()) text_.append(labelled_paragraph(label, text));
  }
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string in_capitals(Verdict verdict) {
  std::string text(to_string(verdict));
  for (char& c : text) c = c == '_' ? ' ' : static_cast<char>(std::toupper(c));
  return text;
}

std::string states_text(StateSet states) {
  std::string text;
  for (std::size_t i = 0; i < kDatabaseStateNames.size(); ++i)
    if (states.contains(static_cast<DatabaseState>(i)))
      text.append(text.empty() ? "" : ", ").append(kDatabaseStateNames[i]);
  return text;
}

/// Of an encrypted database: what is known of its pages, and no more.
std::string plain_size_text(std::string in_file, const std::optional<std::uint64_t>& pages,
                            std::uint32_t page_size) {
  const std::string each = std::string("pages of ").append(std::to_string(page_size)) + " bytes)";
  if (!pages) return in_file.append(" (").append(each);
  const std::string size = size_in_words(*pages * page_size);
  std::string text = std::string(size).append(" (").append(std::to_string(*pages));
  text.append(" ").append(each);
  return size == in_file ? text : text.append(", ").append(in_file).append(" in the file");
}

std::string size_text(const Look& look) {
  if (!look.database) return "";
  std::string in_file = size_in_words(look.database->size);
  const std::optional<std::uint64_t> pages = pages_of(look);
  if (const auto page_size = page_size_of(look); page_size && !look.header)
    return plain_size_text(std::move(in_file), pages, *page_size);
  if (!look.header || !pages) return in_file;
  const DatabaseHeader& header = *look.header;
  std::string text = size_in_words(*pages * header.page_size);
  text.append(" (").append(std::to_string(*pages)).append(" pages of ");
  text.append(std::to_string(header.page_size)).append(" bytes");
  if (const auto free = page_counts_of(look).freelist)
    text.append(", ").append(std::to_string(*free)).append(" free");
  text.append("), ");
  if (*pages * header.page_size != look.database->size)
    text.append(in_file).append(" in the file, ");
  text.append("schema ").append(std::to_string(header.schema_cookie));
  if (header.sqlite_version_number != 0)
    text.append(", written by SQLite ")
        .append(sqlite_version_in_words(header.sqlite_version_number));
  return text;
}

/// "-log 12.0 KiB, -tshm 4.0 KiB"
std::string side_files_text(const Look& look) {
  std::string text;
  for (std::size_t i = 0; look.side_files && i < kSideFileNames.size(); ++i)
    if (const auto& size = (*look.side_files)[i])
      text.append(text.empty() ? "-" : ", -")
          .append(kSideFileNames[i])
          .append(" ")
          .append(size_in_words(*size));
  return text;
}

std::string wal_text(const Look& look) {
  std::string text;
  if (look.wal) text = size_in_words(look.wal->size).append(" file");
  if (const FollowedWal* const wal = look.followed_wal())
    text.append(text.empty() ? "" : ", ").append(std::to_string(wal->mx_frame)).append(" frames");
  if (!look.index) return text;
  const WalIndex& index = *look.index;
  text.append(text.empty() ? "" : ", ").append(std::to_string(index.mx_frame)).append(" frames, ");
  text.append(std::to_string(index.n_backfill)).append(" checkpointed, ");
  return text.append(std::to_string(index.mx_frame - index.n_backfill)).append(" to go");
}

std::string mark_text(const HeldReader& reader) {
  std::string text = "READ";
  text.append(std::to_string(reader.slot));
  if (reader.slot == 0) return text.append(" (the database file alone)");
  return text.append(" at frame ").append(std::to_string(reader.frame));
}

/// What was begun since the last look has no age worth telling.
std::string age_text(const std::optional<double>& age) {
  if (!age || *age < 1) return "";
  return std::string(", for at least ").append(time_in_words(*age));
}

/// "61139 frames: READ1 at frame 301", the reader that lets a checkpoint copy the least.
std::string pinned_text(const Look& look, const std::vector<HeldReader>& readers) {
  if (!look.index || readers.empty()) return "";
  const std::uint32_t pinned = pinned_frames(*look.index, look.wal_locks);
  if (pinned == 0) return "";
  const auto most = std::ranges::max_element(readers, {}, &HeldReader::pinned_frames);
  return std::to_string(pinned).append(" frames: ").append(mark_text(*most));
}

std::string reader_text(const HeldReader& reader, const NamedProcess& process) {
  std::string text = mark_text(reader).append(": ").append(process_in_words(process));
  return text.append(start_in_words(process)).append(age_text(reader.age));
}

std::string lock_text(const HeldLock& lock) {
  std::string text(lock.lock);
  text.append(": ").append(process_in_words(lock.process));
  return text.append(age_text(lock.age));
}

std::string activity_text(const Observation& observation) {
  if (!observation.rates) return "";
  std::array<char, 96> text{};
  std::snprintf(text.data(), text.size(), "%.1f transactions/s, %.1f frames/s",
                observation.rates->transactions_per_second, observation.rates->frames_per_second);
  return text.data();
}

void add_facts(Block& block, const Observation& observation) {
  const Look& look = *observation.look;
  block.row("state", states_text(look.states));
  block.row("size", size_text(look));
  block.row("WAL", wal_text(look));
  block.row("beside", side_files_text(look));
  const std::vector<HeldReader> readers = readers_of(observation);
  block.row("pinned", pinned_text(look, readers));
  for (const HeldReader& reader : readers)
    for (const NamedProcess& process : reader.processes)
      block.row("reader", reader_text(reader, process));
  for (const HeldLock& lock : locks_of(observation)) block.row("lock", lock_text(lock));
  std::string before = knows_all_processes(look) ? "" : "at least ";
  for (const NamedProcess& process : processes_of(observation))
    block.row("open in", std::exchange(before, "")
                             .append(process_in_words(process))
                             .append(start_in_words(process)));
  if (const auto written = last_write_of(look)) block.row("last write", moment_in_words(*written));
  block.row("activity", activity_text(observation));
  block.row("filesystem", filesystem_in_words(observation));
}

}  // namespace

std::string report_text(const Observation& observation) {
  const std::vector<Advice> advice = advice_for(observation);
  Block block(printable(observation.path).append(": ").append(in_capitals(verdict_of(advice))));
  if (observation.look) add_facts(block, observation);
  for (const Advice& each : advice) {
    const std::string_view label =
        each.severity == Severity::cannot_say ? "unknown" : to_string(each.severity);
    block.row(label, std::string(each.subject).append(": ").append(each.meaning));
    block.row("what to do", each.action);
  }
  return std::move(block).text();
}

}  // namespace sqlite_exporter
