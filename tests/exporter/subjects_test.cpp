/// Names and realpaths of databases as discovery finds more, fewer and other files.
#include "exporter/subjects.h"

#include <algorithm>
#include <iterator>

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

DatabaseConfig entry(const std::string& path, std::optional<std::string> name = {}) {
  DatabaseConfig config;
  config.path = path;
  config.name = std::move(name);
  return config;
}

bool nothing(std::string_view) { return false; }

std::vector<Found> found(std::initializer_list<const char*> paths) {
  std::vector<Found> all;
  for (const char* path : paths) all.push_back({path, path});
  return all;
}

std::string names(const Subjects& subjects) {
  std::string text;
  for (const auto& [name, subject] : subjects.all()) text += name + "=" + subject->path + " ";
  return text;
}

TEST_CASE("a database is named by its path below the pattern's fixed prefix") {
  Subjects subjects({entry("/data/*/*.db"), entry("/other/app.db", "mine")}, 10);
  subjects.merge({found({"/data/a/app.db", "/data/b/app.db"}), found({"/other/app.db"})});
  CHECK(names(subjects) == "a/app=/data/a/app.db b/app=/data/b/app.db mine=/other/app.db ");
}

TEST_CASE("labels are rendered once, the database first, values escaped") {
  DatabaseConfig config = entry("/data/app.db");
  config.labels = {{"site", "a \"b\""}};
  Subjects subjects({config}, 10);
  subjects.merge({found({"/data/app.db"})});
  CHECK(*subjects.all().at("app")->labels == "database=\"app\",site=\"a \\\"b\\\"\"");
}

DatabaseConfig labelled(const std::string& path) {
  DatabaseConfig config = entry(path);
  config.labels = {{"site", "x"}};
  config.labels_from_path = PathLabels::compile("_(?P<claim>[^/]*)/").value();
  return config;
}

TEST_CASE("labels from the path are the realpath's, behind those that are written") {
  Subjects subjects({labelled("/data/")}, 10);
  subjects.merge({std::vector<Found>{{"/data/link", "/pvc_blue/a"},
                                     {"/data/b", "/pvc_\"/b"},
                                     {"/data/c", "/none/c"},
                                     {"/data/d", "/pvc_/d"}}});
  const auto labels = [&](const char* name) { return *subjects.all().at(name)->labels; };
  CHECK(labels("link") == R"(database="link",site="x",claim="blue")");
  CHECK(labels("b") == R"(database="b",site="x",claim="\"")");
  CHECK(labels("c") == R"(database="c",site="x")");
  CHECK(labels("d") == R"(database="d",site="x")");
}

TEST_CASE("a link that leads elsewhere takes the labels of its path along, and no others") {
  Subjects subjects({labelled("/data/")}, 10);
  subjects.merge({std::vector<Found>{{"/data/a", "/pvc_1/a"}, {"/data/b", "/pvc_2/b"}}});
  const auto b = subjects.all().at("b")->labels;
  subjects.merge({std::vector<Found>{{"/data/a", "/pvc_3/a"}, {"/data/b", "/pvc_2/b"}}});
  CHECK(*subjects.all().at("a")->labels == R"(database="a",site="x",claim="3")");
  CHECK(subjects.all().at("b")->labels == b);
}

TEST_CASE("two paths with one realpath are one subject, that of the earlier entry") {
  Subjects subjects({entry("/data/link.db"), entry("/data/app.db")}, 10);
  subjects.merge({std::vector<Found>{{"/data/link.db", "/data/app.db"}}, found({"/data/app.db"})});
  CHECK(names(subjects) == "link=/data/app.db ");
}

TEST_CASE("a new file whose name is taken gets its whole path and renames nothing") {
  Subjects subjects({entry("/a/*.db"), entry("/b/*.db")}, 10);
  subjects.merge({found({}), found({"/b/app.db"})});
  subjects.merge({found({"/a/app.db"}), found({"/b/app.db"})});
  CHECK(names(subjects) == "/a/app.db=/a/app.db app=/b/app.db ");
}

TEST_CASE("a file that is gone takes its subject with it") {
  Subjects subjects({entry("/a/*.db")}, 10);
  subjects.merge({found({"/a/x.db", "/a/y.db"})});
  const Subjects::Changes changes = subjects.merge({found({"/a/y.db"})});
  REQUIRE(changes.removed.size() == 1);
  CHECK(changes.removed[0]->name == "x");
  CHECK(names(subjects) == "y=/a/y.db ");
}

TEST_CASE("the databases of an entry that could not be discovered stay as they are") {
  Subjects subjects({entry("/a/*.db"), entry("/b/*.db")}, 10);
  subjects.merge({found({"/a/x.db"}), found({"/b/y.db"})});
  subjects.merge({std::nullopt, found({})});
  CHECK(names(subjects) == "x=/a/x.db ");
}

