#include "exporter/loop.h"

#include <signal.h>
#include <uv.h>

#include <cstdint>
#include <iterator>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

#include "exporter/thread_pool.h"

namespace sqlite_exporter {

namespace {

constexpr std::uint64_t kDrainMilliseconds = 1000;

struct Timer {
  uv_timer_t handle{};
  Loop::Callback callback;
};

struct Signal {
  uv_signal_t handle{};
  Loop::Callback callback;
};

/// What the loop and its jobs share; it outlives the loop where a job does.
struct Jobs {
  std::size_t running = 0;
  bool wanted = true;  ///< false once the loop was stopped: nobody waits for what they bring
};

struct Job {
  Loop::Callback work;
  Loop::Callback done;
};

/// Jobs that came back, for the loop. The mutex is held while the loop is called: once it has the
/// last job, no thread touches its handle any more.
struct Finished {
  std::mutex mutex;
  std::vector<std::unique_ptr<Job>> jobs;
  uv_async_t call{};

  void add(std::unique_ptr<Job> job) {
    const std::lock_guard lock(mutex);
    jobs.push_back(std::move(job));
    uv_async_send(&call);
  }
  std::vector<std::unique_ptr<Job>> take() {
    const std::lock_guard lock(mutex);
    return std::move(jobs);
  }
};

uv_handle_t* handle_of(uv_async_t& handle) { return reinterpret_cast<uv_handle_t*>(&handle); }

void close_handle(uv_handle_t* handle, void*) {
  if (uv_is_closing(handle) == 0) uv_close(handle, nullptr);
}

void mask_signal(int how, int signal_number) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  pthread_sigmask(how, &set, nullptr);
}

}  // namespace

void defer_signal(int signal_number) { mask_signal(SIG_BLOCK, signal_number); }
void allow_signal(int signal_number) { mask_signal(SIG_UNBLOCK, signal_number); }

struct Loop::Impl {
  uv_loop_t loop{};
  // Lists: libuv keeps the addresses of their elements.
  std::list<Timer> timers;
  std::list<Signal> signals;
  Jobs jobs;
  std::shared_ptr<Finished> finished = std::make_shared<Finished>();  ///< a thread's, too
  ThreadPool pool{kPoolThreads};

  void follow_up();
};

void Loop::Impl::follow_up() {
  for (const std::unique_ptr<Job>& job : finished->take()) {
    if (--jobs.running == 0) uv_unref(handle_of(finished->call));
    if (jobs.wanted) job->done();
  }
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {
  ::signal(SIGPIPE, SIG_IGN);
  uv_loop_init(&impl_->loop);
  uv_async_t& call = impl_->finished->call;
  call.data = impl_.get();
  uv_async_init(&impl_->loop, &call,
                [](uv_async_t* handle) { static_cast<Impl*>(handle->data)->follow_up(); });
  uv_unref(handle_of(call));  // it keeps the loop going while jobs run
}

Loop::~Loop() {
  if (impl_->jobs.running > 0) {
    static_cast<void>(impl_.release());
    return;
  }
  uv_walk(&impl_->loop, close_handle, nullptr);
  uv_run(&impl_->loop, UV_RUN_DEFAULT);  // only closes what was walked
  uv_loop_close(&impl_->loop);
}

Loop::TimerId Loop::every(std::chrono::milliseconds period, Callback callback) {
  Timer& timer = impl_->timers.emplace_back();
  timer.callback = std::move(callback);
  timer.handle.data = &timer;
  uv_timer_init(&impl_->loop, &timer.handle);
  uv_timer_start(
      &timer.handle, [](uv_timer_t* handle) { static_cast<Timer*>(handle->data)->callback(); }, 0,
      static_cast<std::uint64_t>(period.count()));
  return impl_->timers.size() - 1;
}

void Loop::set_period(TimerId timer, std::chrono::milliseconds period) {
  const auto found = std::next(impl_->timers.begin(), static_cast<std::ptrdiff_t>(timer));
  const auto milliseconds = static_cast<std::uint64_t>(period.count());
  if (uv_timer_get_repeat(&found->handle) == milliseconds) return;
  uv_timer_set_repeat(&found->handle, milliseconds);
  uv_timer_again(&found->handle);
}

void Loop::on_signal(int signal_number, Callback callback) {
  Signal& signal = impl_->signals.emplace_back();
  signal.callback = std::move(callback);
  signal.handle.data = &signal;
  uv_signal_init(&impl_->loop, &signal.handle);
  uv_signal_start(
      &signal.handle,
      [](uv_signal_t* handle, int) { static_cast<Signal*>(handle->data)->callback(); },
      signal_number);
  mask_signal(SIG_UNBLOCK, signal_number);
}

Result<void> Loop::prepare_pool() { return impl_->pool.prepare(); }

void Loop::in_pool(Callback work, Callback done) {
  if (impl_->jobs.running++ == 0) uv_ref(handle_of(impl_->finished->call));
  auto job = std::make_shared<std::unique_ptr<Job>>(
      std::make_unique<Job>(Job{std::move(work), std::move(done)}));
  const auto run = [job, finished = impl_->finished] {
    (*job)->work();
    (*job)->work = nullptr;  // what it refers to ends before `done` is told
    finished->add(std::move(*job));
  };
  if (!impl_->pool.submit(run)) run();
}

uv_loop_s& Loop::native() { return impl_->loop; }

bool Loop::run() {
  uv_run(&impl_->loop, UV_RUN_DEFAULT);
  if (impl_->jobs.running == 0) return true;
  uv_timer_t deadline{};
  bool expired = false;
  deadline.data = &expired;
  uv_timer_init(&impl_->loop, &deadline);
  uv_timer_start(
      &deadline, [](uv_timer_t* handle) { *static_cast<bool*>(handle->data) = true; },
      kDrainMilliseconds, 0);
  while (impl_->jobs.running > 0 && !expired) uv_run(&impl_->loop, UV_RUN_ONCE);
  bool closed = false;
  deadline.data = &closed;
  uv_close(reinterpret_cast<uv_handle_t*>(&deadline),
           [](uv_handle_t* handle) { *static_cast<bool*>(handle->data) = true; });
  while (!closed) uv_run(&impl_->loop, UV_RUN_NOWAIT);
  return impl_->jobs.running == 0;
}

void Loop::stop() {
  impl_->jobs.wanted = false;
  for (Timer& timer : impl_->timers) uv_timer_stop(&timer.handle);
  // A second one must not kill what is being cleaned up.
  for (Signal& signal : impl_->signals) {
    defer_signal(signal.handle.signum);
    uv_signal_stop(&signal.handle);
  }
  uv_stop(&impl_->loop);
}

}  // namespace sqlite_exporter
