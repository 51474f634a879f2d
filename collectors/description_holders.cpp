#include "collectors/description_holders.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "collectors/linux/description_locks.h"
#include "collectors/sqlite/lock_bytes.h"

namespace sqlite_exporter {

namespace {

/// A lock of another pid namespace stays unexplained however often its process is looked for.
constexpr std::chrono::minutes kSearchPeriod(1);

bool lies_within(const LockEntry& lock, std::uint64_t first, std::uint64_t length) {
  return lock.first >= first && lock.last < first + length;
}

/// Others take such locks on whole files, or on bytes of their own.
bool is_sqlites(const LockEntry& lock) {
  return lock.open_file_description && (lies_within(lock, kWalWriteLock, kWalLocksLength) ||
                                        lies_within(lock, kPendingLock, kDatabaseLocksLength));
}

using Counts = std::map<std::uint64_t, std::size_t>;  ///< by inode

template <class Locks>
Counts count(const Locks& locks) {
  Counts counts;
  for (const LockEntry& lock : locks)
    if (is_sqlites(lock)) ++counts[lock.inode];
  return counts;
}

std::size_t of(const Counts& counts, std::uint64_t inode) {
  const auto found = counts.find(inode);
  return found == counts.end() ? 0 : found->second;
}

/// Some file has more locks than were found, and, while `asked_for` counts, than were looked for.
bool is_worth_asking(const Counts& listed, const Counts& found, const Counts& asked_for) {
  return std::ranges::any_of(listed, [&](const auto& item) {
    return item.second > of(found, item.first) && item.second > of(asked_for, item.first);
  });
}

class Search {
 public:
  Search(const Counts& wanted, const std::string& procfs, const std::function<void()>& step)
      : wanted_(wanted), procfs_(procfs), step_(step) {}

  void ask(int pid) {
    if (step_) step_();
    asked_.insert(pid);
    if (const auto locks = description_locks_of(procfs_, pid)) keep(*locks);
  }

  /// False where some may not be asked, or are too many.
  bool ask_all() {
    const auto all = all_description_locks({procfs_, asked_, step_});
    if (all) keep(all->locks);
    return all && !all->denied && !all->cut;
  }

  const std::vector<LockEntry>& found() const { return found_; }
  std::vector<LockEntry> sorted() && {
    std::ranges::sort(found_, {}, &LockEntry::inode);
    return std::move(found_);
  }

 private:
  void keep(const std::vector<LockEntry>& locks) {
    std::ranges::copy_if(locks, std::back_inserter(found_), [&](const LockEntry& lock) {
      return is_sqlites(lock) && wanted_.contains(lock.inode);
    });
  }

  const Counts& wanted_;
  const std::string& procfs_;
  const std::function<void()>& step_;
  std::set<int> asked_;
  std::vector<LockEntry> found_;
};

std::size_t count_on(std::span<const LockEntry> locks, std::uint64_t first, std::uint64_t length) {
  return static_cast<std::size_t>(std::ranges::count_if(locks, [&](const LockEntry& lock) {
    return lock.open_file_description && overlaps(lock, first, length);
  }));
}

}  // namespace

std::span<const LockEntry> DescriptionHolders::of_inode(std::uint64_t inode) const {
  const auto found = std::ranges::equal_range(locks, inode, {}, &LockEntry::inode);
  return {found.begin(), found.end()};
}

DescriptionHolders find_description_holders(const LockTable& table, const std::string& procfs,
                                            std::chrono::steady_clock::time_point now,
                                            const DescriptionHolders* previous,
                                            const std::function<void()>& step) {
  DescriptionHolders holders;
  const Counts listed = count(table.entries());
  if (listed.empty()) return holders;
  Search search(listed, procfs, step);
  if (previous != nullptr) {
    std::set<int> known;
    for (const LockEntry& lock : previous->locks) known.insert(lock.pid);
    for (const int pid : known) search.ask(pid);
    holders.denied = previous->denied;
    holders.asked = previous->asked;
    if (now - holders.asked < kSearchPeriod) holders.asked_for = previous->asked_for;
  }
  if (is_worth_asking(listed, count(search.found()), holders.asked_for)) {
    holders.denied = !search.ask_all();
    for (const auto& [inode, locks] : listed)
      holders.asked_for[inode] = std::max(of(holders.asked_for, inode), locks);
    holders.asked = now;
  }
  holders.locks = std::move(search).sorted();
  return holders;
}

std::size_t unexplained(std::span<const LockEntry> listed, std::span<const LockEntry> found,
                        std::uint64_t first, std::uint64_t length) {
  const std::size_t there = count_on(listed, first, length);
  const std::size_t known = count_on(found, first, length);
  return there > known ? there - known : 0;
}

}  // namespace sqlite_exporter
