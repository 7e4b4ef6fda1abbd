#!/usr/bin/env bash
# Formats the C++ files of the project with .clang-format.
set -euo pipefail

usage() {
  cat << 'END'
usage: scripts/format.sh [--check] [file...]

  no file     every C++ file that git does not ignore
  --check     changes nothing; names what is not formatted and exits 1
  CLANG_FORMAT  the clang-format to use; default: clang-format
END
}

mode=(-i)
case ${1-} in
  -h | --help) usage; exit ;;
  --check) mode=(--dry-run --Werror); shift ;;
  -*) usage >&2; exit 2 ;;
esac
clang_format=${CLANG_FORMAT:-clang-format}
if ! command -v "$clang_format" > /dev/null; then
  echo "format.sh: $clang_format was not found; apt-get install clang-format" >&2
  exit 2
fi

if (($# == 0)); then
  cd "$(dirname "$(readlink -f "$0")")/.."
  mapfile -d '' -t files < <(git ls-files -z --cached --others --exclude-standard '*.cpp' '*.h')
  for file in "${files[@]}"; do
    if [[ -e $file ]]; then set -- "$@" "$file"; fi  # A deleted file stays listed until the commit.
  done
fi
if (($# > 0)); then "$clang_format" "${mode[@]}" "$@"; fi
