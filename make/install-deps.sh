#!/usr/bin/env bash
# Installs the Debian packages that a task needs; does nothing when they are all there.
#   make/install-deps.sh build|test|bench
# Works as root, or through sudo. Elsewhere than on Debian it prints what is needed and goes on.
# test with VG_SERVERS=1, or where CI is set: what the tests on other servers need too.
#   PG_MAJOR     the server's major release, by default that of the server at hand or, where there is
#                none, the one that Debian's package postgresql stands for
set -euo pipefail
profile=${1:-build}

# shellcheck source=make/packages.sh
. "$(dirname "$0")/packages.sh"
packages=("${vg_build_packages[@]}")

# The server whose pg_config make takes, else the one of this release. Lists of packages that are not
# there yet are fetched.
server_major() {
    if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
        pg_config --version 2>/dev/null | sed -nE 's/^PostgreSQL ([0-9]+).*/\1/p' | grep . && return
    fi
    { release_major || { [ "$(id -u)" -eq 0 ] && apt-get update -qq </dev/null >&2 && release_major; } ||
        { command -v sudo >/dev/null && sudo apt-get update -qq </dev/null >&2 && release_major; }; } && return
    echo "apt knows no package postgresql: run apt-get update, or say PG_MAJOR or PG_CONFIG" >&2
    return 1
}
release_major() {
    apt-cache show postgresql 2>/dev/null | sed -nE 's/^Depends:.*\bpostgresql-([0-9]+).*/\1/p' | head -n 1 | grep .
}
major=${PG_MAJOR:-}
if [ -z "$major" ] && [ -z "${PG_CONFIG:-}" ] && command -v dpkg-query >/dev/null; then
    major=$(server_major)
fi
if [ -z "${PG_CONFIG:-}" ]; then  # a PG_CONFIG of the caller's names a server that is there already
    packages+=("postgresql-$major" "postgresql-server-dev-$major")
fi
case $profile in
    build) ;;
    test)
        packages+=("${vg_test_packages[@]}" clang-format)
        [ "${VG_SERVERS:-${CI:+1}}" != 1 ] || packages+=(debootstrap)
        [ -n "${PG_CONFIG:-}" ] || packages+=("postgresql-plpython3-$major")
        ;;
    bench) packages+=(cmake libbenchmark-dev libpq-dev gnuplot-nox nodejs npm) ;;
    *) echo "usage: $0 build|test|bench" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "not a Debian system; make sure that you have the equivalents of: ${packages[*]}"
    exit 0
fi

missing=()
for p in "${packages[@]}"; do
    # A program installed from elsewhere is as good as its package.
    case $p in
        nodejs) command -v node >/dev/null && continue ;;
        npm | cmake | make | g++ | clang-format) command -v "$p" >/dev/null && continue ;;
    esac
    status=$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$p")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
    sudo -n true 2>/dev/null || [ -t 0 ] || {
        echo "missing packages, and sudo wants a password: ${missing[*]}" >&2
        exit 1
    }
fi
echo "installing: ${missing[*]}"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq </dev/null
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "${missing[@]}" </dev/null >/dev/null
