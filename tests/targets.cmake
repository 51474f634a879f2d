# The tests: one Catch2 program a layer, the end-to-end scripts, the checks of documents and rules.
find_package(Catch2 CONFIG REQUIRED)

# Catch2 2 has one heavy header and its own main target; both differ in Catch2 3.
add_library(test_main STATIC tests/support/main.cpp)
target_include_directories(test_main PUBLIC ${CMAKE_SOURCE_DIR})

# A test runs once: what it tests is optimised as it is shipped, and its own code as little as the
# warnings allow, of which this compiler has a wrong one then.
set(test_optimization $<$<CONFIG:Release>:-Og> -Wno-maybe-uninitialized)
target_compile_options(test_main PRIVATE ${test_optimization})
target_link_libraries(test_main PUBLIC Catch2::Catch2)

# ONE_THREAD: TSan would find nothing in it.
function(unit_test name)
  cmake_parse_arguments(ARG "ONE_THREAD" "" "SOURCES;USES" ${ARGN})
  if(ARG_ONE_THREAD AND SANITIZE STREQUAL "thread")
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)  # the scenes of tests have one name
  target_link_libraries(${name} PRIVATE test_main ${ARG_USES})
  target_compile_options(${name} PRIVATE ${test_optimization})
  target_precompile_headers(${name} PRIVATE tests/support/catch.h)
  add_test(NAME ${name} COMMAND ${name} --warn NoAssertions)
endfunction()

# What tests of several layers stand on.
add_library(test_support STATIC
  tests/support/child_process.cpp
  tests/support/private_mounts.cpp
  tests/support/sqlite_application.cpp
  tests/support/sqlite_fixtures.cpp
  tests/support/temporary_directory.cpp)
target_link_libraries(test_support PUBLIC collectors_sqlite)

