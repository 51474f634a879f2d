/// What is told of a cgroup against the kernel's files, under limits that really bite.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "collectors/cgroup.h"
#include "collectors/linux/cgroup_files.h"
#include "collectors/linux/process.h"
#include "tests/support/await.h"
#include "tests/support/catch.h"
#include "tests/support/child_process.h"
#include "tests/support/real_cgroup.h"
#include "tests/support/skip.h"

namespace sqlite_exporter::test {
namespace {

std::string unit_of_test(const std::string& what) {
  return "sqlite_exporter_test_" + what + "_" + std::to_string(::getpid()) + ".service";
}

/// The readings of one look at the cgroups of one holder.
class Readings {
 public:
  explicit Readings(pid_t holder) {
    const Result<ProcessOrigin> process = read_process("/proc", holder);
    REQUIRE(process);
    const Node node;
    NodeLook look;
    look.node = &node;
    look.holders[holder].start_ticks = process->start_ticks;
    const Result<void> result = kCgroupCollector.look(look, batch_);
    REQUIRE(result);
  }

  /// -1 if it is not told: no value is negative.
  double operator()(const std::string& family, const std::string& path,
                    const std::string& label = "") const {
    const std::string cgroup = "cgroup=\"" + path + "\",";
    for (const Reading& reading : batch_.readings()) {
      const std::string_view labels = batch_.labels(reading);
      if (reading.metric->name() == "sqlite_cgroup_" + family && labels.starts_with(cgroup) &&
          labels.ends_with(label)) {
        return reading.value;
      }
    }
    return -1;
  }

