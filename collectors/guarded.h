/// A value and its mutex as one thing: the only way to the value is through the lock.
#pragma once

#include <mutex>
#include <utility>

namespace sqlite_exporter {

template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  /// A copy; held only as long as copying takes.
  T get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  /// What `look` says of the value; held as long as that takes.
  template <class Look>
  auto read(Look look) const {
    const std::lock_guard lock(mutex_);
    return look(value_);
  }
  void set(T value) {
    const std::lock_guard lock(mutex_);
    std::swap(value_, value);  // the old value is destroyed after the lock is released
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace sqlite_exporter
