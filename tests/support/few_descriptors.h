/// A limit of open files as low as a test wants it.
#pragma once

#include <sys/resource.h>

namespace sqlite_exporter::test {

/// Lowers the limit of this process for as long as it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t count) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit fewer{count, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &fewer);
  }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace sqlite_exporter::test