 private:
  Batch batch_;
};

double number(const RealCgroup& cgroup, const std::string& file) {
  return static_cast<double>(parse_cgroup_number(cgroup.read(file)).value_or(0));
}
double number(const RealCgroup& cgroup, const std::string& file, const std::string& name) {
  return static_cast<double>(cgroup_value(cgroup.read(file), name).value_or(0));
}

bool has_stopped(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(stat), {}};
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string::npos && text.substr(name_end + 2, 1) == "T";
}

/// True as soon as nothing happens between two readings of the kernel's file, and what was told
/// between them is the same.
bool await_equal(const std::function<double()>& kernel, const std::function<double()>& told) {
  return await([&] {
    const double before = kernel();
    const double value = told();
    return before == kernel() && value == Approx(before).epsilon(1e-12);
  });
}

bool skipped(const std::vector<const RealCgroup*>& cgroups) {
  for (const RealCgroup* cgroup : cgroups) {
    if (cgroup->missing().empty()) continue;
    skip("cgroup", cgroup->missing());
    return true;
  }
  return false;
}

TEST_CASE("a cgroup that is really throttled: the kernel's numbers of the same moment") {
  const std::string name = unit_of_test("cpu");
  const RealCgroup systemd("name=systemd", name);
  const RealCgroup unified("", name);
  const RealCgroup cpu("cpu", name);
  const RealCgroup cpuacct("cpuacct", name);
  const RealCgroup pids("pids", name);
  if (skipped({&systemd, &unified, &cpu, &cpuacct, &pids})) return;
  REQUIRE(cpu.write("cpu.cfs_period_us", "20000"));
  REQUIRE(cpu.write("cpu.cfs_quota_us", "1000"));
  const ChildProcess child([] {
    std::thread([] {
      for (std::atomic<unsigned> i = 0;; ++i) {
      }
    }).detach();
    return true;
  });
  for (const RealCgroup* cgroup : {&systemd, &unified, &cpu, &cpuacct, &pids})
    REQUIRE(cgroup->move_here(child.pid()));
  REQUIRE(await([&] {  // the time is counted when it is over
    const std::string stat = cpu.read("cpu.stat");
    return cgroup_value(stat, "nr_throttled") > 0U && cgroup_value(stat, "throttled_time") > 0U;
  }));

  const std::string& path = cpu.path();
  {
    INFO("while it runs, each number lies between two of the kernel's");
    const double usage = number(cpuacct, "cpuacct.usage") * 1e-9;
    const double throttled = number(cpu, "cpu.stat", "nr_throttled");
    const double periods = number(cpu, "cpu.stat", "nr_periods");
    const Readings told(child.pid());
    CHECK(told("cpu_usage_seconds_total", path) >= usage);
    CHECK(told("cpu_usage_seconds_total", path) <= number(cpuacct, "cpuacct.usage") * 1e-9);
    CHECK(told("cpu_throttled_periods_total", path) >= throttled);
    CHECK(told("cpu_throttled_periods_total", path) <= number(cpu, "cpu.stat", "nr_throttled"));
    CHECK(told("cpu_periods_total", path) >= periods);
    CHECK(told("cpu_periods_total", path) <= number(cpu, "cpu.stat", "nr_periods"));
    CHECK(told("cpu_limit_cores", path) == 0.05);
    CHECK(told("pids_current", path) == number(pids, "pids.current"));
  }

  REQUIRE(::kill(child.pid(), SIGSTOP) == 0);
  REQUIRE(await([&] { return has_stopped(child.pid()); }));
  const auto told = [&](const std::string& family, const std::string& label = "") {
    return [=, &path, &child] { return Readings(child.pid())(family, path, label); };
  };
  CHECK(await_equal([&] { return number(cpuacct, "cpuacct.usage") * 1e-9; },
                    told("cpu_usage_seconds_total")));
  CHECK(await_equal([&] { return number(cpu, "cpu.stat", "nr_periods"); },
                    told("cpu_periods_total")));
  CHECK(await_equal([&] { return number(cpu, "cpu.stat", "throttled_time") * 1e-9; },
                    told("cpu_throttled_seconds_total")));
  const auto pressure = [&] { return parse_pressure(unified.read("cpu.pressure")); };
  CHECK(await_equal([&] { return pressure().waiting.value_or(-1); },
                    told("pressure_waiting_seconds_total", "resource=\"cpu\"")));
  CHECK(await_equal([&] { return pressure().stalled.value_or(-1); },
                    told("pressure_stalled_seconds_total", "resource=\"cpu\"")));
  ::kill(child.pid(), SIGCONT);
}

constexpr std::size_t kLimit = 16U << 20U;

/// Uses memory until it is killed; returns if nobody minds four times the limit.
bool use_memory(const RealCgroup& cgroup) {
  std::ofstream("/proc/self/oom_score_adj") << "1000";
  if (!cgroup.move_here(::getpid())) return false;
  constexpr std::size_t kStep = 65536;
  std::vector<std::unique_ptr<char[]>> memory;
  for (std::size_t used = 0; used < 4 * kLimit; used += kStep) {
    memory.push_back(std::make_unique<char[]>(kStep));
    std::memset(memory.back().get(), 1, kStep);
  }
  return true;
}

TEST_CASE("a cgroup that hits its memory limit: the kernel's numbers of the same moment") {
  const RealCgroup memory("memory", unit_of_test("memory"));
  if (skipped({&memory})) return;
  REQUIRE(memory.write("memory.limit_in_bytes", std::to_string(kLimit)));
  const ChildProcess survivor([&] { return memory.move_here(::getpid()); });
  const std::string& path = memory.path();
  CHECK(Readings(survivor.pid())("memory_events_total", path, "event=\"oom_kill\"") == 0);
  CHECK_THROWS(ChildProcess([&] { return use_memory(memory); }));

  const auto told = [&](const std::string& family, const std::string& label = "") {
    return [=, &path, &survivor] { return Readings(survivor.pid())(family, path, label); };
  };
  CHECK(told("memory_events_total", "event=\"oom_kill\"")() == 1);
  CHECK(told("memory_events_total", "event=\"max\"")() > 0);
  CHECK(told("memory_max_bytes")() == kLimit);
  CHECK(told("memory_high_bytes")() == -1);
  const auto usage = [&] { return number(memory, "memory.usage_in_bytes"); };
  const auto inactive = [&] { return number(memory, "memory.stat", "total_inactive_file"); };
  CHECK(await_equal([&] { return number(memory, "memory.failcnt"); },
                    told("memory_events_total", "event=\"max\"")));
  CHECK(await_equal([&] { return number(memory, "memory.oom_control", "oom_kill"); },
                    told("memory_events_total", "event=\"oom_kill\"")));
  CHECK(await_equal(usage, told("memory_current_bytes")));
  CHECK(await_equal([&] { return std::max(0.0, usage() - inactive()); },
                    told("memory_working_set_bytes")));
}

TEST_CASE("a cgroup that is removed behind its last process is told no more") {
  auto memory = std::make_unique<RealCgroup>("memory", unit_of_test("removed"));
  if (skipped({memory.get()})) return;
  ChildProcess child([&] { return memory->move_here(::getpid()); });
  const std::string path = memory->path();
  const Result<ProcessOrigin> process = read_process("/proc", child.pid());
  REQUIRE(process);
  CHECK(Readings(child.pid())("memory_current_bytes", path) >= 0);
  child.kill();
  memory.reset();
  const Node node;
  NodeLook look;
  look.node = &node;
  look.holders[child.pid()].start_ticks = process->start_ticks;
  Batch batch;
  const Result<void> result = kCgroupCollector.look(look, batch);
  CHECK((result || result.error().code == Errc::no_data));
  for (const Reading& reading : batch.readings())
    CHECK(batch.labels(reading).find(path) == std::string_view::npos);
}

}  // namespace
}  // namespace sqlite_exporter::test
