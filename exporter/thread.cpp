#include "exporter/thread.h"

#include <pthread.h>
#include <unistd.h>

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "exporter/signal_mask.h"

namespace sqlite_exporter {

namespace {

constexpr std::size_t kStackSize = std::size_t{1} << 20U;
constexpr int kNoResources = 2;

struct Start {
  std::string name;
  std::function<void()> run;
};

void* run_thread(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  ::pthread_setname_np(::pthread_self(), start->name.c_str());
  start->run();
  return nullptr;
}

Error no_thread(int number) {
  return {Errc::limit, "a thread cannot be started: " + std::generic_category().message(number) +
                           "; raise TasksMax= (pids.max), the limit on processes (ulimit -u) or "
                           "that on address space (ulimit -v)"};
}

void out_of_memory() {
  constexpr std::string_view kSentence =
      "sqlite_exporter: memory cannot be had; raise the limit on address space (ulimit -v) or "
      "MemoryMax=\n";
  const ssize_t written = ::write(STDERR_FILENO, kSentence.data(), kSentence.size());
  static_cast<void>(written);  // there is nobody else to tell
  ::_exit(kNoResources);
}

}  // namespace

void use_small_stacks() {
#ifdef __GLIBC__
  pthread_attr_t attributes;
  if (::pthread_attr_init(&attributes) != 0) return;
  ::pthread_attr_setstacksize(&attributes, kStackSize);
  ::pthread_setattr_default_np(&attributes);
  ::pthread_attr_destroy(&attributes);
#endif
}

Result<void> start_thread(const char* name, std::function<void()> run) {
  auto start = std::make_unique<Start>(Start{name, std::move(run)});
  const SignalsBlocked blocked;
  pthread_t thread{};
  if (const int error = ::pthread_create(&thread, nullptr, run_thread, start.get()); error != 0)
    return fail(no_thread(error));
  static_cast<void>(start.release());  // the thread's
  ::pthread_detach(thread);
  return {};
}

Result<void> try_threads(unsigned count) {
  // They wait for this mutex, and so are all there at once.
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  ::pthread_mutex_lock(&gate);
  const auto wait = [](void* mutex) -> void* {
    ::pthread_mutex_lock(static_cast<pthread_mutex_t*>(mutex));
    ::pthread_mutex_unlock(static_cast<pthread_mutex_t*>(mutex));
    return nullptr;
  };
  std::vector<pthread_t> threads;
  int error = 0;
  {
    const SignalsBlocked blocked;
    while (error == 0 && threads.size() < count) {
      pthread_t thread{};
      error = ::pthread_create(&thread, nullptr, wait, &gate);
      if (error == 0) threads.push_back(thread);
    }
  }
  ::pthread_mutex_unlock(&gate);
  for (const pthread_t thread : threads) ::pthread_join(thread, nullptr);
  ::pthread_mutex_destroy(&gate);
  if (error != 0) return fail(no_thread(error));
  return {};
}

void end_without_memory() { std::set_new_handler(out_of_memory); }

}  // namespace sqlite_exporter
