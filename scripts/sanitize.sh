#!/usr/bin/env bash
# Builds and tests with the sanitizers, preset by preset.
set -euo pipefail

usage() {
  cat << 'END'
usage: scripts/sanitize.sh [asan | tsan]... [-- argument of ctest...]

  asan   AddressSanitizer and UndefinedBehaviorSanitizer over everything
  tsan   ThreadSanitizer over the rooms without LibTorch, whose own threads it cannot see
  none named: both

Build folders: build/asan, build/tsan. Example: scripts/sanitize.sh asan -- -L unit
Exit status: 0 all is well, 1 a test failed, 2 a build failed.
END
}

presets=()
while (($# > 0)); do
  case $1 in
    -h | --help) usage; exit ;;
    asan | tsan) presets+=("$1") ;;
    --) shift; break ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
if ((${#presets[@]} == 0)); then presets=(tsan asan); fi  # The quick one first.

cd "$(dirname "$(readlink -f "$0")")/.."
status=0
for preset in "${presets[@]}"; do
  echo "sanitize.sh: $preset" >&2
  cmake --preset "$preset" > /dev/null || exit 2
  cmake --build --preset "$preset" --parallel "$(scripts/jobs.sh 2048)" || exit 2
  ctest --preset "$preset" "$@" || status=1
done
exit "$status"
