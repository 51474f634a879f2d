#include "collectors/signs_of_life.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "collectors/linux/lock_probe.h"
#include "collectors/linux/text_file.h"
#include "collectors/sqlite/lock_bytes.h"
#include "collectors/sqlite/wal_index.h"

namespace sqlite_exporter {

namespace {

using Clock = std::chrono::steady_clock;

/// A writer that cannot be seen may pause for so long before his WAL is called left behind.
constexpr std::chrono::minutes kGrowthCounts(5);
/// How old an answer of the processes may be, except to a new accusation.
constexpr std::chrono::seconds kOldestAnswer(30);
/// File times are as fine as the kernel's tick. Of a WAL that its last user closed and deleted the
/// checkpoint was written last, into the database.
constexpr double kTick = 0.05;

Result<bool> is_locked(const File& file, std::uint64_t first, std::uint64_t length, int own) {
  const auto holder = lock_on(file, first, length);
  if (!holder) return fail(holder.error());
  return *holder && (own == 0 || (*holder)->pid != own);
}

/// 0 is the end of the file, wherever that will be.
Result<bool> is_locked_anywhere(const std::string& path, int own) {
  const Result<std::optional<File>> file = open_if_there(path);
  if (!file) return fail(file.error());
  if (!*file) return false;
  return is_locked(**file, 0, 0, own);
}

Result<void> ask_locks(const LifeQuestion& question, int own, SignsOfLife& signs) {
  constexpr std::uint64_t kBehind = kPendingLock + kDatabaseLocksLength;
  for (const auto& [first, length] :
       {std::pair<std::uint64_t, std::uint64_t>{0, kPendingLock}, {kBehind, 0}}) {
    const Result<bool> locked = is_locked(question.database, first, length, own);
    if (!locked) return fail(locked.error());
    signs.foreign_lock = signs.foreign_lock || *locked;
  }
  for (const std::string_view name : {"-wal", "-journal", "-tshm"}) {
    const Result<bool> locked = is_locked_anywhere(std::string(question.path).append(name), own);
    if (!locked) return fail(locked.error());
    signs.foreign_lock = signs.foreign_lock || *locked;
  }
  const Result<bool> locked = is_locked_anywhere(question.path + "-shm", own);
  if (!locked) return fail(locked.error());
  signs.index_lock = *locked;
  std::error_code error;
  signs.lock_folder = std::filesystem::is_directory(question.path + ".lock", error);
  return {};
}

/// A wal-index at the path that knows the WAL as it is: whoever writes there uses it, and is seen
/// otherwise.
bool is_known_to_index(const LifeQuestion& question) {
  const Result<std::optional<File>> shm = open_if_there(question.path + "-shm");
  if (!shm || !*shm) return false;
  const Result<WalIndex> index = read_wal_index(**shm);
  return index && index->mx_frame > 0 && question.wal &&
         question.wal->size >= frame_offset(index->mx_frame, index->page_size) + kFrameHeaderSize +
                                   index->page_size &&
         question.wal->size < frame_offset(index->mx_frame + 2, index->page_size);
}

bool same(const std::optional<FileStatus>& now, const std::optional<FileStatus>& before) {
  return now.has_value() == before.has_value() && (!now || is_unchanged(*now, *before));
}

void observe_files(const LifeQuestion& question, LifeState& state, Clock::time_point now) {
  const auto wal_before = std::exchange(state.wal, question.wal);
  const auto database_before = std::exchange(state.database, question.status);
  if (now - state.last_growth > kGrowthCounts) state.growths = 0;
  if (database_before && same(question.wal, wal_before) && same(question.status, database_before))
    return;
  state.unchanged_since = now;
  state.quiet = false;
  if (!wal_before || !question.wal || same(question.wal, wal_before) || is_known_to_index(question))
    return;
  ++state.growths;
  state.last_growth = now;
}

/// The descriptors of one process that has the database open.
class User {
 public:
  User(const std::string& procfs, const OpenTable& table, const OpenUse& database)
      : procfs_(procfs), database_(database), uses_(table.of_process(database.pid)) {}

  /// The file as it is now; nothing if the process has it open no more, or may not write it.
  std::optional<OpenFile> open_now(const std::optional<FileStatus>& file) const {
    if (!file) return std::nullopt;
    for (const OpenUse* use : uses_)
      if (use->writable && use->file == file->identity)
        if (const auto now = file_behind(procfs_, *use)) return now;
    return std::nullopt;
  }

  /// The -wal that goes with the database by the process's own names, if it was deleted.
  std::optional<OpenFile> deleted_wal() const {
    const std::string_view before = name_before_deletion(database_.link);
    const std::string wal = std::string(before.empty() ? database_.link : before).append("-wal");
    for (const OpenUse* use : uses_) {
      if (!use->writable || (use->link != wal && name_before_deletion(use->link) != wal)) continue;
      const auto now = file_behind(procfs_, *use);
      if (now && now->deleted) return now;
    }
    return std::nullopt;
  }

