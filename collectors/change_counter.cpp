#include "collectors/change_counter.h"

#include "collectors/counter_advance.h"

namespace sqlite_exporter {

void ChangeCounter::observe(const FileIdentity& file, std::uint32_t change_counter) {
  if (last_ && last_->file == file)
    transactions_ += counter_advance(last_->change_counter, change_counter).value_or(0);
  last_ = Last{file, change_counter};
}

}  // namespace sqlite_exporter