TEST_CASE("a symbolic link that changes keeps the subject and moves its path") {
  Subjects subjects({entry("/a/current.db")}, 10);
  subjects.merge({std::vector<Found>{{"/a/current.db", "/a/1.db"}}});
  const Subjects::Changes changes =
      subjects.merge({std::vector<Found>{{"/a/current.db", "/a/2.db"}}});
  REQUIRE(changes.moved.size() == 1);
  CHECK(changes.removed.empty());
  CHECK(names(subjects) == "current=/a/2.db ");
}

TEST_CASE("max_databases keeps those that are watched and counts the rest") {
  Subjects subjects({entry("/a/*.db")}, 2);
  subjects.merge({found({"/a/2.db", "/a/3.db", "/a/4.db"})});
  CHECK(subjects.over_limit() == 1);
  subjects.merge({found({"/a/1.db", "/a/2.db", "/a/3.db", "/a/4.db"})});
  CHECK(names(subjects) == "2=/a/2.db 3=/a/3.db ");
  CHECK(subjects.over_limit() == 2);
  subjects.merge({found({"/a/1.db", "/a/3.db"})});
  CHECK(names(subjects) == "1=/a/1.db 3=/a/3.db ");
  CHECK(subjects.over_limit() == 0);
}

Found with_use(const char* path, Use use, double modified = 0) {
  Found found{path, path};
  found.use = use;
  found.modified = modified;
  return found;
}

constexpr double kNow = 1e9;

TEST_CASE("over the limit the newcomers that are in use come first, then by what signs there are") {
  const std::vector<Found> folder = {
      with_use("/a/0.db", Use::unseen, kNow - 2 * kIdleAfter),
      with_use("/a/1.db", Use::unseen, kNow - 20),
      with_use("/a/2.db", Use::unseen, kNow - 10),
      with_use("/a/3.db", Use::companions),
      with_use("/a/4.db", Use::locked),
  };
  constexpr const char* kKept[] = {
      "",
      "zz=/z/zz.db ",
      "4=/a/4.db zz=/z/zz.db ",
      "3=/a/3.db 4=/a/4.db zz=/z/zz.db ",
      "2=/a/2.db 3=/a/3.db 4=/a/4.db zz=/z/zz.db ",
      "1=/a/1.db 2=/a/2.db 3=/a/3.db 4=/a/4.db zz=/z/zz.db ",
  };
  for (std::size_t most = 1; most < std::size(kKept); ++most) {
    CAPTURE(most);
    Subjects subjects({entry("/a/*.db"), entry("/z/zz.db")}, most);
    CHECK(subjects.merge({folder, found({"/z/zz.db"})}, true, kNow).removed.empty());
    CHECK(names(subjects) == kKept[most]);
    CHECK(subjects.over_limit() == 6 - most);
    CHECK(subjects.left_out().in_use == (most == 1 ? 1 : 0));
    CHECK(subjects.left_out().first.size() == std::min<std::size_t>(5, 6 - most));
  }
}

void use(Subjects& subjects, const char* name, bool attached) {
  const std::shared_ptr<Subject> subject = subjects.all().at(name);
  subject->sampled = true;
  Sample sample;
  sample.attached = attached;
  subject->sample->set(sample);
}

TEST_CASE("one that comes into use takes the place of one that nobody uses, and of no other") {
  Subjects subjects({entry("/a/*.db")}, 2);
  subjects.merge({found({"/a/1.db", "/a/2.db"})}, true, kNow);
  use(subjects, "2", true);
  const std::vector<Found> all = {
      with_use("/a/0.db", Use::unseen, kNow), with_use("/a/1.db", Use::unseen, kNow - 9),
      with_use("/a/2.db", Use::unseen), with_use("/a/3.db", Use::locked)};
  const Subjects::Changes changes = subjects.merge({all}, true, kNow);
  REQUIRE(changes.removed.size() == 1);
  CHECK(changes.removed[0]->name == "1");
  CHECK(names(subjects) == "2=/a/2.db 3=/a/3.db ");
  CHECK(subjects.left_out().in_use == 0);

  // What was in use within the hour is not pushed out, whatever comes.
  use(subjects, "2", false);
  std::vector<Found> more = all;
  more.push_back(with_use("/a/4.db", Use::locked));
  CHECK(subjects.merge({more}, true, kNow + kIdleAfter / 2).removed.empty());
  CHECK(names(subjects) == "2=/a/2.db 3=/a/3.db ");
  CHECK(subjects.left_out().in_use == 1);
  CHECK(subjects.left_out().first[0] == "/a/4.db");
}

