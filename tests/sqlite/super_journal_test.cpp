/// The end of a rollback journal, with each fault by name.
#include "collectors/sqlite/super_journal.h"

#include <string>

#include "tests/support/catch.h"
#include "tests/support/memory_reader.h"

namespace sqlite_exporter::test {
namespace {

const std::string kName = "/d/\xc3\xa4.db-mj0123456789";

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::uint32_t sum_of(const std::string& name) {
  std::uint32_t sum = 0;
  for (const char c : name) sum += static_cast<std::uint32_t>(static_cast<signed char>(c));
  return sum;
}

const std::string kMagic = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";

std::optional<std::string> name_in(const std::string& journal, std::uint64_t size) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(journal.data());
  const auto name = super_journal_of(MemoryReader(Buffer(bytes, bytes + journal.size())), size);
  REQUIRE(name);
  return *name;
}

std::optional<std::string> name_in(const std::string& journal) {
  return name_in(journal, journal.size());
}

TEST_CASE("a name is found where length, sum and magic fit") {
  const std::string end =
      big_endian(static_cast<std::uint32_t>(kName.size())) + big_endian(sum_of(kName)) + kMagic;
  const std::string journal = std::string(512, 'p') + kName + end;
  CHECK(name_in(journal) == kName);
  CHECK(name_in(kName + end) == kName);
  CHECK_FALSE(name_in(journal, journal.size() + 1));  // cut off since its size was asked for
}

TEST_CASE("no name where one of them does not") {
  const auto size = static_cast<std::uint32_t>(kName.size());
  const std::string sum = big_endian(sum_of(kName));
  CHECK_FALSE(name_in(""));
  CHECK_FALSE(name_in(kMagic));
  CHECK_FALSE(name_in(kName + big_endian(0) + sum + kMagic));
  CHECK_FALSE(name_in(kName + big_endian(size + 1) + sum + kMagic));
  CHECK_FALSE(name_in(kName + big_endian(0xffffffff) + sum + kMagic));
  CHECK_FALSE(name_in(kName + big_endian(size) + big_endian(sum_of(kName) + 1) + kMagic));
  CHECK_FALSE(name_in(kName + big_endian(size) + sum + std::string(8, 'm')));
  CHECK_FALSE(name_in(std::string(5000, 'n') + big_endian(5000) +
                      big_endian(sum_of(std::string(5000, 'n'))) + kMagic));
}

}  // namespace
}  // namespace sqlite_exporter::test
