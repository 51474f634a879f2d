/// Any bytes as the start of a file that may be encrypted.
#include "collectors/sqlite/encrypted.h"

#include <algorithm>

#include "collectors/sqlite/database_header.h"
#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes input = fuzz::bytes_of(data, size);
  const std::uint64_t file_size = fuzz::take32(input);
  if (!looks_encrypted(input, file_size)) return 0;
  fuzz::claim(file_size != 0 && file_size % 512 == 0);
  fuzz::claim(input.size() >= 512 && !has_database_magic(input));
  fuzz::claim(!looks_encrypted(input, file_size + 1));

  // Nobody may be accused for bytes that the bound leaves out.
  fuzz::claim(
      looks_encrypted(input.first(std::min(input.size(), kEncryptedSampleSize)), file_size));
  fuzz::claim(!looks_encrypted(fuzz::Buffer(input.size()), file_size));
  return 0;
}
