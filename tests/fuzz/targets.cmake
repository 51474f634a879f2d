# The fuzz targets (cmake -DFUZZ=ON with clang++) and the seeds that their corpora begin with.
add_library(fuzz_fixtures STATIC tests/support/sqlite_fixtures.cpp)
target_link_libraries(fuzz_fixtures PUBLIC collectors_sqlite)

function(fuzz_target parser)
  add_executable(fuzz_${parser} tests/fuzz/${parser}_fuzz.cpp)
  target_link_libraries(fuzz_${parser} PRIVATE fuzz_fixtures collectors_linux)
  target_link_options(fuzz_${parser} PRIVATE -fsanitize=fuzzer,address,undefined)
endfunction()

fuzz_target(cgroup_files)
fuzz_target(cgroup_hierarchy)
fuzz_target(cgroup_namespace)
fuzz_target(cgroup_path)
fuzz_target(database_header)
fuzz_target(descriptor_count)
fuzz_target(encrypted)
fuzz_target(file_head)
fuzz_target(inotify_events)
fuzz_target(lock_table)
fuzz_target(messages)
target_link_libraries(fuzz_messages PRIVATE sql_messages)
fuzz_target(open_files)
fuzz_target(page_one)
fuzz_target(path_translation)
fuzz_target(pod_names)
fuzz_target(process)
fuzz_target(process_files)
fuzz_target(process_stat)
fuzz_target(super_journal)
fuzz_target(wal_chain)
fuzz_target(wal_header)
fuzz_target(wal_index)
fuzz_target(wal_tail)

# Not named fuzz_*: those are the programs that `./dev fuzz` runs.
add_executable(seed_corpora tests/fuzz/seed_corpora.cpp)
target_link_libraries(seed_corpora PRIVATE fuzz_fixtures)
target_link_options(seed_corpora PRIVATE -fsanitize=address,undefined)
add_custom_command(OUTPUT corpus/seeds.stamp
  COMMAND seed_corpora ${CMAKE_BINARY_DIR}/corpus
  COMMAND ${CMAKE_COMMAND} -E touch corpus/seeds.stamp
  DEPENDS seed_corpora)
add_custom_target(fuzz_seeds ALL DEPENDS corpus/seeds.stamp)
