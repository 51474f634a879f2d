/// Labels out of paths: which groups give one, and what no expression can do.
#include "exporter/path_labels.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

Labels labels_of(const std::string& expression, std::string_view path) {
  return PathLabels::compile(expression).value().labels_of(path);
}

TEST_CASE("a named group that matches is a label, in the order of the expression") {
  constexpr const char* kClaims = "pvc-[^_/]+_(?P<zone>[^_/]+)_(?P<claim>[^/]+)/";
  CHECK(labels_of(kClaims, "/storage/pvc-1_default_data/app.db") ==
        Labels{{"zone", "default"}, {"claim", "data"}});
  CHECK(labels_of(kClaims, "/elsewhere/app.db").empty());
  CHECK(PathLabels::compile(kClaims).value().names() == std::vector<std::string>{"zone", "claim"});
  CHECK(PathLabels::compile("(a)").value().names().empty());
  CHECK(labels_of("(a)", "/a").empty());
}

TEST_CASE("a group without a name, without a match or without text gives no label") {
  CHECK(labels_of("(x)(?P<a>y)|(?P<b>z)", "/xy") == Labels{{"a", "y"}});
  CHECK(labels_of("(x)(?P<a>y)|(?P<b>z)", "/z") == Labels{{"b", "z"}});
  CHECK(labels_of("x(?P<a>y*)(?P<b>z)", "/xz") == Labels{{"b", "z"}});
}

TEST_CASE("of equal names the first that matches gives the label") {
  constexpr const char* kEither = "/local/(?P<volume>[^/]+)/|/csi/(?P<volume>[^/]+)/";
  CHECK(labels_of(kEither, "/csi/a/x.db") == Labels{{"volume", "a"}});
  CHECK(labels_of(kEither, "/local/b/x.db") == Labels{{"volume", "b"}});
  CHECK(labels_of("(?P<a>.)(?P<a>.)", "xy") == Labels{{"a", "x"}});
}

TEST_CASE("the expression need not match the whole path, but may say so") {
  CHECK(labels_of("/(?P<a>[^/]+)/", "/x/y/z") == Labels{{"a", "x"}});
  CHECK(labels_of("/(?P<a>[^/]+)$", "/x/y/z") == Labels{{"a", "z"}});
  CHECK(labels_of("^(?P<a>[^/]+)", "/x/y/z").empty());
}

TEST_CASE("any bytes may be in a path") {
  CHECK(labels_of("/(?P<a>[^/]+)/", "/a\nb/c") == Labels{{"a", "a\nb"}});
  CHECK(labels_of("/(?P<a>x)", "/\xff\xfe/x") == Labels{{"a", "x"}});
  CHECK(labels_of("(?P<a>x)", "").empty());
}

TEST_CASE("no expression takes exponential time") {
  const std::string path(4096, 'a');
  CHECK(labels_of("(?P<a>(a*)*(a|aa)+)*b", path).empty());
  CHECK(labels_of("(?P<a>(a?){500}a{500})", path).size() == 1);
}

TEST_CASE("an expression that is none, or too large, is an error in the words of RE2") {
  const auto broken = PathLabels::compile("[a");
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == Errc::config);
  CHECK(broken.error().message == "missing ]: [a");
  const auto large = PathLabels::compile("(\\pL{500}\\pL{500}\\pL{500})");
  REQUIRE_FALSE(large);
  CHECK(large.error().message == "pattern too large - compile failed");
}

}  // namespace
}  // namespace sqlite_exporter
