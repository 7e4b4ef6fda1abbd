#!/usr/bin/env bash
# Runs clang-tidy (.clang-tidy) with the compile commands of the preset `tidy`.
set -euo pipefail

usage() {
  cat << 'END'
usage: scripts/tidy.sh [--all | --since REVISION | file...]

  no argument        what differs from the last commit, new files too; a header stands for the
                     source beside it
  --since REVISION   what differs from that revision
  --all              every source: more than an hour on two cores
  CLANG_TIDY         the clang-tidy to use; default: clang-tidy
  SEGLAB_TIDY_DIR    build folder; default build/tidy; it is only configured

Exit status: 0 nothing found, 1 something found, 2 it could not run.
END
}

die() { printf 'tidy.sh: %s\n' "$*" >&2; exit 2; }

cd "$(dirname "$(readlink -f "$0")")/.."
changed() {
  git diff -z --name-only "$1" -- '*.cpp' '*.h'
  git ls-files -z --others --exclude-standard '*.cpp' '*.h'
}
files=()
case ${1-} in
  -h | --help) usage; exit ;;
  --all) mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard '*.cpp') ;;
  --since)
    git rev-parse --quiet --verify "${2-}^{commit}" > /dev/null || die "no revision '${2-}'"
    mapfile -d '' -t files < <(changed "$2") ;;
  '') mapfile -d '' -t files < <(changed HEAD) ;;
  -*) usage >&2; exit 2 ;;
  *) files=("$@") ;;
esac

tidy=${CLANG_TIDY:-clang-tidy}
command -v "$tidy" > /dev/null || die "$tidy was not found; apt-get install clang-tidy"
build=${SEGLAB_TIDY_DIR:-build/tidy}
mkdir -p "$build"
cmake --preset tidy -B "$build" > "$build/configure.log" 2>&1 ||
  { tail -n 20 "$build/configure.log" >&2; die "CMake could not configure $build"; }

# Only what the project builds has compile commands.
declare -A chosen=()
for file in "${files[@]}"; do
  file=$(realpath -m --relative-to=. "${file%.h}")
  file=${file%.cpp}.cpp
  if [[ -e $file ]] && grep -qF "\"file\": \"$PWD/$file\"" "$build/compile_commands.json"; then
    chosen[$file]=1
  fi
done
if ((${#chosen[@]} == 0)); then
  echo "tidy.sh: no source to look at" >&2
  exit
fi
printf 'tidy.sh: %d sources, %d at a time\n' "${#chosen[@]}" "$(scripts/jobs.sh)" >&2

# Commands are those of the compiler that configured, clang knows not all of GCC's warnings. For the
# header that is included first see its comment.
printf '%s\0' "${!chosen[@]}" | sort -z |
  xargs -0 -n 1 -P "$(scripts/jobs.sh)" "$tidy" -p "$build" --quiet \
    --extra-arg=-Wno-unknown-warning-option --extra-arg="-include$PWD/fuzz/clang_vector.h" \
    > "$build/findings.log" 2> "$build/errors.log" || :
# A finding in a header is found by every source that includes it.
awk '/^\/.*: (warning|error): / { show = !seen[$0]++ } show' "$build/findings.log" |
  sed "s|^$PWD/||"
count=$(grep -E '^/.*: (warning|error): ' "$build/findings.log" | sort -u | wc -l || :)
printf 'tidy.sh: %d findings\n' "$count" >&2
if ((count > 0)); then exit 1; fi
if grep -q '^Error' "$build/errors.log"; then
  grep '^Error' "$build/errors.log" >&2
  exit 2
fi
