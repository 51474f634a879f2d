#include "collectors/process_sqlite.h"

#include <algorithm>

#include "collectors/linux/elf_file.h"
#include "collectors/linux/process.h"
#include "collectors/sqlite/database_header.h"
#include "collectors/sqlite/version_text.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kMostFiles = 2048;

/// For all files of one process that were not read before: 512 MB of it are a browser.
constexpr std::uint64_t kMostReadOfProcess = std::uint64_t{512} << 20U;
constexpr std::uint64_t kMostOfFile = 3 * ElfFile::kMostSearched;

/// The state of a thread that waits for a disk, or for a server that may not answer.
constexpr char kUninterruptible = 'D';

Result<ProcessStat> stat_of(const std::string& procfs, const ProgramId& program) {
  Result<ProcessStat> stat = read_process_stat(procfs, program.pid);
  if (!stat) return stat;
  if (stat->start_ticks != program.start_ticks || stat->stack_start != program.stack_start)
    return fail(Errc::no_data, "the process became another one");
  return stat;
}

/// `left`: how much may be read yet. Error: limit, of descriptors.
Result<CodeSqlite> sqlite_of_file(const std::string& procfs, int pid, const MappedFile& mapped,
                                  CodeCache& cache, std::uint64_t& left) {
  const Result<OpenedCode> opened = open_mapped(procfs, pid, mapped);
  if (!opened && opened.error().code == Errc::limit) return fail(opened.error());
  if (!opened) return CodeSqlite{true, {}};
  if (const auto known = cache.find(opened->version)) return *known;
  const std::uint64_t size = std::min(opened->version.size, kMostOfFile);
  if (size > left) return CodeSqlite{true, {}};
  left -= size;
  const CodeSqlite found = sqlite_in(opened->file);
  cache.keep(opened->version, found);
  return found;
}

}  // namespace

CodeSqlite sqlite_in(const Reader& file) {
  const Result<ElfFile> elf = ElfFile::read(file);
  // Code of another kind than ELF is not what a linker or dlopen(3) takes.
  if (!elf) return {elf.error().code != Errc::no_data, {}};
  const auto text = elf->text_of(kVersionSymbol);
  if (text && *text) return {true, parse_sqlite_version(**text)};
  // Each program has it that can create a database: so has a stripped one, or Turso.
  const auto holds = elf->holds(kDatabaseMagicText);
  return {!text || !holds || *holds, {}};
}

std::optional<CodeSqlite> CodeCache::find(const FileVersion& version) const {
  const std::lock_guard lock(mutex_);
  const auto found = files_.find(version);
  if (found == files_.end()) return std::nullopt;
  return found->second;
}

void CodeCache::keep(const FileVersion& version, const CodeSqlite& found) {
  const std::lock_guard lock(mutex_);
  if (files_.size() >= kMostFiles) files_.clear();
  files_.insert_or_assign(version, found);
}

Result<std::vector<std::uint32_t>> sqlite_of(const std::string& procfs, const ProgramId& program,
                                             CodeCache& cache) {
  const Result<ProcessStat> before = stat_of(procfs, program);
  if (!before) return fail(before.error());
  if (before->state == kUninterruptible)
    return fail(Errc::busy, "the process waits for a filesystem");
  const Result<MappedCode> code = read_mapped_code(procfs, program.pid);
  if (!code) return fail(code.error());

  std::vector<std::uint32_t> versions;
  if (!code->complete) return versions;
  std::uint64_t left = kMostReadOfProcess;
  for (const MappedFile& mapped : code->files) {
    const Result<CodeSqlite> found = sqlite_of_file(procfs, program.pid, mapped, cache, left);
    if (!found) return fail(found.error());
    if (!found->any) continue;
    if (!found->version) return std::vector<std::uint32_t>();
    if (std::ranges::find(versions, *found->version) == versions.end())
      versions.push_back(*found->version);
  }
  // A pid may have been given to another process, or that process another program, meanwhile.
  if (const auto after = stat_of(procfs, program); !after) return fail(after.error());
  return versions;
}

}  // namespace sqlite_exporter
