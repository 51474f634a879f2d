/// A file in memory that counts how often it is read, and can change or fail in between.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "collectors/base/reader.h"

namespace sqlite_exporter::test {

using Buffer = std::vector<std::byte>;

class MemoryReader final : public Reader {
 public:
  /// Called before read number `read` (from 0): may change the content as another process would, or
  /// return the error that this read shall give.
  using BeforeRead = std::function<Result<void>(int read, Buffer& content)>;

  explicit MemoryReader(Buffer content, BeforeRead before_read = {})
      : content_(std::move(content)), before_read_(std::move(before_read)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    const int read = reads_++;
    if (before_read_) {
      if (auto allowed = before_read_(read, content_); !allowed) return fail(allowed.error());
    }
    if (offset >= content_.size()) return 0;
    const auto start = static_cast<std::size_t>(offset);
    const std::size_t count = std::min(into.size(), content_.size() - start);
    std::copy_n(content_.begin() + static_cast<std::ptrdiff_t>(start), count, into.begin());
    return count;
  }

  int reads() const { return reads_; }

  /// For a `BeforeRead` that only fails.
  static BeforeRead failing(Error error) {
    return [error = std::move(error)](int, Buffer&) -> Result<void> { return fail(error); };
  }

 private:
  mutable Buffer content_;
  BeforeRead before_read_;
  mutable int reads_ = 0;
};

}  // namespace sqlite_exporter::test
