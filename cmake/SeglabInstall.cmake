# What find_package(seglab) reads: the rooms' targets, seglab::<room>, and what they depend on. The
# rooms install themselves, see SeglabRoom.cmake.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/seglab)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/seglabConfig.cmake.in
  ${PROJECT_BINARY_DIR}/seglabConfig.cmake INSTALL_DESTINATION ${package_folder})
# Before 1.0 every minor version may change what others see.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/seglabConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/seglabConfig.cmake
              ${PROJECT_BINARY_DIR}/seglabConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/third_party/SeglabDependencies.cmake
        DESTINATION ${package_folder})
install(EXPORT seglabTargets NAMESPACE seglab:: DESTINATION ${package_folder})