  bool is_file_server() const {
    const bool fuse =
        std::ranges::any_of(uses_, [](const OpenUse* use) { return use->link == "/dev/fuse"; });
    if (fuse) return true;
    constexpr std::array<std::string_view, 4> kServers = {"virtiofsd", "smbd", "qemu-system",
                                                          "ganesha"};
    constexpr std::size_t kLongestName = 64;
    const Result<std::string> name =
        read_beginning(procfs_ + "/" + std::to_string(database_.pid) + "/comm", kLongestName);
    return name && std::ranges::any_of(kServers, [&](std::string_view server) {
             return name->starts_with(server);
           });
  }

 private:
  const std::string& procfs_;
  const OpenUse& database_;
  const std::vector<const OpenUse*> uses_;
};

/// By the times of the files. A clock that was set back says nothing: then what this process saw of
/// them counts alone.
bool was_written_lately(const LifeQuestion& question, const LifeState& state,
                        Clock::time_point now) {
  if (now - state.unchanged_since >= kGrowthCounts) return false;
  double last = question.status.modified;
  if (question.wal) last = std::max(last, question.wal->modified);
  const auto journal = status_if_there(question.path + "-journal");
  if (journal && *journal) last = std::max(last, (*journal)->modified);
  const std::chrono::duration<double> wall = std::chrono::system_clock::now().time_since_epoch();
  return wall.count() - last < std::chrono::duration<double>(kGrowthCounts).count();
}

void ask_processes(const LifeQuestion& question, const Node& node, const OpenTable& table,
                   SignsOfLife& signs) {
  const std::optional<FileStatus> shm =
      status_if_there(question.path + "-shm").value_or(std::nullopt);
  const std::optional<FileStatus> journal =
      status_if_there(question.path + "-journal").value_or(std::nullopt);
  signs.asked_all = !table.misses_writers_of(question.status);
  for (const OpenUse& use : table.of_file(question.status.identity)) {
    const User user(node.paths.procfs, table, use);
    const bool wal = user.open_now(question.wal).has_value();
    const bool any = wal || user.open_now(journal);
    const bool server =
        use.writable && file_behind(node.paths.procfs, use) && user.is_file_server();
    const std::optional<OpenFile> deleted = user.deleted_wal();
    if (!any && !server && !deleted) continue;
    signs.open_for_writing = signs.open_for_writing || any;
    signs.index_open = signs.index_open || (wal && !server && user.open_now(shm));
    signs.file_server = signs.file_server || server;
    signs.holds_deleted_wal = signs.holds_deleted_wal || deleted;
    signs.writes_deleted_wal =
        signs.writes_deleted_wal ||
        (deleted && deleted->written_last && deleted->modified > question.status.modified + kTick);
    signs.pid = use.pid;
  }
}

bool is_silent(const SignsOfLife& signs) {
  return !signs.foreign_lock && !signs.index_lock && !signs.lock_folder &&
         !signs.open_for_writing && !signs.file_server && !signs.holds_deleted_wal &&
         signs.growths == 0;
}

}  // namespace

Result<std::optional<SignsOfLife>> signs_of_life(const LifeQuestion& question, const Node& node,
                                                 LifeState& state) {
  const Clock::time_point now = Clock::now();
  observe_files(question, state, now);
  SignsOfLife signs;
  signs.growths = state.growths;
  if (!question.accuses) {
    state.suspected_since.reset();
    if (state.quiet) {
      signs.asked_all = state.asked_all;
      return signs;
    }
  } else if (!state.suspected_since) {
    state.suspected_since = now;
  }
  if (auto asked = ask_locks(question, node.own_reader ? node.own_reader->pid.load() : 0, signs);
      !asked)
    return fail(asked.error());

  const Clock::time_point since =
      std::max(state.suspected_since.value_or(Clock::time_point()), now - kOldestAnswer);
  bool asked = true;
  if (node.open_files) {
    OpenTableRequest request;
    request.procfs = node.paths.procfs;
    if (node.own_reader) request.left_out = {node.own_reader->listed};
    const auto table = node.open_files->get(request, since);
    if (table && table->begun() < since && question.accuses) return std::nullopt;
    if (table) ask_processes(question, node, *table, signs);
    asked = !table || table->begun() >= state.unchanged_since;
    signs.may_pause =
        question.accuses && !signs.asked_all && was_written_lately(question, state, now);
  }
  // Its own checkpoints make the database the newer one for a moment, and save nothing behind them.
  if (signs.writes_deleted_wal) state.deleted_wal_writer = signs.pid;
  signs.writes_deleted_wal =
      signs.holds_deleted_wal && signs.pid != 0 && signs.pid == state.deleted_wal_writer;
  signs.known_without_locks = signs.pid != 0 && signs.pid == state.without_locks;
  state.quiet = asked && is_silent(signs);
  state.asked_all = signs.asked_all;
  return signs;
}

void forget_signs(LifeState& state) { state = {}; }

}  // namespace sqlite_exporter
