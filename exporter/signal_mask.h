/// Keeps signals from a thread that is about to be started: they are the loop's.
#pragma once

#include <csignal>

namespace sqlite_exporter {

/// While it lives this thread has all signals blocked, and threads that it starts inherit that. A
/// signal that another thread takes once the loop has given it back ends the program at once.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace sqlite_exporter
