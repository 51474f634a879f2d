# Writes runbook_texts.cpp: the pages of docs/runbooks as constants, in the order of their names.
# cmake -DFOLDER=docs/runbooks -DNAMES="A;B" -DOUTPUT=runbook_texts.cpp -P generate.cmake
list(SORT NAMES)
set(source "#include \"exporter/runbooks/runbooks.h\"\n\n#include <array>\n\n")
string(APPEND source "namespace sqlite_exporter {\n\nnamespace {\n\nconstexpr auto kRunbooks = ")
string(APPEND source "std::to_array<Runbook>({\n")
foreach(name IN LISTS NAMES)
  file(READ "${FOLDER}/${name}.md" text)
  string(APPEND source "    {\"${name}\", R\"runbook(${text})runbook\"},\n")
endforeach()
string(APPEND source "});\n\n}  // namespace\n\nstd::span<const Runbook> all_runbooks() ")
string(APPEND source "{ return kRunbooks; }\n\n}  // namespace sqlite_exporter\n")
file(WRITE "${OUTPUT}" "${source}")
