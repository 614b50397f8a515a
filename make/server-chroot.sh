#!/usr/bin/env bash
# Other releases of PostgreSQL to test with: Debian systems in folders, each with a server, the
# compilers and libraries of its release, made once and kept.
#   make/server-chroot.sh make MAJOR                  makes the folder, or finds it complete
#   make/server-chroot.sh run MAJOR COMMAND...        runs the command in it, in / and as root
#   make/server-chroot.sh path MAJOR                  prints where it is
# MAJOR is 15 (bookworm), 17 (trixie), 18 (forky) or 19 (sid with experimental).
#   VG_SERVERS_DIR       where the folders are kept, by default /var/cache/vectorgraph-servers
#   VG_SERVERS_TIMEOUT   seconds that making one may take, by default 900
#   VG_SERVERS_BARE=1    the bare system without server and compilers, as a new machine has it
# Packages come from the mirror that this machine's apt uses, checked with Debian's keys. Exit code
# 75: it cannot be done here and now (not root, no mirror), which is said; 1: something is broken.
# A folder belongs to one maker at a time (flock); what runs in it has mounts and processes of its own,
# which end with the command.
set -euo pipefail
usage() { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
verb=$1 major=$2
shift 2

case $major in
    15) suite=bookworm ;;
    17) suite=trixie ;;
    18) suite=forky ;;
    19) suite=sid ;;
    *) usage ;;
esac
servers=${VG_SERVERS_DIR:-/var/cache/vectorgraph-servers}
root=$servers/$major
# shellcheck source=make/packages.sh
. "$(dirname "$0")/packages.sh"
packages=("postgresql-$major" "postgresql-server-dev-$major" "postgresql-plpython3-$major"
    "${vg_build_packages[@]}" "${vg_test_packages[@]}" libpq-dev)
[ -z "${VG_SERVERS_BARE:-}" ] || packages=()
# A folder made by another recipe is made anew.
recipe="$suite $(printf '%s\n' "${packages[@]}" | sort | tr '\n' ' ')"

# Says why nothing can be made here and ends.
cannot() {
    echo "PostgreSQL $major: $*"
    exit 75
}

complete() { [ "$(cat "$root/etc/vectorgraph-server" 2>/dev/null)" = "$recipe" ]; }

# mirror archive|security: the address that apt takes Debian's own packages from, or their security updates.
mirror() {
    apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(SUITE)|$(REPO_URI)' 'Created-By: Packages' |
        awk -F'|' -v wanted="$1" '$1 == "Debian" && $2 == "main" && ($3 ~ /security/) == (wanted == "security") {
            sub("/$", "", $4); print $4; exit }'
}

inside() {
    chroot "$1" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${@:2}"
}

# What a new system needs before packages are put in: no servers that start by themselves, no
# documentation, no waiting for the disk, and this machine's way to the network.
prepare() {
    local new=$1
    printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
    chmod 755 "$new/usr/sbin/policy-rc.d"
    mkdir -p "$new/etc/postgresql-common" "$new/etc/dpkg/dpkg.cfg.d"
    echo 'create_main_cluster = false' >"$new/etc/postgresql-common/createcluster.conf"
    printf '%s\n' force-unsafe-io 'path-exclude=/usr/share/doc/*' 'path-exclude=/usr/share/man/*' \
        >"$new/etc/dpkg/dpkg.cfg.d/small"
    apt-config dump | grep -E '^Acquire::(http|https|Retries)' >"$new/etc/apt/apt.conf.d/90host" || true
    cp /etc/resolv.conf /etc/hosts "$new/etc/"
    local security
    security=$(mirror security 2>/dev/null) || true
    case $suite in
        bookworm | trixie)
            [ -z "$security" ] || echo "deb $security $suite-security main" >"$new/etc/apt/sources.list.d/security.list"
            ;;
    esac
    if [ "$major" = 19 ]; then  # nothing else comes from experimental, which holds parts of other releases too
        sed 's/ sid / experimental /' "$new/etc/apt/sources.list" >"$new/etc/apt/sources.list.d/experimental.list"
        printf '%s\n' 'Package: postgresql* libpq* libecpg* libpgtypes* libpgport*' \
            'Pin: release a=experimental' 'Pin-Priority: 900' >"$new/etc/apt/preferences.d/experimental"
    fi
}

# A snapshot of a moving release stays good after its Release file has expired; the signature is
# checked all the same.
update_lists() {
    local new=$1 said
    said=$(inside "$new" apt-get update 2>&1) && ! grep -q 'is expired' <<<"$said" && return
    grep -q 'is expired\|is not valid yet' <<<"$said" || { printf '%s\n' "$said"; return 1; }
    echo "PostgreSQL $major: the Release file of $suite has expired, its date is not looked at"
    printf '%s\n' 'Acquire::Check-Valid-Until "false";' 'Acquire::Check-Date "false";' \
        >"$new/etc/apt/apt.conf.d/91expired"
    inside "$new" apt-get update
}

build() {
    local new=$1 address=$2 script=/usr/share/debootstrap/scripts/$suite
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    debootstrap --variant=minbase "$suite" "$new" "$address" "$script" </dev/null || return 1
    prepare "$new"
    mount -t proc proc "$new/proc"
    update_lists "$new" || return 1
    [ ${#packages[@]} -eq 0 ] ||
        inside "$new" apt-get install -y -q --no-install-recommends "${packages[@]}" </dev/null || return 1
    inside "$new" apt-get clean
    printf '%s\n' "$recipe" >"$new/etc/vectorgraph-server"
}

make_root() {
    [ "$(id -u)" -eq 0 ] || cannot "only root can make a system in a folder and work in it"
    complete && return
    command -v debootstrap >/dev/null || cannot "debootstrap is not installed"
    unshare --mount --pid --fork true 2>/dev/null || cannot "this machine allows no mounts of one's own"
    local address
    address=$(mirror archive 2>/dev/null) || true
    [ -n "$address" ] || cannot "apt knows no mirror of Debian (run apt-get update)"
    mkdir -p "$servers"
    exec 9>"$root.lock"
    flock 9
    complete && return
    rm -rf --one-file-system "$root" "$root.new"
    local start=$SECONDS rc=0
    export -f build prepare update_lists inside mirror
    export major suite recipe
    timeout --kill-after=10 "${VG_SERVERS_TIMEOUT:-900}" \
        unshare --mount --pid --fork --kill-child bash -c "set -euo pipefail; packages=(${packages[*]})
            build \"\$1\" \"\$2\"" build "$root.new" "$address" >"$root.log" 2>&1 9>&- || rc=$?
    if [ $rc -ne 0 ]; then
        tail -n 5 "$root.log"
        rm -rf --one-file-system "$root.new"
        cannot "$suite could not be installed from apt's mirror (all of it in $root.log)"
    fi
    mv "$root.new" "$root"
    grep 'its date is not looked at' "$root.log" || true
    echo "PostgreSQL $major: made in $((SECONDS - start)) s, $(du -shx "$root" | cut -f1)"
}

run() {
    [ "$(id -u)" -eq 0 ] || cannot "only root can work in $root"
    complete || cannot "$root is not there: make/server-chroot.sh make $major"
    export -f inside
    exec unshare --mount --pid --fork --kill-child bash -c 'set -e
        mount -t proc proc "$1/proc"
        mount -t tmpfs tmpfs "$1/dev/shm"
        inside "$@"' run "$root" "$@"
}

case $verb in
    make) make_root ;;
    run) [ $# -gt 0 ] || usage; run "$@" ;;
    path) echo "$root" ;;
    *) usage ;;
esac
