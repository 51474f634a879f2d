#include "exporter/child_process.h"

#include <uv.h>

#include <array>
#include <csignal>
#include <utility>

#include "collectors/linux/file.h"

namespace sqlite_exporter {

struct ChildProcess::Impl {
  uv_process_t process{};
  uv_pipe_t input{};   ///< the child's
  uv_pipe_t output{};  ///< the child's
  std::array<char, 65536> buffer{};
  std::string text;  ///< said and not a whole line yet
  std::size_t max_line = 0;
  Events events;
  bool running = false;
  bool output_open = true;
  int open_handles = 3;

  void read(std::string_view more);
  void kill();
  void end_if_done() {
    if (running || output_open) return;
    // Whoever hears of it may destroy us.
    if (const auto ended = std::move(events.ended)) ended();
  }
  void close();
};

namespace {

struct Write {
  uv_write_t request{};
  std::string text;
};

uv_handle_t* handle_of(auto& handle) { return reinterpret_cast<uv_handle_t*>(&handle); }
uv_stream_t* stream_of(uv_pipe_t& pipe) { return reinterpret_cast<uv_stream_t*>(&pipe); }

}  // namespace

void ChildProcess::Impl::read(std::string_view more) {
  text += more;
  std::size_t begin = 0;
  const auto line = events.line;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    if (events.line) line(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
  text.erase(0, begin);
  if (text.size() > max_line) kill();
}

void ChildProcess::Impl::kill() {
  if (running) uv_process_kill(&process, SIGKILL);
}

void ChildProcess::Impl::close() {
  events = {};
  const auto closed = [](uv_handle_t* handle) {
    auto* const impl = static_cast<Impl*>(handle->data);
    if (--impl->open_handles == 0) delete impl;
  };
  for (uv_handle_t* const handle : {handle_of(process), handle_of(input), handle_of(output)})
    uv_close(handle, closed);
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(Loop& loop,
                                                          std::vector<std::string> arguments,
                                                          std::size_t max_line, Events events,
                                                          int inherited) {
  auto* const impl = new Impl;
  impl->max_line = max_line;
  uv_pipe_init(&loop.native(), &impl->input, 0);
  uv_pipe_init(&loop.native(), &impl->output, 0);
  impl->process.data = impl->input.data = impl->output.data = impl;

  std::vector<char*> texts;
  texts.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) texts.push_back(argument.data());
  texts.push_back(nullptr);
  char* no_environment = nullptr;
  std::array<uv_stdio_container_t, 4> stdio{};
  stdio[0].flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_READABLE_PIPE);
  stdio[0].data.stream = stream_of(impl->input);
  stdio[1].flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
  stdio[1].data.stream = stream_of(impl->output);
  stdio[2].flags = UV_INHERIT_FD;
  stdio[2].data.fd = 2;
  stdio[3].flags = inherited < 0 ? UV_IGNORE : UV_INHERIT_FD;
  stdio[3].data.fd = inherited;
  uv_process_options_t options{};
  options.file = arguments.front().c_str();
  options.args = texts.data();
  options.env = &no_environment;
  options.stdio = stdio.data();
  options.stdio_count = static_cast<int>(stdio.size()) - (inherited < 0 ? 1 : 0);
  options.exit_cb = [](uv_process_t* process, std::int64_t, int) {
    auto* const self = static_cast<Impl*>(process->data);
    self->running = false;
    self->end_if_done();
  };
  std::unique_ptr<ChildProcess> child(new ChildProcess(impl));
  const int spawned = uv_spawn(&loop.native(), &impl->process, &options);
  if (spawned != 0) return fail(error_from_errno(-spawned, "cannot run", arguments.front()));
  impl->running = true;
  impl->events = std::move(events);
  uv_read_start(
      stream_of(impl->output),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        auto* const self = static_cast<Impl*>(handle->data);
        *buffer = uv_buf_init(self->buffer.data(), static_cast<unsigned>(self->buffer.size()));
      },
      [](uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
        auto* const self = static_cast<Impl*>(stream->data);
        if (count > 0) self->read({buffer->base, static_cast<std::size_t>(count)});
        if (count >= 0) return;
        uv_read_stop(stream);
        self->output_open = false;
        // Who says nothing more is of no use.
        self->kill();
        self->end_if_done();
      });
  return child;
}

ChildProcess::~ChildProcess() {
  impl_->kill();
  impl_->close();
}

int ChildProcess::pid() const { return impl_->process.pid; }

void ChildProcess::say(std::string line) {
  auto* const write = new Write;
  write->text = std::move(line);
  write->text += '\n';
  write->request.data = write;
  const uv_buf_t buffer =
      uv_buf_init(write->text.data(), static_cast<unsigned>(write->text.size()));
  const auto written = [](uv_write_t* request, int) { delete static_cast<Write*>(request->data); };
  // A child that is gone reads nothing: `ended` tells.
  if (uv_write(&write->request, stream_of(impl_->input), &buffer, 1, written) != 0) delete write;
}

void ChildProcess::kill() { impl_->kill(); }

}  // namespace sqlite_exporter
