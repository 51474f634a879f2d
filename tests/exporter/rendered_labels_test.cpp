/// Label text taken apart again, also where values look like labels.
#include "exporter/rendered_labels.h"

#include "collectors/label_text.h"
#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("a value comes back as it was before it was rendered") {
  for (const std::string value :
       {"", "app", "a\"b", "a\\", "\\\"", "a\nb", "a,site=\"x\"", "=\"", "\\n", "caf\xc3\xa9"}) {
    CAPTURE(value);
    std::string text = "first=\"1\",";
    append_label(text, "database", value);
    text.append(",site=\"bremen\"");
    CHECK(label_value(text, "database") == value);
    CHECK(label_value(text, "site") == "bremen");
    CHECK(label_value(text, "first") == "1");
    CHECK_FALSE(label_value(text, "base"));
  }
}

TEST_CASE("text that ends early gives what is there") {
  CHECK_FALSE(label_value("", "a"));
  CHECK_FALSE(label_value("a", "a"));
  CHECK_FALSE(label_value("a=", "a"));
  CHECK(label_value("a=\"", "a") == "");
  CHECK(label_value("a=\"x", "a") == "x");
  CHECK(label_value("a=\"x\\", "a") == "x\\");
}

TEST_CASE("labels that say nothing are dropped") {
  CHECK(without_empty_labels("a=\"\",b=\"1\",c=\"\"") == "b=\"1\"");
  CHECK(without_empty_labels("a=\"1\",b=\"x\\\",c=\\\"\"") == "a=\"1\",b=\"x\\\",c=\\\"\"");
  CHECK(without_empty_labels("").empty());
}

}  // namespace
}  // namespace sqlite_exporter