TEST_CASE("a file that is written to while it is watched is in use, one that is new is not") {
  Subjects subjects({entry("/a/*.db")}, 2);
  const auto merge = [&](double modified, Use use_of_3) {
    return subjects
        .merge({std::vector<Found>{with_use("/a/1.db", Use::unseen, kNow - 1),
                                   with_use("/a/2.db", Use::unseen, modified),
                                   with_use("/a/3.db", use_of_3)}},
               true, kNow)
        .removed;
  };
  CHECK(merge(kNow - 9, Use::unseen).empty());
  CHECK(merge(kNow - 5, Use::unseen).empty());
  const auto removed = merge(kNow - 5, Use::locked);
  REQUIRE(removed.size() == 1);
  CHECK(removed[0]->name == "1");
}

TEST_CASE("who is named by a reload takes a place, if need be of one in use") {
  Subjects subjects({entry("/a/*.db")}, 2);
  subjects.merge({found({"/a/1.db", "/a/2.db"})}, true, kNow);
  use(subjects, "1", true);
  use(subjects, "2", true);
  subjects.configure({entry("/a/*.db"), entry("/z/a.db"), entry("/z/b.db"), entry("/z/c.db")}, 2,
                     nothing);
  const auto merge = [&] {
    return subjects
        .merge({found({"/a/1.db", "/a/2.db"}), found({"/z/a.db"}), found({"/z/b.db"}),
                found({"/z/c.db"})},
               true, kNow)
        .removed.size();
  };
  CHECK(merge() == 2);
  CHECK(names(subjects) == "a=/z/a.db b=/z/b.db ");
  CHECK(merge() == 0);
  CHECK(names(subjects) == "a=/z/a.db b=/z/b.db ");
  CHECK(subjects.over_limit() == 3);
}

TEST_CASE("a database that is gone stays while an application has it open") {
  Subjects subjects({{"/d/*.db", std::nullopt, {}}}, 10);
  subjects.merge({std::vector<Found>{{"/d/a.db", "/d/a.db"}}});
  const std::shared_ptr<Subject> subject = subjects.all().at("a");
  subject->sampled = true;
  Sample sample;
  sample.attached = true;
  subject->sample->set(sample);
  CHECK(subjects.merge({std::vector<Found>{}}).removed.empty());
  sample.attached = false;
  subject->sample->set(sample);
  CHECK(subjects.merge({std::vector<Found>{}}).removed.size() == 1);
  CHECK(subjects.all().empty());
}

TEST_CASE("a database behind a link of a user stays in use only as long as it is his") {
  Subjects subjects({entry("/d/*.db"), entry("/e/*.db")}, 10);
  const auto linked = [](RequiredOwner owner) {
    Found one{"/d/a.db", "/e/real.db"};
    one.link_owner = owner;
    return std::vector<Found>{one};
  };
  subjects.merge({linked(4001), std::vector<Found>{}});
  const std::shared_ptr<Subject> subject = subjects.all().at("a");
  CHECK(subject->link_owner == RequiredOwner(4001));
  subject->sampled = true;
  Sample sample;
  sample.attached = true;
  subject->sample->set(sample);
  const auto configured_anew = subjects.entries();
  subjects.configure(configured_anew, 10, nothing);
  CHECK(subject->link_owner == RequiredOwner(4001));
  SECTION("unlinked under an application of his own") {
    CHECK(subjects.merge({found({}), found({})}).removed.empty());
  }
  SECTION("another's by now") {
    sample.error = Error{Errc::denied, "it is another's"};
    subject->sample->set(sample);
    CHECK(subjects.merge({found({}), found({})}).removed.size() == 1);
    CHECK(subjects.all().empty());
  }
  SECTION("another's link leads there") {
    CHECK(subjects.merge({linked(4002), found({})}).moved.size() == 1);
    CHECK(subject->link_owner == RequiredOwner(4002));
  }
  SECTION("found without a link") {
    const Subjects::Changes changes = subjects.merge({found({}), found({"/e/real.db"})});
    CHECK(changes.removed.empty());
    CHECK(changes.moved.size() == 1);
    CHECK_FALSE(subject->link_owner);
  }
}

TEST_CASE("a new pattern over the same file keeps its subject, however late its walk comes back") {
  Subjects subjects({entry("/a/*.db")}, 10);
  subjects.merge({found({"/a/x.db", "/a/y.db"})});
  const std::shared_ptr<Subject> subject = subjects.all().at("x");
  subjects.configure({entry("/a/x*")}, 10, nothing);
  CHECK(subjects.merge({std::nullopt}, false).removed.empty());
  CHECK(names(subjects) == "x=/a/x.db y=/a/y.db ");
  CHECK(subjects.merge({found({"/a/x.db"})}, false).removed.empty());
  CHECK(subjects.all().at("x") == subject);
  const Subjects::Changes changes = subjects.merge({found({"/a/x.db"})}, true);
  REQUIRE(changes.removed.size() == 1);
  CHECK(changes.removed[0]->name == "y");
  CHECK(names(subjects) == "x=/a/x.db ");
}

