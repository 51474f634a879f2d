# Declarations that must not compile, each with the sentence that tells its author why.
function(compile_case name case)
  cmake_parse_arguments(ARG "" "MESSAGE" "" ${ARGN})
  add_test(NAME compile_metric_${name}
    COMMAND ${CMAKE_COMMAND} -DCOMPILER=${CMAKE_CXX_COMPILER} -DINCLUDE=${CMAKE_SOURCE_DIR}
      -DSOURCE=${CMAKE_SOURCE_DIR}/tests/compile_fail/metric.cpp
      "-DCASE=${case}" "-DMESSAGE=${ARG_MESSAGE}"
      -P ${CMAKE_SOURCE_DIR}/tests/compile_fail/check.cmake)
  set_tests_properties(compile_metric_${name} PROPERTIES LABELS source)
endfunction()

compile_case(good_counter [[counter("sqlite_a_total", "A.", {"cause"})]])
compile_case(good_gauge [[gauge("process_a_bytes", "A (b).")]])
compile_case(good_histogram [[histogram("sqlite_a_seconds", "A.", {"a", "b"})]])

set(name_rule "a metric is named sqlite_* or process_*, in [a-z0-9_]")
compile_case(foreign_prefix [[gauge("node_a", "A.")]] MESSAGE "${name_rule}")
compile_case(upper_case [[gauge("sqlite_A", "A.")]] MESSAGE "${name_rule}")
compile_case(colon [[gauge("sqlite_a:b", "A.")]] MESSAGE "${name_rule}")
compile_case(empty_name [[gauge("", "A.")]] MESSAGE "${name_rule}")

set(unit_rule "a metric's name ends in a base unit")
compile_case(milliseconds [[gauge("sqlite_a_milliseconds", "A.")]] MESSAGE "${unit_rule}")
compile_case(kilobytes_total [[counter("sqlite_a_kb_total", "A.")]] MESSAGE "${unit_rule}")

set(total_rule "a name ends in _total if and only if it is a counter")
compile_case(counter_without_total [[counter("sqlite_a", "A.")]] MESSAGE "${total_rule}")
compile_case(gauge_with_total [[gauge("sqlite_a_total", "A.")]] MESSAGE "${total_rule}")
compile_case(histogram_with_total [[histogram("sqlite_a_total", "A.")]] MESSAGE "${total_rule}")

set(help_rule "HELP is a sentence in printable ASCII that ends with a period")
compile_case(help_without_period [[gauge("sqlite_a", "A")]] MESSAGE "${help_rule}")
compile_case(empty_help [[gauge("sqlite_a", "")]] MESSAGE "${help_rule}")
compile_case(help_with_newline [[gauge("sqlite_a", "A.\nB.")]] MESSAGE "${help_rule}")

set(label_rule "a label is named in [a-z0-9_] and is not reserved")
compile_case(label_database [[gauge("sqlite_a", "A.", {"database"})]] MESSAGE "${label_rule}")
compile_case(label_instance [[gauge("sqlite_a", "A.", {"instance"})]] MESSAGE "${label_rule}")
compile_case(label_le [[gauge("sqlite_a", "A.", {"le"})]] MESSAGE "${label_rule}")
compile_case(label_reserved [[gauge("sqlite_a", "A.", {"__name__"})]] MESSAGE "${label_rule}")
compile_case(label_upper_case [[gauge("sqlite_a", "A.", {"State"})]] MESSAGE "${label_rule}")

compile_case(label_twice [[gauge("sqlite_a", "A.", {"a", "b", "a"})]]
  MESSAGE "a label is named twice")
compile_case(nine_labels [[gauge("sqlite_a", "A.", {"a","b","c","d","e","f","g","h","i"})]]
  MESSAGE "too many labels")
