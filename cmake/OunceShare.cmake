# ounce_share(FROM a file that setup/ fetched, TO its name under share/ounce)
#
# Links the file to build/PRESET/share/ounce/, where the programs of build/PRESET/bin look for it (see
# base/install.hpp), and installs a copy. Where the file is missing it says so and goes on: the program then
# uses what the system has, or its error tells what to do.
function(ounce_share)
  cmake_parse_arguments(ARG "" "FROM;TO" "" ${ARGN})
  get_filename_component(folder ${ARG_TO} DIRECTORY)
  if(NOT EXISTS ${ARG_FROM})
    message(STATUS "${ARG_FROM} is missing (setup/ fetches it): share/ounce/${ARG_TO} is left out")
    return()
  endif()
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/ounce/${folder})
  file(CREATE_LINK ${ARG_FROM} ${CMAKE_BINARY_DIR}/share/ounce/${ARG_TO} SYMBOLIC)
  get_filename_component(name ${ARG_TO} NAME)
  file(REAL_PATH ${ARG_FROM} real)
  install(FILES ${real} DESTINATION share/ounce/${folder} RENAME ${name})
endfunction()
