/// An open descriptor that is closed once, at the end of its owner's life.
#pragma once

#include <unistd.h>

#include <utility>

namespace sqlite_exporter {

class Descriptor {
 public:
  Descriptor() = default;
  /// Takes `number` over; below 0 there is none.
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  /// Gives it up to whoever closes it.
  int release() { return std::exchange(number_, -1); }

 private:
  int number_ = -1;
};

}  // namespace sqlite_exporter
