#include "exporter/once.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "collectors/linux/file.h"
#include "exporter/clock.h"
#include "exporter/daemon.h"
#include "exporter/descriptor_limit.h"
#include "exporter/enabled.h"
#include "exporter/reference.h"
#include "exporter/run_passes.h"
#include "exporter/sql/query_runner.h"

namespace sqlite_exporter {

namespace {

/// An old reader is one that two looks saw; one more for whoever came just now.
constexpr int kPasses = 3;
/// For all queries together; what has no result by then is left out.
constexpr std::chrono::seconds kQueryPatience(30);

/// What begins with this process, and what is told of it.
std::set<std::string_view> fleeting_families() {
  std::set<std::string_view> names;
  for (const MetricGroup& group : all_metrics()) {
    const bool own = group.collector == kOwnGroup;
    for (const Metric* metric : group.metrics) {
      const bool counted = metric->type() != MetricType::gauge && (own || group.per_database);
      if (counted || (own && metric->name().starts_with("process_"))) names.insert(metric->name());
    }
  }
  return names;
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<OncePage> metrics_once(const Config& config, const Log& log, const NodePaths& paths) {
  for (const int signal_number : kStopSignals) defer_signal(signal_number);
  raise_descriptor_limit();
  const LookTools tools = make_tools(config);
  tools.own_metrics->set_reload(true, unix_now());
  Loop loop;
  if (const Result<void> ready = loop.prepare_pool(); !ready) return fail(ready.error());
  const auto own_reader = std::make_shared<OwnReaderPids>();
  QueryRunner queries(config.sql(),
                      {loop, log, tools.own_metrics, own_reader, sql_worker_command(paths.procfs)});
  int passes = 0;
  const auto begun = std::chrono::steady_clock::now();
  const auto enough = [&](const Snapshot&) {
    ++passes;
    const bool late = std::chrono::steady_clock::now() - begun > kQueryPatience;
    if (passes < kPasses || (!queries.is_settled() && !late)) return false;
    queries.stop();
    return true;
  };
  const Passes taken =
      run_passes({config, log, paths, tools}, loop, queries, own_reader, enough, kStopSignals);
  if (passes < kPasses) return fail(Errc::internal, "stopped before every database was looked at");
  return OncePage{without_families(*taken.snapshot->text(), fleeting_families()), taken.ended};
}

std::string without_families(std::string_view page, const std::set<std::string_view>& names) {
  constexpr std::string_view kHead = "# HELP ";
  std::string kept;
  bool keep = true;
  while (!page.empty()) {
    const std::size_t end = page.find('\n');
    const std::string_view line = page.substr(0, end == page.npos ? end : end + 1);
    page.remove_prefix(line.size());
    if (line.starts_with(kHead)) {
      const std::string_view name = line.substr(kHead.size());
      keep = !names.contains(name.substr(0, name.find(' ')));
    }
    if (keep) kept += line;
  }
  return kept;
}

Result<void> replace_textfile(const std::string& path, std::string_view page) {
  // Hidden, and without the ending that node_exporter looks for.
  const std::size_t name = path.rfind('/') + 1;
  std::string partial =
      path.substr(0, name).append(".").append(path.substr(name)).append(".XXXXXX");
  const auto failed = [&](const char* what) {
    const int reason = errno;
    ::unlink(partial.c_str());
    return fail(error_from_errno(reason, what, path));
  };
  const int descriptor = ::mkostemp(partial.data(), O_CLOEXEC);
  if (descriptor < 0) return fail(error_from_errno(errno, "write", path));
  // It is made for one reader, and node_exporter is another user. What the disk has of it after the
  // power failed is not worth waiting for: the next run replaces it.
  const bool written = write_all(descriptor, page) && ::fchmod(descriptor, 0644) == 0;
  if (::close(descriptor) != 0 || !written) return failed("write");
  if (::rename(partial.c_str(), path.c_str()) != 0) return failed("replace");
  return {};
}

}  // namespace sqlite_exporter
