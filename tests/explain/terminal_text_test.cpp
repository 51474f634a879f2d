/// Markdown for a terminal, letter by letter.
#include "exporter/explain/terminal_text.h"

#include "tests/support/catch.h"

namespace sqlite_exporter {
namespace {

TEST_CASE("headings, commands and links lose their marks") {
  CHECK(terminal_text("## Confirm\n\n```sh\ndf x\n```\n\nSee [A](A.md), [B](B.md).\n") ==
        "Confirm\n\n    df x\n\nSee A, B.\n");
}

TEST_CASE("all else stays as it is") {
  for (const char* text : {"", "a\n", "| a | [b] |\n", "[poll] max (x)\n", "`a` # b\n", "[a](\n"})
    CHECK(terminal_text(text) == text);
  CHECK(terminal_text("a") == "a\n");
  CHECK(terminal_text("```\n[A](B.md)\n") == "    [A](B.md)\n");
}

}  // namespace
}  // namespace sqlite_exporter
