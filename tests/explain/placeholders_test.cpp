/// Words in capitals: filled in where they stand alone, and never with what a shell would obey.
#include "exporter/explain/placeholders.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

const Placeholders kKnown = {{"DATABASE", "/data/app.db"}, {"PID", "812"}};

TEST_CASE("a word is filled in wherever it stands alone") {
  CHECK(fill("kill PID; ls DATABASE-wal \"DATABASE\" (PID)", kKnown).text ==
        "kill 812; ls /data/app.db-wal \"/data/app.db\" (812)");
  CHECK(fill("PIDS MYPID PID_ pid PRAGMA", kKnown).text == "PIDS MYPID PID_ pid PRAGMA");
  CHECK(fill("", kKnown).text.empty());
}

TEST_CASE("what is not known stays, and is told once") {
  const FilledText filled = fill("UNIT PID POD UNIT", kKnown);
  CHECK(filled.text == "UNIT 812 POD UNIT");
  CHECK(filled.left == std::vector<std::string>{"UNIT", "POD"});
  CHECK(fill("PID", kKnown).left.empty());
}

TEST_CASE("a value that a shell would not take as it is stays out") {
  for (const char* path :
       {"/a b.db", "/a;reboot", "/$(id)", "/`id`", "/a'b", "/a\"b", "/a\nb", "/a*", "/a\\b", "",
        "-rf", "/caf\xc3\xa9.db", "~root", "/a&b", "/a|b", "/a>b"}) {
    CAPTURE(path);
    const FilledText filled = fill("cat DATABASE", {{"DATABASE", path}});
    CHECK(filled.text == "cat DATABASE");
    CHECK(filled.left == std::vector<std::string>{"DATABASE"});
  }
  CHECK(is_plain_word("/var/lib/kubelet/pods/0-1/volumes/kubernetes.io~csi/pvc-1/mount/app.db"));
  CHECK_FALSE(is_plain_word("a=~/b"));
  CHECK_FALSE(is_plain_word("a:~b"));
  CHECK(is_plain_word("/var/lib/rancher/k3s/server/db/state.db"));
  CHECK(is_plain_word("user@1000.service"));
}

}  // namespace
}  // namespace sqlite_exporter