# A real application: a process of its own, because locks belong to processes.
add_executable(sqlite_app tests/support/sqlite_app.cpp tests/support/sqlite_load.cpp)
target_include_directories(sqlite_app PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(sqlite_app PRIVATE SQLite::SQLite3)
target_compile_definitions(test_support PRIVATE SQLITE_APP="$<TARGET_FILE:sqlite_app>")
add_dependencies(test_support sqlite_app)

# A filesystem that hangs or fails when told to.
pkg_check_modules(FUSE3 REQUIRED IMPORTED_TARGET fuse3)
add_executable(passthrough_fs
  tests/support/passthrough_fs.cpp
  tests/support/passthrough_server.cpp)
target_include_directories(passthrough_fs PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(passthrough_fs PRIVATE PkgConfig::FUSE3)

unit_test(test_base ONE_THREAD SOURCES
  tests/base/bytes_test.cpp
  tests/base/database_files_test.cpp
  USES tl::expected)

unit_test(test_sqlite ONE_THREAD SOURCES
  tests/sqlite/application_test.cpp
  tests/sqlite/database_header_test.cpp
  tests/sqlite/encrypted_test.cpp
  tests/sqlite/file_head_test.cpp
  tests/sqlite/known_bug_test.cpp
  tests/sqlite/page_one_test.cpp
  tests/sqlite/super_journal_test.cpp
  tests/sqlite/version_text_test.cpp
  tests/sqlite/wal_chain_application_test.cpp
  tests/sqlite/wal_chain_test.cpp
  tests/sqlite/wal_follower_test.cpp
  tests/sqlite/wal_header_test.cpp
  tests/sqlite/wal_index_test.cpp
  tests/sqlite/wal_tail_test.cpp
  USES collectors_sqlite collectors_linux test_support)

unit_test(test_linux ONE_THREAD SOURCES
  tests/linux/atime_test.cpp
  tests/linux/block_device_test.cpp
  tests/linux/cgroup_files_test.cpp
  tests/linux/cgroup_hierarchy_test.cpp
  tests/linux/cgroup_namespace_test.cpp
  tests/linux/cgroup_path_test.cpp
  tests/linux/cgroup_test.cpp
  tests/linux/cpu_throttling_test.cpp
  tests/linux/descriptor_count_test.cpp
  tests/linux/elf_file_test.cpp
  tests/linux/file_test.cpp
  tests/linux/filesystem_status_test.cpp
  tests/linux/freezer_test.cpp
  tests/linux/inotify_events_test.cpp
  tests/linux/lock_probe_test.cpp
  tests/linux/lock_table_test.cpp
  tests/linux/mapped_code_test.cpp
  tests/linux/mount_table_test.cpp
  tests/linux/open_files_test.cpp
  tests/linux/open_table_test.cpp
  tests/linux/open_without_links_test.cpp
  tests/linux/path_translation_test.cpp
  tests/linux/pod_names_test.cpp
  tests/linux/process_files_test.cpp
  tests/linux/process_stat_test.cpp
  tests/linux/process_test.cpp
  tests/linux/readonly_mounts_test.cpp
  tests/linux/resolve_path_test.cpp
  tests/linux/text_file_test.cpp
  tests/linux/thread_activity_test.cpp
  tests/support/real_cgroup.cpp
  USES collectors_linux test_support)

# It takes a thousand locks: other tests would find /proc/locks of several pages, not of one moment.
if(TEST test_linux)
  set_tests_properties(test_linux PROPERTIES RUN_SERIAL TRUE)
endif()

unit_test(test_collectors ONE_THREAD SOURCES
  tests/collectors/batch_test.cpp
  tests/collectors/label_text_test.cpp
  tests/collectors/metric_test.cpp
  USES collectors_readings)
include(tests/compile_fail/targets.cmake)

# The observer without the daemon, over real databases.
unit_test(test_observer ONE_THREAD SOURCES
  tests/collectors/cgroup_kernel_test.cpp
  tests/collectors/cgroup_test.cpp
  tests/collectors/change_counter_test.cpp
  tests/collectors/checkpoint_watch_test.cpp
  tests/collectors/checkpoints_test.cpp
  tests/collectors/commits_test.cpp
  tests/collectors/database_state_test.cpp
  tests/collectors/database_test.cpp
  tests/collectors/encrypted_test.cpp
  tests/collectors/description_holders_test.cpp
  tests/collectors/epoch_test.cpp
  tests/collectors/exclusive_test.cpp
  tests/collectors/exclusive_watch_test.cpp
  tests/collectors/false_friends_test.cpp
  tests/collectors/file_mount_test.cpp
  tests/collectors/filesystem_test.cpp
  tests/collectors/held_locks_test.cpp
  tests/collectors/holder_libraries_test.cpp
  tests/collectors/holders_test.cpp
  tests/collectors/journal_watch_test.cpp
  tests/collectors/last_write_test.cpp
  tests/collectors/lock_time_test.cpp
  tests/collectors/locks_test.cpp
  tests/collectors/lost_locks_test.cpp
  tests/collectors/node_test.cpp
  tests/collectors/overwrite_watch_test.cpp
  tests/collectors/page_counts_test.cpp
  tests/collectors/process_condition_test.cpp
  tests/collectors/process_sqlite_test.cpp
  tests/collectors/reader_watch_test.cpp
  tests/collectors/readers_test.cpp
  tests/collectors/signs_of_life_test.cpp
  tests/collectors/replicator_test.cpp
  tests/collectors/sidecar_owner_test.cpp
  tests/collectors/sql_access_test.cpp
  tests/collectors/turn_watch_test.cpp
  tests/collectors/wal_agreement_test.cpp
  tests/collectors/wal_counters_test.cpp
  tests/collectors/wal_origin_test.cpp
  tests/collectors/wal_reset_test.cpp
  tests/collectors/foreign_wal_test.cpp
  tests/collectors/wal_watch_test.cpp
  tests/support/observer.cpp
  tests/support/real_cgroup.cpp
  USES collectors exporter_web test_support)

# What the observer says against what SQLite says, under load.
unit_test(test_truth SOURCES
  tests/truth/checkpoint_scene.cpp
  tests/truth/checkpoint_truth_test.cpp
  tests/truth/counter_truth_test.cpp
  tests/truth/exclusive_truth_test.cpp
  tests/truth/lock_time_truth_test.cpp
  tests/truth/page_one_truth_test.cpp
  tests/truth/sample_periods_truth_test.cpp
  tests/support/observer.cpp
  USES exporter_core test_support)

unit_test(test_inspect SOURCES
  tests/inspect/advice_test.cpp
  tests/inspect/holders_test.cpp
  tests/inspect/life_in_words_test.cpp
  tests/inspect/observation_test.cpp
  tests/inspect/report_json_test.cpp
  tests/inspect/report_text_test.cpp
  tests/inspect/risk_advice_test.cpp
  tests/inspect/words_test.cpp
  tests/support/looks.cpp
  USES inspect test_support)

unit_test(test_explain SOURCES
  tests/explain/culprit_test.cpp
  tests/explain/live_values_test.cpp
  tests/explain/placeholders_test.cpp
  tests/explain/runbooks_test.cpp
  tests/explain/terminal_text_test.cpp
  tests/support/looks.cpp
  USES explain test_support)

unit_test(test_selftest SOURCES
  tests/selftest/comparison_test.cpp
  tests/support/looks.cpp
  USES selftest test_support)

unit_test(test_core SOURCES
  tests/exporter/churn_log_test.cpp
  tests/exporter/cpu_budget_test.cpp
  tests/exporter/cpu_shortage_test.cpp
  tests/exporter/discoverer_files_test.cpp
  tests/exporter/discoverer_test.cpp
  tests/exporter/discovery_test.cpp
  tests/exporter/folder_watch_test.cpp
  tests/exporter/job_queue_test.cpp
  tests/exporter/judge_test.cpp
  tests/exporter/look_job_test.cpp
  tests/exporter/loop_test.cpp
  tests/exporter/name_match_test.cpp
  tests/exporter/node_paths_test.cpp
  tests/exporter/once_test.cpp
  tests/exporter/pass_findings_test.cpp
  tests/exporter/sampler_test.cpp
  tests/exporter/scheduler_test.cpp
  tests/exporter/shipped_config_test.cpp
  tests/exporter/subjects_test.cpp
  tests/exporter/thread_pool_test.cpp
  tests/exporter/thread_watch_test.cpp
  tests/exporter/walk_pause_test.cpp
  tests/exporter/walk_test.cpp
  tests/exporter/web_test.cpp
  tests/support/config_of.cpp
  tests/support/discover.cpp
  USES exporter_core test_support)
target_compile_definitions(test_core PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")

# The daemon's side of SQL.
unit_test(test_sql SOURCES
  tests/exporter/child_process_test.cpp
  tests/exporter/sql/messages_test.cpp
  tests/exporter/sql/query_readings_test.cpp
  tests/exporter/sql/sql_worker_test.cpp
  tests/exporter/sql/statement_guard_test.cpp
  tests/exporter/sql/sync_readings_test.cpp
  USES exporter_core test_support)

# The worker's, and what hands files to it.
unit_test(test_sql_worker SOURCES
  tests/exporter/sql/file_server_test.cpp
  tests/exporter/sql/worker/sandbox_test.cpp
  tests/exporter/sql/worker/statement_words_test.cpp
  tests/exporter/sql/worker/stillness_test.cpp
  USES sql_worker exporter_core test_support)

unit_test(test_web SOURCES
  tests/exporter/exposition_test.cpp
  tests/exporter/http_server_test.cpp
  tests/exporter/line_writer_test.cpp
  tests/exporter/log_test.cpp
  tests/exporter/own_metrics_test.cpp
  tests/exporter/rendered_labels_test.cpp
  tests/support/exposition_checks.cpp
  tests/support/http_client.cpp
  USES exporter_web)

add_executable(demo_child_program tests/demo/child_program.cpp)
target_link_libraries(demo_child_program PRIVATE demo_application)
unit_test(test_demo SOURCES
  tests/demo/cause_test.cpp
  tests/demo/children_test.cpp
  tests/demo/folder_test.cpp
  tests/demo/incident_kinds_test.cpp
  tests/demo/scene.cpp
  tests/demo/table_test.cpp
  USES demo)
target_compile_definitions(test_demo PRIVATE
  CHILD_PROGRAM="$<TARGET_FILE:demo_child_program>"
  SOURCE_DIR="${CMAKE_SOURCE_DIR}")
add_dependencies(test_demo demo_child_program)

unit_test(test_config SOURCES
  tests/exporter/command_line_test.cpp
  tests/exporter/config_discovery_test.cpp
  tests/exporter/config_keys_test.cpp
  tests/exporter/config_queries_test.cpp
  tests/exporter/config_sync_test.cpp
  tests/exporter/config_test.cpp
  tests/exporter/config_toml_test.cpp
  tests/exporter/describe_test.cpp
  tests/exporter/duration_test.cpp
  tests/exporter/load_config_test.cpp
  tests/exporter/naming_test.cpp
  tests/exporter/path_labels_test.cpp
  tests/exporter/percentage_test.cpp
  tests/exporter/quoted_test.cpp
  USES exporter_config test_support)

# The real program, from outside. A script that skips a test prints why.
set(e2e_environment
  SQLITE_EXPORTER=$<TARGET_FILE:sqlite_exporter>
  SQLITE_APP=$<TARGET_FILE:sqlite_app>
  PASSTHROUGH_FS=$<TARGET_FILE:passthrough_fs>
  SOURCE_DIR=${CMAKE_SOURCE_DIR}
  SANITIZED=${SANITIZE}
  PYTHONDONTWRITEBYTECODE=1)
# script_test(NAME SCRIPT [ARGUMENT...]): `SCRIPT` is in tests/.
function(script_test name script)
  add_test(NAME ${name} COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/${script} ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS e2e ENVIRONMENT "${e2e_environment}")
endfunction()

foreach(script alerts attribution cases_alerts cases_encrypted cases_files cases_locks
        cases_mounts cases_wal chart completion counters dashboards dashboards_data
        encrypted examples explain incident_demo incidents inspect interference libraries
        limits links many metrics node node_paths once pods program prometheus queries
        readme remount rescue risks rollback_reads runbooks selftest service_manager
        sql_worker stalls start starved states sync sync_worker units worker_promise)
  script_test(e2e_${script} e2e/${script}_test.py)
endforeach()
# What it tests is a hang: its own must not hold up the run.
set_tests_properties(e2e_remount e2e_stalls e2e_starved PROPERTIES TIMEOUT 900 LABELS "e2e;slow")
# They run no code of ours but `describe` and `check-config`, or none.
set_tests_properties(e2e_alerts e2e_cases_alerts e2e_chart e2e_dashboards e2e_examples e2e_units
  PROPERTIES LABELS "e2e;source")
# They wait for windows of rules, or for ages, and test no more code than the others.
set_tests_properties(e2e_cases_locks e2e_dashboards_data e2e_incidents PROPERTIES
  LABELS "e2e;slow")
# It counts databases; a sanitizer would find no more in 5,000 of them than in five.
set_tests_properties(e2e_many PROPERTIES LABELS "e2e;slow")
# Its image is of the release program.
set_tests_properties(e2e_pods PROPERTIES LABELS "e2e;slow")

# ctest begins with what takes longest; and this one takes a core for itself.
set_tests_properties(e2e_stalls PROPERTIES COST 150)
set_tests_properties(e2e_incidents e2e_dashboards_data e2e_cases_locks test_truth
  PROPERTIES COST 70)
set_tests_properties(e2e_alerts PROPERTIES COST 60 PROCESSORS 2)

# Writers and exporters are killed; each prints its seed.
foreach(script exporter writers)
  script_test(kills_${script} kills/${script}_test.py)
endforeach()

# Other builds and ports of SQLite, as far as a package brings them; and scenes held under load.
foreach(script ports soak)
  script_test(${script} ports/${script}_test.py)
  set_tests_properties(${script} PROPERTIES LABELS "e2e;slow")
endforeach()

# Live files are mutated where a sanitizer sees what comes of it: 2,000 times by `./dev mutate`.
if(SANITIZE MATCHES address)
  script_test(mutations mutations/mutate.py 200)
  set_tests_properties(mutations PROPERTIES LABELS "e2e;mutations")
endif()

# Benchmarks: built when asked for, never run as tests.
add_executable(bench_render EXCLUDE_FROM_ALL tests/bench/render.cpp)
target_link_libraries(bench_render PRIVATE exporter_web)
add_executable(bench_look EXCLUDE_FROM_ALL tests/bench/look.cpp)
target_link_libraries(bench_look PRIVATE collectors test_support)
add_executable(sqlite_writer EXCLUDE_FROM_ALL tests/bench/writer.cpp)
target_link_libraries(sqlite_writer PRIVATE SQLite::SQLite3)
add_custom_target(benchmarks DEPENDS bench_look bench_render sqlite_writer)

# SQLite is linked into the SQL worker and the demo's applications, and into nothing that observes.
set(observer_libraries "")
foreach(library collectors_sqlite collectors_linux collectors_readings collectors exporter_config
        exporter_web exporter_core inspect runbooks selftest explain sql_messages)
  list(APPEND observer_libraries $<TARGET_FILE:${library}>)
endforeach()
add_test(NAME links COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/links_test.py
  $<TARGET_FILE:sql_worker> ${observer_libraries})

# Rules about the sources themselves; label them so that sanitizer runs can leave them out.
foreach(rule format layers)
  add_test(NAME ${rule} COMMAND python3 ${CMAKE_SOURCE_DIR}/tests/${rule}_test.py)
  set_tests_properties(${rule} PROPERTIES LABELS source)
endforeach()
