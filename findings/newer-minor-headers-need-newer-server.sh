#!/usr/bin/env bash
# PostgreSQL 15.18 and 15.20 (Debian 12: 15.18-0+deb12u1 and 15.20-0+deb12u1).
# One would guess: an extension that was built for PostgreSQL 15 loads on every server of 15.
# What happens: heap_getattr is inlined from the headers, and since a minor release between the two it calls
#   heap_datum_check, which older servers of the same major version do not have. What was built with the headers of 15.20
#   does not load on 15.18: "undefined symbol". The other way round it loads.
# Who meets it: whoever ships binaries of an extension, updates the -dev package alone, or has a standby one minor behind.
set -euo pipefail
old=15.18-0+deb12u1
new=15.20-0+deb12u1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
for version in $old $new; do
    mkdir -p "debs/$version" "$version"
    (cd "debs/$version" && apt-get download "postgresql-15=$version" "postgresql-client-15=$version" \
        "postgresql-server-dev-15=$version" >/dev/null 2>&1)
    for deb in "debs/$version"/*.deb; do dpkg-deb -x "$deb" "$version"; done
done
cat >reader.c <<'C'
#include "postgres.h"
#include "fmgr.h"
#include "access/htup_details.h"
PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(first_column);
Datum first_column(PG_FUNCTION_ARGS) {
    bool isnull;
    PG_RETURN_DATUM(heap_getattr((HeapTuple) PG_GETARG_POINTER(0), 1, (TupleDesc) PG_GETARG_POINTER(1), &isnull));
}
C
as=()
if [ "$(id -u)" -eq 0 ]; then as=(runuser -u nobody --); fi
# Loads what was built with the headers of $1 into the server of $2; prints what the server says.
load() {
    local work=built_$1_on_$2 bin=$folder/$2/usr/lib/postgresql/15/bin
    mkdir "$work"
    gcc -shared -fPIC -O1 -I "$1/usr/include/postgresql/15/server" -o "$work/reader.so" reader.c
    [ ${#as[@]} -eq 0 ] || chown -R nobody "$work"
    (cd "$work" && "${as[@]}" "$bin/initdb" -A trust -U admin -E UTF8 --locale=C -D data >/dev/null &&
        echo "LOAD '$PWD/reader.so'" | "${as[@]}" "$bin/postgres" --single -D data postgres >/dev/null 2>said || true
    sed -nE 's/.*ERROR: .*(undefined symbol: [a-z_]+).*/\1/p' said | head -n 1 | grep . || echo loads)
}
for version in $old $new; do "$version/usr/lib/postgresql/15/bin/postgres" --version; done
answers="built with 15.20 on 15.18: $(load $new $old)
built with 15.18 on 15.20: $(load $old $new)
built with 15.20 on 15.20: $(load $new $new)"
echo "$answers"
[ "$answers" = 'built with 15.20 on 15.18: undefined symbol: heap_datum_check
built with 15.18 on 15.20: loads
built with 15.20 on 15.20: loads' ]
