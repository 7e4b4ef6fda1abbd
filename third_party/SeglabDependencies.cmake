# Every dependency of the rooms, with its minimum version, found and wrapped under one name. Nothing
# is copied in. Read by SeglabThirdParty.cmake and, installed, by seglabConfig.cmake: whoever
# links a room needs the same.
#
#   seglab::json      nlohmann_json           >= 3.10
#   seglab::xxhash    xxHash                  >= 0.8    to recognise equal content
#   seglab::crypto    OpenSSL's libcrypto     >= 1.1    SHA-256
#   seglab::highway   Highway                 >= 1.0    SIMD with dispatch at run time
#   seglab::boost_math Boost.Math             >= 1.71   distributions of statistics; headers alone
#   seglab::torch     LibTorch                >= 1.13   any build: CPU, CUDA; found through CMAKE_PREFIX_PATH
#   seglab::onednn    oneDNN                  >= 2.6    only where LibTorch is linked to it; SEGLAB_ONEDNN says so
#   seglab::opencv    OpenCV core, imgproc, imgcodecs >= 4.5
#   seglab::png       libpng                  >= 1.6    palette masks as indices
#   seglab::jpeg      libjpeg-turbo           >= 2.0    its warnings, which OpenCV hides
#   seglab::matio     matio                   >= 1.5    tests alone: writes the .mat files that ours reads
#   seglab::liblinear liblinear               >= 2.30   linear SVMs and regressors of regions
#   seglab::zlib      zlib                    >= 1.2    files of region proposals
#
# What is not found is listed in seglab_missing, one text each; seglab_complain makes a message.

set(seglab_missing "")

# seglab_miss(<name and version> <Debian's package> [<where else it may stand>])
macro(seglab_miss name debian)
  string(APPEND seglab_missing "  ${name}\n"
    "    Debian/Ubuntu: apt-get install ${debian}   (the launcher ./seglab does this by itself)\n")
  if(${ARGC} GREATER 2)
    string(APPEND seglab_missing "    ${ARGN}\n")
  else()
    string(APPEND seglab_missing "    elsewhere:     name its folder with -DCMAKE_PREFIX_PATH=...\n")
  endif()
endmacro()

macro(seglab_require name package version debian)
  find_package(${package} ${version} QUIET ${ARGN})
  if(NOT ${package}_FOUND)
    seglab_miss("${name} >= ${version}" "${debian}")
  endif()
endmacro()

# seglab_wrap(<name> [LIBRARIES <library>...] [INCLUDES <folder>...] [OPTIONS <compile option>...])
#   Target seglab::<name>. It is imported, so that it may stand in what the rooms export.
function(seglab_wrap name)
  cmake_parse_arguments(arg "" "" "LIBRARIES;INCLUDES;OPTIONS" ${ARGN})
  if(TARGET seglab::${name})
    return()
  endif()
  add_library(seglab::${name} INTERFACE IMPORTED)
  target_link_libraries(seglab::${name} INTERFACE ${arg_LIBRARIES})
  target_include_directories(seglab::${name} SYSTEM INTERFACE ${arg_INCLUDES})
  target_compile_options(seglab::${name} INTERFACE ${arg_OPTIONS})
endfunction()

# seglab_find(<name> <name and version> <header> <library> <Debian's package>)
#   For libraries without a package file. Target seglab::<name>.
macro(seglab_find name text header library debian)
  string(TOUPPER ${name} seglab_upper)
  find_path(${seglab_upper}_INCLUDE_DIR ${header})
  find_library(${seglab_upper}_LIBRARY ${library})
  mark_as_advanced(${seglab_upper}_INCLUDE_DIR ${seglab_upper}_LIBRARY)
  if(${seglab_upper}_INCLUDE_DIR AND ${seglab_upper}_LIBRARY)
    seglab_wrap(${name} LIBRARIES ${${seglab_upper}_LIBRARY}
                INCLUDES ${${seglab_upper}_INCLUDE_DIR})
  else()
    seglab_miss("${text}" ${debian})
  endif()
endmacro()

# seglab_complain(<variable>)
#   The message about seglab_missing; empty where all was found.
function(seglab_complain variable)
  set(text "")
  if(seglab_missing)
    set(text "seglab needs what is not here:\n${seglab_missing}")
  endif()
  set(${variable} "${text}" PARENT_SCOPE)
endfunction()

