#!/usr/bin/env bash
# Tries this tree in other Debian releases, each in a chroot of its own.
set -euo pipefail

usage() {
  cat << 'END'
usage: scripts/matrix.sh all                    trixie and forky, `./seglab test` in each
       scripts/matrix.sh SUITE [command...]     one of them; default command: ./seglab test
       scripts/matrix.sh --prepare SUITE...     only makes the chroots

  trixie, forky   Debian 13 and Debian's next release: packages and build folder are kept
  bookworm        Debian 12 as on a new machine, nothing installed: a fresh copy for every call;
                  scripts/matrix.sh bookworm sh -c './seglab run table2 && ./seglab test'

Needs root, debootstrap and the Debian mirror that this machine's apt uses. The tree is copied as
git sees it (tracked files and new ones that are not ignored), with ../shared, read-only, beside it
where it exists. One call at a time. Chroots and logs: $SEGLAB_MATRIX_DIR, default
/var/tmp/seglab-matrix; each chroot takes some GB; remove the folder when done.
END
}

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
folder=$(readlink -m "${SEGLAB_MATRIX_DIR:-/var/tmp/seglab-matrix}")
readonly root folder

say() { printf 'matrix: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The first Debian mirror in apt's sources, in either format.
mirror() {
  local uri
  uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
          2> /dev/null |
        sed -nE 's/^deb (\[[^]]*\] *)?([a-z+]+:[^ ]+) .*/\2/p; s/^URIs: *([^ ]+).*/\1/p' |
        grep -m 1 '/debian/\?$' || :)
  [[ -n $uri ]] || die "apt's sources on this machine name no Debian mirror"
  echo "$uri"
}

mounts_below() {
  awk -v below="$1/" 'index($2, below) == 1 { print $2 }' /proc/mounts | tac
}

unmount_below() {
  local mount
  while IFS= read -r mount; do
    umount "$mount" || umount --lazy "$mount"
  done < <(mounts_below "$1")
}

# Never through a mount: what is mounted belongs to the machine, not to the chroot.
remove() {
  unmount_below "$1"
  [[ -z $(mounts_below "$1") ]] || die "cannot remove $1: something is still mounted in it"
  rm -rf "$1"
}

# shellcheck disable=SC2317  # The trap calls it.
cleanup() {
  unmount_below "$folder"
  remove "$folder/bookworm.run"
}

prepare() {
  local suite=$1 chroot=$folder/$1 script=() uri
  if [[ -e $chroot/.prepared ]]; then return; fi
  uri=$(mirror)
  # Releases newer than this machine's debootstrap are made as testing is.
  if [[ ! -e /usr/share/debootstrap/scripts/$suite ]]; then
    script=(/usr/share/debootstrap/scripts/testing)
  fi
  say "making $chroot"
  remove "$chroot"
  nice debootstrap --variant=minbase --include=ca-certificates,git "$suite" "$chroot" "$uri" \
    "${script[@]}" > "$folder/$suite.debootstrap.log" 2>&1 < /dev/null ||
    die "debootstrap failed: $folder/$suite.debootstrap.log"
  touch "$chroot/.prepared"
}

table_row() {
  printf '%-9s | %-14s | %-10s | %-15s | %s\n' "$@"
}

version_in() {
  # shellcheck disable=SC2016  # dpkg-query expands it.
  chroot "$1" dpkg-query -W -f '${Version}' "$2" 2> /dev/null || echo -
}

# Runs the command in the suite's chroot; its row goes to the table.
try() {
  local suite=$1 chroot=$folder/$1 log=$folder/$1.log status=0 outcome environment=()
  shift
  prepare "$suite"
  if [[ $suite == bookworm ]]; then
    chroot=$folder/bookworm.run
    remove "$chroot"
    cp -a "$folder/bookworm" "$chroot"
  else
    environment=(SEGLAB_BUILD_DIR=/var/tmp/seglab-build)
  fi

  cp -L /etc/resolv.conf "$chroot/etc/resolv.conf"
  apt-config dump --format '%f "%v";%n' |
    grep -E '^Acquire::(Check|http|https|Retries)' > "$chroot/etc/apt/apt.conf.d/90host" || :
  remove "$chroot/src"
  mkdir -p "$chroot/src/main" "$chroot/src/shared" "$chroot/dev/shm"
  git -C "$root" ls-files -z --cached --others --exclude-standard |
    tar -C "$root" --null --ignore-failed-read --files-from=- -cf - 2> /dev/null |
    tar -C "$chroot/src/main" --no-same-owner -xf -
  mount -t proc proc "$chroot/proc"
  mount -t tmpfs tmpfs "$chroot/dev/shm"
  if [[ -d $root/../shared ]]; then
    mount --bind "$root/../shared" "$chroot/src/shared"
    mount -o remount,bind,ro "$chroot/src/shared"
  else
    rmdir "$chroot/src/shared"
  fi

  say "$suite: $* (log: $log)"
  nice chroot "$chroot" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${environment[@]}" \
    CI=true SEGLAB_CMAKE_ARGS="${SEGLAB_CMAKE_ARGS-}" \
    ${CMAKE_BUILD_PARALLEL_LEVEL:+CMAKE_BUILD_PARALLEL_LEVEL="$CMAKE_BUILD_PARALLEL_LEVEL"} \
    sh -c 'cd /src/main && exec "$@"' sh "$@" < /dev/null 2>&1 | tee "$log" || status=$?
  outcome=$(grep -aE '^[0-9]+% tests passed' "$log" | tail -n 1 || :)
  rows+=("$(table_row "$suite" "$(version_in "$chroot" libtorch-dev)" \
    "$(version_in "$chroot" g++)" "$(version_in "$chroot" libopencv-dev)" \
    "exit $status${outcome:+, $outcome}")")
  if ((status != 0)); then failed=1; fi
  unmount_below "$chroot"
}

case ${1-} in
  '' | -h | --help) usage; exit $(($# == 0 ? 2 : 0)) ;;
  all) suites=(trixie forky) ;;
  --prepare) suites=("${@:2}") ;;
  *) suites=("$1") ;;
esac
for suite in "${suites[@]}"; do
  case $suite in
    bookworm | trixie | forky) ;;
    *) usage >&2; die "unknown suite '$suite'" ;;
  esac
done
((EUID == 0)) || die "needs root: chroot, mount"
command -v debootstrap > /dev/null || die "needs debootstrap: apt-get install debootstrap"
[[ $folder != *[[:space:]]* ]] || die "SEGLAB_MATRIX_DIR must have no blanks in it: $folder"
mkdir -p "$folder"
exec 9> "$folder/lock"
flock -n 9 || die "another matrix.sh works in $folder"

if [[ $1 == --prepare ]]; then
  for suite in "${suites[@]}"; do prepare "$suite"; done
  exit
fi
command=("${@:2}")
if ((${#command[@]} == 0)); then command=(./seglab test); fi
rows=()
failed=0
trap cleanup EXIT
trap 'exit 130' INT TERM
for suite in "${suites[@]}"; do try "$suite" "${command[@]}"; done
echo
table_row suite LibTorch g++ OpenCV outcome
printf '%s\n' "${rows[@]}"
exit "$failed"
