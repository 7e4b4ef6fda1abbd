#!/usr/bin/env bash
# Tries the last commit as somebody gets it who has just cloned it: no build folder, no compiler
# cache, no file that was never committed. Packages stay as they are on this machine; a machine with
# none of them: scripts/matrix.sh bookworm.
set -euo pipefail

usage() {
  cat << 'END'
usage: scripts/fresh.sh [command...]      default: .ci/run

Clones HEAD into a temporary folder, links ../shared beside it where it exists, runs the command in
the clone, says what the command left in it that git does not ignore, removes the folder.
END
}

case ${1-} in
  -h | --help) usage; exit ;;
esac
if (($# == 0)); then set -- .ci/run; fi

root=$(dirname "$(dirname "$(readlink -f "$0")")")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
git clone --quiet "$root" "$folder/main"
if [[ -d $root/../shared ]]; then ln -s "$(readlink -f "$root/../shared")" "$folder/shared"; fi
if [[ -n $(git -C "$root" status --porcelain) ]]; then
  echo "fresh.sh: the working tree has changes that are not committed: they are not tried" >&2
fi

cd "$folder/main"
status=0
CCACHE_DISABLE=1 "$@" || status=$?
left=$(git status --porcelain)
if [[ -n $left ]]; then
  printf 'fresh.sh: the command left files that git does not ignore:\n%s\n' "$left" >&2
  status=1
fi
exit "$status"
