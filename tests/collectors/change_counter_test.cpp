/// The change counter of rollback mode across copies, replacements and its wrap.
#include "collectors/change_counter.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

constexpr FileIdentity kFile{1, 10};
constexpr FileIdentity kOtherFile{1, 11};

TEST_CASE("commits are counted from the first look on") {
  ChangeCounter counter;
  counter.observe(kFile, 1000);
  CHECK(counter.transactions() == 0);
  counter.observe(kFile, 1003);
  CHECK(counter.transactions() == 3);
}

TEST_CASE("an older copy written over the file rebases and counts nothing") {
  ChangeCounter counter;
  counter.observe(kFile, 1000);
  counter.observe(kFile, 1001);
  counter.observe(kFile, 501);
  counter.observe(kFile, 503);
  CHECK(counter.transactions() == 3);
}

TEST_CASE("another file under the same path rebases and counts nothing") {
  ChangeCounter counter;
  counter.observe(kFile, 1000);
  counter.observe(kOtherFile, 5000);
  counter.observe(kOtherFile, 5001);
  CHECK(counter.transactions() == 1);
}

TEST_CASE("the counter is followed across its wrap") {
  ChangeCounter counter;
  counter.observe(kFile, 0xffffffff);
  counter.observe(kFile, 1);
  CHECK(counter.transactions() == 2);
}

TEST_CASE("what passed in WAL mode is not taken for commits of rollback mode") {
  ChangeCounter counter;
  counter.observe(kFile, 10);
  counter.observe_other_mode();
  counter.observe(kFile, 30);
  counter.observe(kFile, 31);
  CHECK(counter.transactions() == 1);
}

}  // namespace
}  // namespace sqlite_exporter
