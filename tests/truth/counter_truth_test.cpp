/// The counters of a WAL against the writers' own account, at any rate of transactions.
#include <algorithm>
#include <memory>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/observer.h"
#include "tests/support/sqlite_application.h"
#include "tests/support/temporary_directory.h"
#include "tests/truth/random_instants.h"

namespace sqlite_exporter::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr const char* kOpen =
    "pragma busy_timeout=60000; pragma journal_mode=wal; pragma synchronous=off";

/// One and a half seconds at the rate of the sampler.
constexpr int kSamples = 15;

using Writers = std::vector<std::unique_ptr<SqliteApplication>>;

Writers writers_of(const std::string& path, std::size_t count) {
  Writers writers;
  for (std::size_t i = 0; i < count; ++i) {
    writers.push_back(std::make_unique<SqliteApplication>(path));
    writers.back()->exec(kOpen);
    writers.back()->exec("create table if not exists t(x)");
  }
  return writers;
}

/// What the writers say of the time the observer watched them.
std::vector<Account> watched(Observer& observer, const Writers& writers, const Load& load) {
  for (const auto& writer : writers) writer->start(load);
  RandomInstants instants(milliseconds(100));
  WalTotals last;
  for (int i = 0; i < kSamples; ++i) {
    instants.next();
    const WalTotals& now = observer.sample().totals;
    REQUIRE(now.transactions >= last.transactions);
    REQUIRE(now.frames_written >= last.frames_written);
    REQUIRE(now.resets >= last.resets);
    last = now;
  }
  std::vector<Account> accounts;
  for (const auto& writer : writers) accounts.push_back(writer->stop());
  return accounts;
}

TEST_CASE("transactions, resets and frames of one writer are those it counted itself") {
  const TemporaryDirectory directory;
  const Writers writers = writers_of(directory / "app.db", 1);
  Observer observer(directory / "app.db");
  observer.sample();
  const auto period = GENERATE(microseconds(5000), microseconds(500), microseconds(0));
  CAPTURE(period.count());
  const Load load{.work = "insert into t values (randomblob(3000))", .period = period};
  const Account account = watched(observer, writers, load).front();
  const WalTotals totals = observer.sample().totals;
  CHECK(account.resets > 0);  // it begins with a complete checkpoint
  CHECK(totals.transactions == account.transactions);
  CHECK(totals.resets == account.resets);
  CHECK(totals.frames_written <= account.frames);
  if (totals.unseen_generations == 0) CHECK(totals.frames_written == account.frames);
}

TEST_CASE("transactions of three processes are those they counted themselves") {
  const TemporaryDirectory directory;
  const Writers writers = writers_of(directory / "app.db", 3);
  Observer observer(directory / "app.db");
  observer.sample();
  const auto period = GENERATE(microseconds(15000), microseconds(1500), microseconds(0));
  CAPTURE(period.count());
  std::uint64_t transactions = 0;
  std::uint64_t most_resets = 0;
  const Load load{.work = "insert into t values (randomblob(3000))", .period = period};
  for (const Account& account : watched(observer, writers, load)) {
    transactions += account.transactions;
    most_resets = std::max(most_resets, account.resets);
  }
  const WalTotals totals = observer.sample().totals;
  CHECK(transactions > 0);
  CHECK(totals.transactions == transactions);
  // Each writer saw some of the resets. Beside one for the checkpoint with which it began, a reset
  // takes 1,000 frames, and no transaction has ten.
  CHECK(totals.resets >= most_resets);
  CHECK(totals.resets <= transactions / 100 + writers.size());
  CHECK(totals.frames_written >= totals.resets);
}

}  // namespace
}  // namespace sqlite_exporter::test
