#!/usr/bin/env bash
# Writes the script that updates the extension from an older version to this one.
#   make/update-script.sh VERSION INSTALL_SCRIPT FRAGMENT...  >vectorgraph--VERSION--NEW.sql
# INSTALL_SCRIPT is that of the new version, FRAGMENTs are what it is made of: the first and the last look at
# the schema before and after, and are taken as the install script has them. All others run again with CREATE OR REPLACE, so that an
# updated extension has what a new one has, to the letter; objects that cannot be replaced are left as
# they are. What no replacing does is written by hand in src/update/VERSION_before.sql and _after.sql; the test
# of updates compares the catalogs of an updated and of a new extension.
set -euo pipefail
version=$1
install=$2
shift 2
fragments=("$@")
first=${fragments[0]}
last=${fragments[-1]}
middle=("${fragments[@]:1:$#-2}")
case $first$last in *names_before.sql*bound_after.sql) ;; *) echo "unexpected order of fragments" >&2; exit 1 ;; esac

internals=$(mktemp)
trap 'rm -f "$internals"' EXIT
sed -nE "s/^COMMENT ON FUNCTION _vectorgraph\.([a-z_0-9]+\(.*\)) IS.*/        '\1',/p" "${middle[@]}" >"$internals"

printf '%s\n' '\echo Use "ALTER EXTENSION vectorgraph UPDATE" to load this file. \quit'
sed -n "2,/^GRANT USAGE ON SCHEMA _vectorgraph/p" "$install"
sed -e "/^ *-- internals: put here/{r $internals" -e 'd}' "src/update/${version}_before.sql"
awk '
    /^CREATE (OPERATOR|ACCESS METHOD|TYPE) / { skip = 1 }
    skip { if (/; *$/) skip = 0; next }
    { sub(/^CREATE FUNCTION/, "CREATE OR REPLACE FUNCTION"); sub(/^CREATE AGGREGATE/, "CREATE OR REPLACE AGGREGATE"); print }' "${middle[@]}"
cat "src/update/${version}_after.sql" "$last"