TEST_CASE("a name goes to the database that the new configuration gives it, at once") {
  Subjects subjects({entry("/x/a.db", "main"), entry("/z/*.db")}, 10);
  subjects.merge({found({"/x/a.db"}), found({})});
  subjects.configure({entry("/y/a.db", "main"), entry("/z/*")}, 10, nothing);
  subjects.merge({found({"/y/a.db"}), std::nullopt}, false);
  CHECK(names(subjects) == "/x/a.db=/x/a.db main=/y/a.db ");
  CHECK(*subjects.all().at("/x/a.db")->labels == "database=\"/x/a.db\"");
  const Subjects::Changes changes = subjects.merge({found({"/y/a.db"}), found({})}, true);
  REQUIRE(changes.removed.size() == 1);
  CHECK(changes.removed[0]->name == "/x/a.db");
  CHECK(names(subjects) == "main=/y/a.db ");
}

TEST_CASE("a database for which no name is left is told to be gone") {
  Subjects subjects({entry("/x/a.db"), entry("/y/a.db")}, 10);
  subjects.merge({found({"/x/a.db"}), found({"/y/a.db"})});
  CHECK(names(subjects) == "/y/a.db=/y/a.db a=/x/a.db ");
  subjects.configure({entry("/y/a.db", "/x/a.db")}, 10, nothing);
  CHECK(names(subjects) == "/x/a.db=/y/a.db a=/x/a.db ");
  subjects.configure({entry("/y/a.db", "a")}, 10, nothing);
  CHECK(names(subjects) == "/x/a.db=/x/a.db a=/y/a.db ");
}

TEST_CASE(
    "an entry that names a file counts before a folder that finds it, also from a reload on") {
  Subjects subjects({entry("/a/"), entry("/a/x.db", "orders")}, 10);
  subjects.merge({found({"/a/x.db", "/a/y.db"}), found({"/a/x.db"})});
  CHECK(names(subjects) == "orders=/a/x.db y=/a/y.db ");
  const std::shared_ptr<Subject> y = subjects.all().at("y");
  subjects.configure({entry("/a/"), entry("/a/y.db", "bills")}, 10, nothing);
  CHECK(subjects.merge({found({"/a/x.db", "/a/y.db"}), found({"/a/y.db"})}).removed.empty());
  CHECK(names(subjects) == "bills=/a/y.db x=/a/x.db ");
  CHECK(subjects.all().at("bills") == y);
}

TEST_CASE("a limit that a reload lowers holds for those that are watched, too") {
  Subjects subjects({entry("/a/")}, 10);
  subjects.merge({found({"/a/x.db", "/a/y.db", "/a/z.db"})});
  subjects.configure({entry("/a/")}, 2, nothing);
  const Subjects::Changes changes = subjects.merge({found({"/a/x.db", "/a/y.db", "/a/z.db"})});
  REQUIRE(changes.removed.size() == 1);
  CHECK(changes.removed[0]->name == "z");
  CHECK(subjects.over_limit() == 1);
  CHECK(subjects.merge({found({"/a/x.db", "/a/y.db", "/a/z.db"})}).removed.empty());
  CHECK(subjects.over_limit() == 1);
}

TEST_CASE("names that differ in bytes which no label can hold stay two") {
  Subjects subjects({entry("/a/")}, 10);
  subjects.merge({found({"/a/\xFF\xFE.db", "/a/\xFE\xFF.db"})});
  CHECK(subjects.all().contains("\\xff\\xfe"));
  CHECK(subjects.all().contains("\\xfe\\xff"));
}

TEST_CASE("what is excluded from now on goes, though an application has it open") {
  Subjects subjects({entry("/a/"), entry("/b/named.db")}, 10);
  subjects.merge({found({"/a/cache/x.db", "/a/y.db"}), found({"/b/named.db"})});
  for (const auto& [name, subject] : subjects.all()) {
    subject->sampled = true;
    Sample sample;
    sample.attached = true;
    subject->sample->set(sample);
  }
  subjects.configure({entry("/a/"), entry("/b/named.db")}, 10, [](std::string_view path) {
    return path.starts_with("/a/cache") || path.starts_with("/b");
  });
  subjects.merge({found({"/a/y.db"}), found({"/b/named.db"})});
  CHECK(names(subjects) == "named=/b/named.db y=/a/y.db ");
}

}  // namespace
}  // namespace sqlite_exporter
