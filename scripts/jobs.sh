#!/usr/bin/env bash
# How many compilers fit beside each other: as many as cores, or fewer where memory is short.
set -euo pipefail

usage() {
  cat << 'END'
usage: scripts/jobs.sh [MIB]      prints a number, for -j and -P

  MIB   what one takes at its worst; default 1536, a file that includes LibTorch
  CMAKE_BUILD_PARALLEL_LEVEL    this number instead
END
}

case ${1-} in
  -h | --help) usage; exit ;;
  '' | [1-9]*) ;;
  *) usage >&2; exit 2 ;;
esac
if [[ -n ${CMAKE_BUILD_PARALLEL_LEVEL-} ]]; then
  echo "$CMAKE_BUILD_PARALLEL_LEVEL"
  exit
fi
cores=$(nproc 2> /dev/null || getconf _NPROCESSORS_ONLN)
free=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo 2> /dev/null || :)  # KiB
fit=$((${free:-0} == 0 ? cores : free / (1024 * ${1:-1536})))
if ((fit < 1)); then fit=1; fi
echo $((fit < cores ? fit : cores))
