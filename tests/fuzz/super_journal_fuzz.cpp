/// Any bytes as the end of a rollback journal: a name is never longer than what stands before it.
#include "collectors/sqlite/super_journal.h"

#include <string>

#include "tests/fuzz/input.h"
#include "tests/support/memory_reader.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(data);
  const test::MemoryReader journal(test::Buffer(bytes, bytes + size));
  const auto name = super_journal_of(journal, size);
  fuzz::claim(name.has_value());
  if (*name) {
    fuzz::claim(!(*name)->empty() && (*name)->size() + 16 <= size);
    const std::string text(reinterpret_cast<const char*>(data), size);
    fuzz::claim(text.substr(0, size - 16).ends_with(**name));
  }
  // A file that became shorter than its size was is no error.
  fuzz::claim(super_journal_of(journal, size + 100).has_value());
  return 0;
}
