include(GoogleTest)

# What every target of ours is compiled with. Libraries from elsewhere are SYSTEM includes.
add_library(ounce_options INTERFACE)
target_compile_options(ounce_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)
target_include_directories(ounce_options INTERFACE ${CMAKE_SOURCE_DIR}/src)

# ounce_module(NAME DEPS other modules LIBS libraries from elsewhere)
#
# Builds src/NAME/*.cpp as the library ounce_NAME and src/NAME/*_test.cpp as the program
# NAME_test. The include path is src/, so a header reads "vision/decode.hpp".
function(ounce_module NAME)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS;TEST_LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp)
  list(FILTER headers EXCLUDE REGEX "_test\\.hpp$")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")

  add_library(ounce_${NAME} STATIC ${sources})
  target_sources(ounce_${NAME} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${headers})
  list(TRANSFORM ARG_DEPS PREPEND ounce_ OUTPUT_VARIABLE modules)
  target_link_libraries(ounce_${NAME}
    PUBLIC ${modules} fmt::fmt tl::expected Threads::Threads
    PRIVATE ${ARG_LIBS} $<BUILD_INTERFACE:ounce_options>)
  target_include_directories(ounce_${NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src)

  if(tests)
    add_executable(${NAME}_test ${tests})
    target_link_libraries(${NAME}_test PRIVATE ounce_${NAME} ${ARG_LIBS} ${ARG_TEST_LIBS}
      ounce_options GTest::gmock GTest::gtest_main nlohmann_json::nlohmann_json)
    target_compile_definitions(${NAME}_test PRIVATE
      OUNCE_SOURCE_DIR="${CMAKE_SOURCE_DIR}" OUNCE_DEPS_DIR="${OUNCE_DEPS_DIR}"
      OUNCE_BINARY_DIR="${CMAKE_BINARY_DIR}")
    gtest_discover_tests(${NAME}_test TEST_PREFIX "${NAME}." DISCOVERY_MODE PRE_TEST
      PROPERTIES TIMEOUT 300)
  endif()
endfunction()
