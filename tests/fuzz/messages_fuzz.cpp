/// Any line from the other side of the worker's pipes: what is believed is a message, said again.
#include "exporter/sql/messages.h"

#include <string_view>

#include "tests/fuzz/input.h"

using namespace sqlite_exporter;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  if (const auto hello = decode_hello(line)) fuzz::claim(decode_hello(encode(*hello)) == *hello);
  if (const auto request = decode_request(line))
    fuzz::claim(decode_request(encode(*request)) == *request);
  StatementRequest request;
  request.labels = {"l"};
  request.values = {"v"};
  request.max_rows = 3;
  if (const auto result = decode_result(line, request)) {
    fuzz::claim(result->rows.size() <= 3);
    for (const ResultRow& row : result->rows)
      fuzz::claim(row.labels.size() == 1 && row.values.size() == 1);
  }
  return 0;
}
