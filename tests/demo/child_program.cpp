/// What stands in for the exporter's own binary in the tests of its children.
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "exporter/demo/application.h"

int main(int argc, char** argv) {
  if (argc != 4 || std::string_view(argv[1]) != "demo-application") return 64;
  const std::string_view kind = argv[2];
  if (kind == "stubborn") {  // ready, and then deaf to the end of its input
    std::puts("ready");
    std::fflush(stdout);
    for (;;) pause();
  }
  if (kind == "silent")  // never ready
    for (;;) pause();
  return sqlite_exporter::run_demo_application(kind, argv[3]);
}
