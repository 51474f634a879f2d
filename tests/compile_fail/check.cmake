# Compiles SOURCE with -DCASE=...: it must fail with MESSAGE, or compile if there is no MESSAGE.
execute_process(
  COMMAND ${COMPILER} -std=c++20 -fsyntax-only -I${INCLUDE} "-DCASE=${CASE}" ${SOURCE}
  RESULT_VARIABLE status
  ERROR_VARIABLE output
  OUTPUT_QUIET)

if(NOT MESSAGE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "does not compile:\n${output}")
  endif()
elseif(status EQUAL 0)
  message(FATAL_ERROR "compiles, but should be refused: ${MESSAGE}")
else()
  string(FIND "${output}" "${MESSAGE}" found)
  if(found EQUAL -1)
    message(FATAL_ERROR "is refused without \"${MESSAGE}\":\n${output}")
  endif()
endif()
