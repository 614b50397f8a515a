# ALTER EXTENSION vectorgraph UPDATE from 0.1.0. test/tap/update has the install script of that version (commit fa71a00); it is put
# into a copy of the server's files, because nobody may write into those of the server itself. Before the
# update the old SQL runs with today's library, as after the upgrade of a package: everything works, or
# says what to do. After it the catalog is that of a new installation, to the letter.
use strict;
use warnings;
use FindBin;
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use Digest::MD5 'md5_hex';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $script;
gunzip("$FindBin::RealBin/update/vectorgraph--0.1.0.sql.gz", \$script) or die $GunzipError;
is(length($script) . ' ' . md5_hex($script), '162598 d659c76e0ffdc4eec07ef303921edd18', 'the script of 0.1.0 is the pinned one');

# A copy of the programs and of the shared files, laid out as they are; the libraries are linked to.
my %dir = map { $_ => do { chomp(my $d = qx(pg_config --$_)); $d } } qw(bindir pkglibdir sharedir);
my $root = PostgreSQL::Test::Utils::tempdir;
system("mkdir -p '$root$dir{bindir}' '$root$dir{sharedir}' '$root$dir{pkglibdir}' && rmdir '$root$dir{pkglibdir}'"
      . " && cp -RL '$dir{bindir}/.' '$root$dir{bindir}/' && cp -RL '$dir{sharedir}/.' '$root$dir{sharedir}/' && ln -s '$dir{pkglibdir}' '$root$dir{pkglibdir}'") == 0
  or die 'cannot copy the server';
open my $file, '>', "$root$dir{sharedir}/extension/vectorgraph--0.1.0.sql" or die $!;
print $file $script;
close $file;
(my $prefix = "$root$dir{bindir}") =~ s{/bin$}{};
my $node = new_server('update', '', install_path => $prefix);

