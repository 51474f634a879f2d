#include "exporter/sql/worker/worker.h"

#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "exporter/sql/handed_file.h"
#include "exporter/sql/messages.h"
#include "exporter/sql/worker/connection.h"
#include "exporter/sql/worker/run_request.h"
#include "exporter/sql/worker/sandbox.h"

namespace sqlite_exporter {

namespace {

constexpr int kFailed = 1;

/// Lines of standard input.
class Input {
 public:
  /// Nothing at the end of the input, or if a line is too long to be a message.
  std::optional<std::string> line() {
    while (true) {
      if (const std::size_t end = text_.find('\n'); end != std::string::npos) {
        std::string line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return line;
      }
      if (text_.size() > kMaxMessageSize || !read_more()) return std::nullopt;
    }
  }

 private:
  bool read_more() {
    std::array<char, 16384> bytes{};
    ssize_t count = 0;
    do {
      count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    } while (count < 0 && errno == EINTR);
    if (count <= 0) return false;
    text_.append(bytes.data(), static_cast<std::size_t>(count));
    return true;
  }

  std::string text_;
};

bool say(std::string message) {
  message += '\n';
  std::string_view rest = message;
  while (!rest.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

/// Where procfs is that of another pid namespace it calls us by another number; 0 where it does not
/// know us.
int listed_pid(const std::string& procfs) {
  std::array<char, 16> name{};
  if (::readlink((procfs + "/self").c_str(), name.data(), name.size() - 1) <= 0) return 0;
  return std::atoi(name.data());
}

}  // namespace

int run_sql_worker(const std::string& procfs) {
  if (!set_up_sqlite(kHandedFilesSocket)) return kFailed;
  const int pid = listed_pid(procfs);  // asked before files are closed to us
  if (!say(encode(WorkerHello{sqlite3_libversion(), pid, enter_sandbox()}))) return kFailed;
  Input input;
  while (const std::optional<std::string> line = input.line()) {
    const Result<StatementRequest> request = decode_request(*line);
    if (!request || !say(encode(request.and_then(run_request)))) return kFailed;
  }
  return 0;
}

}  // namespace sqlite_exporter
