#!/usr/bin/env bash
# Builds and installs the extension on a Debian system that has a server, such as an image of postgres
# or a bare system with postgresql-MAJOR, and leaves nothing behind but what runs: the Dockerfile's step.
#   make/docker-build.sh MAJOR      in the root of the sources, as root
# The type vector comes from pgvector's package; where apt knows none, ours is installed.
set -euo pipefail
major=${1:?the major release of the server}
cd "$(dirname "$0")/.."
# shellcheck source=make/packages.sh
. make/packages.sh
export DEBIAN_FRONTEND=noninteractive
pg_config=/usr/lib/postgresql/$major/bin/pg_config

apt-get update -qq
with_vector=no
if apt-cache show "postgresql-$major-pgvector" >/dev/null 2>&1; then
    apt-get install -y -qq --no-install-recommends "postgresql-$major-pgvector" </dev/null
else
    with_vector=yes
fi
kept=$(apt-mark showmanual | sort)
apt-get install -y -qq --no-install-recommends "${vg_build_packages[@]}" "postgresql-server-dev-$major" </dev/null

make -s clean PG_CONFIG="$pg_config"
make -s -j"$(nproc)" PG_CONFIG="$pg_config"
make -s install PG_CONFIG="$pg_config" WITH_VECTOR=$with_vector
make -s clean PG_CONFIG="$pg_config"

# What the library is linked with stays, the rest of what was installed for the build goes.
library=$("$pg_config" --pkglibdir)/vectorgraph.so
strip --strip-unneeded "$library"  # debugging information is nineteen twentieths of it
needed=$(ldd "$library" | awk '$3 ~ /^\// { print $3 }' | xargs -r realpath | xargs -r dpkg-query -S | cut -d: -f1 | sort -u)
# By name: where there is a cluster apt is told to keep postgresql-server-dev of its release.
mapfile -t installed < <(comm -13 <(printf '%s\n' "$kept") <(apt-mark showmanual | sort))
# shellcheck disable=SC2086
apt-mark manual $needed >/dev/null
apt-get purge --auto-remove -y -qq "${installed[@]}" >/dev/null
apt-get clean
rm -rf /var/lib/apt/lists/*
if ldd "$library" | grep 'not found'; then
    exit 1
fi
echo "vectorgraph is installed in $("$pg_config" --pkglibdir)"