# --- the old extension, its objects and its data --------------------------------------------------------
$node->safe_psql('postgres', 'CREATE ROLE vgs_user; CREATE DATABASE old; CREATE DATABASE new');
my $grants = 'GRANT USAGE ON SCHEMA vg TO vgs_user; GRANT CREATE ON DATABASE';
$node->safe_psql('new', "CREATE SCHEMA vg; CREATE EXTENSION vectorgraph SCHEMA vg CASCADE; $grants new TO vgs_user");
$node->safe_psql('old', 'CREATE SCHEMA vg; CREATE EXTENSION vector SCHEMA vg');
$node->safe_psql('old', "CREATE EXTENSION vectorgraph SCHEMA vg VERSION '0.1.0'; $grants old TO vgs_user");
is($node->safe_psql('old', "SELECT count(*), count(*) FILTER (WHERE p.pronamespace = 'vg'::regnamespace) FROM pg_depend d JOIN pg_extension e ON refobjid = e.oid
    JOIN pg_proc p ON p.oid = d.objid WHERE extname = 'vectorgraph' AND deptype = 'e' AND classid = 'pg_proc'::regclass"), '271|271', 'the functions of 0.1.0');
for my $database (qw(old new)) {
    $node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', "$FindBin::RealBin/every_call.sql" ],
        "$database: tables, indexes and calls");
}
sub answers {
    my ($database, $name) = @_;
    $node->safe_psql($database, "SET ROLE vgs_user; SET search_path = ''; INSERT INTO d.answer SELECT '$name', n, d.answer(sql) FROM (SELECT * FROM d.call ORDER BY n) c");
    return $node->safe_psql($database, "SELECT sql, answer FROM d.answer JOIN d.call USING (n) WHERE path = '$name' AND (answer ~ '^[0-9A-Z]{5} ' OR answer = '') ORDER BY n");
}
is(answers('new', 'new'), '', 'every call works in a new extension');

# --- the old SQL with the new library ----------------------------------------------------------------
my $failed = answers('old', 'before');
my @unclear = grep { !/\|42883 function vg\.(cur_functions_hash|vectorgraph_index_format|vectorgraph_indexes|vectorgraph_progress)\(.*does not exist$/
      && !/^SELECT .*vg\.semantic_graph_.*\|55000 extension "vectorgraph" of this database is older than its library$/ } split /\n/, $failed;
is_deeply(\@unclear, [], 'old SQL with the new library: calls work, are of later functions, or tell of the update');
like($failed, qr/55000 extension/, 'some tell of it');
my ($rc, $out, $err) = $node->psql('old', "SELECT vg.semantic_graph_links('d.t_graph')");
like($err, qr/HINT:  Run ALTER EXTENSION vectorgraph UPDATE\./, 'with a hint');
is($node->safe_psql('old', "SELECT vg.cur_flush('d.t_score')"), '0', 'a function that has got an argument still runs with one less');

# What an old library registered, and an index file that it wrote.
$node->safe_psql('old', <<'SQL');
INSERT INTO vg.semantic_graph_link_set VALUES ('d', 't_graph', 'd', 't', 'id', 'parent', NULL, NULL, true, 'parent'),
    ('d', 'gone', 'd', 't', 'id', 'parent', NULL, NULL, false, 'x');
CREATE TABLE d.l2 (id integer PRIMARY KEY, v vg.vector(8));
INSERT INTO d.l2 SELECT i, (SELECT array_agg(((i * 7919 + j * 104729 + i * j * 31) % 1000)::float4 / 500 - 1 ORDER BY j)::vg.vector
    FROM generate_series(1, 8) j) FROM generate_series(1, 40) i;
CREATE INDEX l2_v ON d.l2 USING lid_hnsw (v vg.vector_l2_ops);
CREATE VIEW d.watch AS SELECT nodes FROM vg.vectorgraph_index_stats('d.t_l2');
SQL
my $path = $node->data_dir . '/' . $node->safe_psql('old', "SELECT pg_relation_filepath('d.l2_v')");
$node->stop;

# --- pg_upgrade first, the update after it ---------------------------------------------------------------
my $upgraded = PostgreSQL::Test::Cluster->new('upgraded', install_path => $prefix);
$upgraded->init($upgraded->pg_version >= 18 ? (extra => ['--no-data-checksums']) : ());
$upgraded->append_conf('postgresql.conf', "autovacuum = off\ndynamic_shared_memory_type = mmap\n");
my ($said, $complained) = run_command([ 'sh', '-c', "cd '$root' && exec '$prefix/bin/pg_upgrade' -d '" . $node->data_dir . "' -D '" . $upgraded->data_dir
      . "' -b '$prefix/bin' -B '$prefix/bin' -s '" . $upgraded->host . "' -p " . $node->port . ' -P ' . $upgraded->port ]);
like($said, qr/Upgrade Complete/, 'pg_upgrade of a database whose extension is older than the library') or diag("$said\n$complained");
$upgraded->start;
$upgraded->safe_psql('old', 'DROP VIEW d.watch; ALTER EXTENSION vectorgraph UPDATE');
is($upgraded->safe_psql('old', "SELECT extversion, vg.vectorgraph_index_check('d.t_l2', true), (SELECT count(*) FROM vg.semantic_graph_links('d.t_graph'))
    FROM pg_extension WHERE extname = 'vectorgraph'"), '0.2.0|60|1', 'which is updated after it');
$upgraded->stop;

gunzip("$FindBin::RealBin/format1/l2.gz", $path, BinModeOut => 1) or die $GunzipError;
$node->start;

# --- the update --------------------------------------------------------------------------------------
($rc, $out, $err) = $node->psql('old', 'ALTER EXTENSION vectorgraph UPDATE');
like($err, qr/cannot drop function vectorgraph_index_stats.*DETAIL:  view d\.watch depends on/s, 'a view on a function that changes is named');
is($node->safe_psql('old', "SELECT extversion FROM pg_extension WHERE extname = 'vectorgraph'"), '0.1.0', 'nothing was changed');
$node->safe_psql('old', 'DROP VIEW d.watch; CREATE FUNCTION vg.vectorgraph_indexes() RETURNS integer LANGUAGE sql AS $$SELECT 1$$');
($rc, $out, $err) = $node->psql('old', 'ALTER EXTENSION vectorgraph UPDATE');
like($err, qr/schema "vg" has objects with names of extension "vectorgraph"\nDETAIL:  They are: function vectorgraph_indexes\(\)\./, 'a name that is taken is told');
$node->safe_psql('old', 'DROP FUNCTION vg.vectorgraph_indexes(); CREATE SCHEMA _vectorgraph');
($rc, $out, $err) = $node->psql('old', 'ALTER EXTENSION vectorgraph UPDATE');
like($err, qr/schema "_vectorgraph" exists already/, 'so is the schema of the internals');
$node->safe_psql('old', 'DROP SCHEMA _vectorgraph');
($rc, $out, $err) = $node->psql('old', "SET search_path = ''; ALTER EXTENSION vectorgraph UPDATE; SHOW search_path");
is($rc, 0, 'the update runs') or diag($err);
is($err =~ s/^psql:[^ ]* //r, 'WARNING:  1 link sets of indexes that do not exist any more are left out', 'and says what it left out');
is($out, '""', 'the search_path is as it was');

# --- the catalog is that of a new extension ------------------------------------------------------------
my $catalog = slurp_file("$FindBin::RealBin/update/catalog.sql");
my %text = map { $_ => $node->safe_psql($_, $catalog) } qw(old new);
cmp_ok(scalar(split /\n/, $text{new}), '>', 1000, 'the catalogs are read');
my %lines = map { my $d = $_; $d => { map { $_ => 1 } split /\n/, $text{$d} } } qw(old new);
is_deeply([ grep { !$lines{new}{$_} } sort keys %{ $lines{old} } ], [], 'nothing in the updated catalog that a new one has not');
is_deeply([ grep { !$lines{old}{$_} } sort keys %{ $lines{new} } ], [], 'nothing in a new catalog that the updated one has not');

# --- it works ----------------------------------------------------------------------------------------
is($node->safe_psql('old', "SELECT * FROM vg.semantic_graph_links('d.t_graph')"), 'd.t|id|parent|||t|parent', 'the link set is there');
is($node->safe_psql('old', "SELECT registered_by FROM _vectorgraph.semantic_graph_link_set"), 'vgs_user', 'registered by the owner of the table');
$node->safe_psql('old', "SELECT vg.semantic_graph_drop_links('d.t_graph')");
is(answers('old', 'after'), '', 'every call works in the updated extension');
my $all = "SELECT n, answer FROM d.answer JOIN d.call USING (n) WHERE path = '%s' AND sql !~ 'scored_version|vectorgraph_indexes' ORDER BY n";
is($node->safe_psql('old', sprintf $all, 'after'), $node->safe_psql('new', sprintf $all, 'new'), 'with the answers of a new one');
is($node->safe_psql('old', "SELECT vg.vectorgraph_index_check('d.t_l2', true), vg.vectorgraph_index_check('d.t_graph', true)"), '60|60', 'indexes stay in place');
my $query = "SELECT id FROM d.l2 ORDER BY v OPERATOR(vg.<->) '[1,1,1,1,1,1,1,1]' LIMIT 3";
my $exact = $node->safe_psql('old', "SET enable_indexscan = off; $query");
is($node->safe_psql('old', "SELECT index, format < current_format, state FROM vg.vectorgraph_indexes() WHERE state <> 'ready'"), 'l2_v|t|needs REINDEX', 'an index of the old format is listed');
($rc, $out, $err) = $node->psql('old', "$query; $query");
is($out, "$exact\n$exact", 'queries go around it');
is(() = $err =~ /WARNING:  index "l2_v" is not used/g, 1, 'with one warning');
($rc, $out, $err) = $node->psql('old', "INSERT INTO d.l2 VALUES (41, '[1,1,1,1,1,1,1,1]')");
like($err, qr/has another disk format.*HINT:  .*REINDEX/s, 'INSERT says REINDEX');
$node->safe_psql('old', 'VACUUM d.l2; REINDEX INDEX d.l2_v');
like($node->safe_psql('old', "SET enable_seqscan = off; SET enable_sort = off; EXPLAIN (COSTS OFF) $query"), qr/Index Scan using l2_v/, 'which mends it');

# --- dump and restore, and no way back -------------------------------------------------------------------
$node->safe_psql('old', "SELECT vg.semantic_graph_add_links('d.t_graph', 'd.t', 'id', 'parent')");
my $dump = "$root/dump.sql";
$node->command_ok([ 'pg_dump', '-d', $node->connstr('old'), '-f', $dump ], 'pg_dump of the updated database');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'restore');
is($node->safe_psql('restored', "SELECT extversion, (SELECT count(*) FROM vg.semantic_graph_links('d.t_graph')) FROM pg_extension WHERE extname = 'vectorgraph'"), '0.2.0|1', 'with its link set');
($rc, $out, $err) = $node->psql('old', "ALTER EXTENSION vectorgraph UPDATE TO '0.1.0'");
like($err, qr/extension "vectorgraph" has no update path from version "0\.2\.0" to version "0\.1\.0"/, 'there is no way back');
$node->safe_psql('old', 'DROP EXTENSION vectorgraph CASCADE');
is($node->safe_psql('old', "SELECT count(*) FROM pg_namespace WHERE nspname = '_vectorgraph'"), '0', 'and it can be dropped');
$node->stop;
done_testing();
