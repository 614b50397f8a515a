#!/usr/bin/env bash
# Debian packages: built, looked at by lintian, installed on a bare system and tried.
#   make/deb.sh build               on this system, for the server of its release, into build/deb/
#   make/deb.sh servers [MAJOR...]  build in the folders of make/server-chroot.sh (by default 17 and
#                                   18), then try each in a bare system of its release, into
#                                   build/deb/MAJOR/; those that cannot be had are said
#   make/deb.sh try MAJOR           the last part of it: apt-get install, README's first statements
# Packages that the build needs are installed where root asks.
#   VG_JOBS             processes of a build, by default one for each processor
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
version=$(sed -n 's/^VG_VERSION *= *//p' Makefile)
jobs=${VG_JOBS:-$(nproc)}

# The files of a release: what git tracks, or would; in a copy without git those that were copied.
files() {
    if [ -e .files ]; then
        cat .files
    else
        git ls-files -z --cached --others --exclude-standard
    fi
}

install_needed() {
    local packages=(build-essential debhelper lintian postgresql-server-dev-all)
    # shellcheck source=make/packages.sh
    . make/packages.sh
    packages+=("${vg_build_packages[@]}")
    dpkg-query -W "${packages[@]}" >/dev/null 2>&1 && return
    [ "$(id -u)" -eq 0 ] || { echo "missing packages, some of: ${packages[*]}" >&2; exit 1; }
    apt-get update -qq </dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" </dev/null
}

build() {
    install_needed
    local work
    work=$(mktemp -d /tmp/vg-deb.XXXXXX)
    # shellcheck disable=SC2064
    trap "rm -rf '$work'" EXIT
    local name=vectorgraph-$version
    mkdir -p "$work/$name" build/deb
    files | xargs -0 -r sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' sh |
        tar --null -T - -cf - | tar -xf - -C "$work/$name"
    mv "$work/$name/debian" "$work/debian"
    tar -C "$work" --sort=name -czf "$work/vectorgraph_$version.orig.tar.gz" "$name"
    mv "$work/debian" "$work/$name/debian"
    cd "$work/$name"
    pg_buildext updatecontrol
    DEB_BUILD_OPTIONS="parallel=$jobs" dpkg-buildpackage -us -uc
    cd "$work"
    lintian --fail-on error --allow-root ./*.changes
    rm -f "$root"/build/deb/*.*
    find . -maxdepth 1 -type f -exec cp -t "$root/build/deb" {} +
}

# The README's first ten statements, which are its first three blocks, each in a session of its own, and
# what has to come out of them.
statements() {
    awk '/^```sql *$/ && n < 3 { on = 1; ++n; next } /^```/ && on { on = 0; print "\\connect postgres" } on' README.md |
        sed 's/ALTER DATABASE app /ALTER DATABASE postgres /'
    cat <<'SQL'
SET enable_seqscan = off;
SELECT 1 / (count(*) = 10 AND bool_and(d >= before IS NOT false))::integer AS ten_in_order FROM
    (SELECT d, lag(d) OVER (ROWS UNBOUNDED PRECEDING) AS before FROM
        (SELECT embedding <=> '[1,2,3,4,5,6,7,8]' AS d FROM item ORDER BY embedding <=> '[1,2,3,4,5,6,7,8]' LIMIT 10) n) s;
SELECT 1 / (extversion IS NOT NULL)::integer AS vector_is_there, extversion FROM pg_extension WHERE extname = 'vector';
SQL
}

# Runs in the bare system: install, make a cluster as an operator does, try, remove.
try_script() {
    cat <<'SH'
set -eu
major=$1
cd /srv
packages=$(ls ./postgresql-"$major"-vectorgraph_*.deb)
apt-cache show "postgresql-$major-pgvector" >/dev/null 2>&1 ||
    packages="$packages $(ls ./postgresql-"$major"-vectorgraph-vector_*.deb)"
said() { "$@" >install.log 2>&1 || { cat install.log; exit 1; }; }
timed() {
    TIMEFORMAT="PostgreSQL $major: $1: %0R s, of which processor: %0U s user, %0S s system"
    shift
    time "$@"
}
make_cluster() {
    pg_createcluster "$major" main -- -A trust >cluster.log
    pg_ctlcluster "$major" main start
}
# shellcheck disable=SC2086
timed 'download' said apt-get install -y -qq --download-only $packages
# shellcheck disable=SC2086
timed 'apt-get install' said apt-get install -y -qq $packages
echo "PostgreSQL $major: installed $packages"
timed 'a cluster' make_cluster
timed "the README's statements" runuser -u postgres -- psql -X -v ON_ERROR_STOP=1 -f /srv/statements.sql
dpkg -L "postgresql-$major-vectorgraph" | grep '^/usr/\(lib\|share/postgresql\)/.*vectorgraph' | xargs ls -d >/dev/null
if dpkg -L "postgresql-$major-vectorgraph" | grep -q '/extension/vector\(--.*\.sql\|\.control\)$'; then
    echo "the package brings files of extension vector"
    exit 1
fi
apt-get purge -y -qq "postgresql-$major-vectorgraph" >purge.log 2>&1 || { cat purge.log; exit 1; }
left=$(find /usr/lib/postgresql /usr/share/postgresql -name '*vectorgraph*')
[ -z "$left" ] || { echo "left behind: $left"; exit 1; }
echo "PostgreSQL $major: removed again, no file left"
SH
}

# In a bare system that is made for it and removed again. vector comes from pgvector's package; where
# the release has none, from ours.
try_in_bare_system() {
    local major=$1 rc=0 bare system
    bare=$(dirname "$(make/server-chroot.sh path "$major")")/bare.$$
    VG_SERVERS_BARE=1 VG_SERVERS_DIR=$bare make/server-chroot.sh make "$major" || rc=$?
    if [ $rc -eq 0 ]; then
        system=$bare/$major
        cp build/deb/"$major"/postgresql-"$major"-vectorgraph{,-vector}_*.deb "$system/srv/"
        statements >"$system/srv/statements.sql"
        try_script >"$system/srv/try.sh"
        VG_SERVERS_BARE=1 VG_SERVERS_DIR=$bare make/server-chroot.sh run "$major" bash /srv/try.sh "$major" || rc=1
    fi
    rm -rf --one-file-system "$bare"
    return $rc
}

servers() {
    local major rc failed=0 system
    [ $# -gt 0 ] || set -- 17 18
    for major; do
        rc=0
        make/server-chroot.sh make "$major" || rc=$?
        if [ $rc -eq 75 ]; then
            echo "not run: the packages for PostgreSQL $major"
            continue
        fi
        make/test-servers.sh --copy "$major" || rc=1
        if [ $rc -eq 0 ]; then
            system=$(make/server-chroot.sh path "$major")
            make/server-chroot.sh run "$major" env VG_JOBS="$jobs" bash /srv/vectorgraph/make/deb.sh build || rc=1
        fi
        if [ $rc -eq 0 ]; then
            rm -rf "build/deb/$major"
            mkdir -p build/deb
            cp -r "$system/srv/vectorgraph/build/deb" "build/deb/$major"
            try_in_bare_system "$major" || rc=1
        fi
        [ $rc -eq 0 ] || failed=1
    done
    return $failed
}

case ${1:-} in
    build) build ;;
    servers) shift; servers "$@" ;;
    try) try_in_bare_system "${2:?the major release}" ;;
    *) sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
