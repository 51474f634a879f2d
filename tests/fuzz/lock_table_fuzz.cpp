/// Any text as /proc/locks: a table is its lines, sorted, and no range is inside out.
#include "collectors/linux/lock_table.h"

#include <algorithm>
#include <string_view>

#include "collectors/linux/text.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const LockTable table = LockTable::parse(text);
  fuzz::claim(std::ranges::is_sorted(table.entries(), {}, &LockEntry::inode));

  std::size_t locks = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const auto lock = parse_lock(take_until(rest, '\n'));
    if (!lock) continue;
    ++locks;
    const auto same_inode = table.of_inode(lock->inode);
    fuzz::claim(std::ranges::find(same_inode, *lock) != same_inode.end());
    fuzz::claim(lock->first <= lock->last);
    fuzz::claim(overlaps(*lock, lock->first, 1) && overlaps(*lock, lock->last, 1));
    fuzz::claim(lock->first == 0 || !overlaps(*lock, 0, lock->first));
  }
  fuzz::claim(locks == table.entries().size());
  return 0;
}