# seglab_judge_torch(<variable>)
#   Why the LibTorch that was found will not do; empty where it will. Its package file asks for no
#   version, and says nothing of the ABI but in its flags.
function(seglab_judge_torch variable)
  set(fault "")
  if(NOT Torch_FOUND)
    set(fault "none was found")
  elseif(Torch_VERSION AND Torch_VERSION VERSION_LESS 1.13)
    set(fault "${Torch_VERSION} was found in ${Torch_DIR}, it is too old")
  elseif(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
    set(fault "${Torch_VERSION} was found in ${Torch_DIR}, \
it was built for the C++ library's old ABI, as wheels were before 2.7")
  endif()
  set(${variable} "${fault}" PARENT_SCOPE)
endfunction()

find_package(Threads REQUIRED)
seglab_require("nlohmann_json" nlohmann_json 3.10 nlohmann-json3-dev)
seglab_wrap(json LIBRARIES nlohmann_json::nlohmann_json)
seglab_find(xxhash "xxHash >= 0.8" xxhash.h xxhash libxxhash-dev)
seglab_find(crypto "OpenSSL >= 1.1" openssl/evp.h crypto libssl-dev)
seglab_find(highway "Highway >= 1.0" hwy/highway.h hwy libhwy-dev)

if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost's own package file instead of CMake's FindBoost
endif()
seglab_require("Boost.Math" Boost 1.71 libboost-math-dev)
seglab_wrap(boost_math LIBRARIES Boost::headers)

if(NOT SEGLAB_BASE_ONLY)
  # LibTorch's own package file sets no minimum version and no imported target in its old builds.
  find_package(Torch QUIET)
  seglab_judge_torch(seglab_torch_fault)
  if(NOT seglab_torch_fault)
    separate_arguments(seglab_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
    seglab_wrap(torch LIBRARIES ${TORCH_LIBRARIES} INCLUDES ${TORCH_INCLUDE_DIRS}
                OPTIONS ${seglab_torch_flags})
  else()
    string(APPEND seglab_missing "  LibTorch >= 1.13; ${seglab_torch_fault}\n"
      "    Debian >= 12:  apt-get install libtorch-dev   (the launcher ./seglab does this by itself)\n"
      "    elsewhere:     python3 -m venv venv && venv/bin/pip install torch (the CPU build)\n"
      "                   or conda install pytorch; then\
 -DCMAKE_PREFIX_PATH=$(venv/bin/python3 -c 'import torch; print(torch.utils.cmake_prefix_path)')\n")
  endif()

  # Of a LibTorch that has oneDNN within itself (the wheels), the system's would be a second one, of
  # another release under the same names.
  # The installed package says what the rooms were built with.
  seglab_wrap(onednn)
  find_package(dnnl 2.6 QUIET)
  if(NOT dnnl_FOUND)
    find_package(dnnl 3.0 QUIET)
  endif()
  if(NOT DEFINED SEGLAB_HAS_ONEDNN)
    set(SEGLAB_HAS_ONEDNN FALSE)
    find_library(SEGLAB_TORCH_CPU torch_cpu HINTS ${TORCH_INSTALL_PREFIX}/lib NO_CACHE)
    if(dnnl_FOUND AND SEGLAB_TORCH_CPU AND CMAKE_READELF)
      execute_process(COMMAND ${CMAKE_READELF} -d ${SEGLAB_TORCH_CPU}
                      OUTPUT_VARIABLE seglab_needed ERROR_QUIET)
      string(REGEX MATCH "^[0-9]+" seglab_major "${dnnl_VERSION}")
      if(seglab_needed MATCHES "libdnnl\\.so\\.${seglab_major}[^0-9]")
        set(SEGLAB_HAS_ONEDNN TRUE)
      endif()
    endif()
  endif()
  if(SEGLAB_HAS_ONEDNN AND NOT dnnl_FOUND)
    seglab_miss("oneDNN, the one of LibTorch" "libdnnl-dev ocl-icd-opencl-dev")
  elseif(SEGLAB_HAS_ONEDNN)
    target_link_libraries(seglab::onednn INTERFACE DNNL::dnnl)
    target_compile_definitions(seglab::onednn INTERFACE SEGLAB_ONEDNN=1)
  endif()

  seglab_require("OpenCV" OpenCV 4.5 libopencv-dev COMPONENTS core imgproc imgcodecs)
  seglab_wrap(opencv LIBRARIES opencv_core opencv_imgproc opencv_imgcodecs
              INCLUDES ${OpenCV_INCLUDE_DIRS})

  seglab_require("libpng" PNG 1.6 libpng-dev)
  seglab_wrap(png LIBRARIES PNG::PNG)
  # libjpeg's version is that of its interface, 62 or 80, whatever implements it.
  seglab_require("libjpeg" JPEG 62 libjpeg-dev)
  seglab_wrap(jpeg LIBRARIES JPEG::JPEG)
  seglab_require("zlib" ZLIB 1.2 zlib1g-dev)
  seglab_wrap(zlib LIBRARIES ZLIB::ZLIB)
  if(SEGLAB_TESTS)
    seglab_find(matio "matio >= 1.5" matio.h matio libmatio-dev)
  endif()
  seglab_find(liblinear "liblinear >= 2.30" linear.h linear liblinear-dev)
endif()
