# Out of disk during a build, an insert and a vacuum: SQLSTATE 53100, table and server intact, and the build works once
# there is room. The small disk is a tmpfs in a mount namespace of the server's own; VG_SMALL_DISK names
# a directory on a file system of 8 to 64 MB instead.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $disk = $ENV{VG_SMALL_DISK};
my @namespace;
if (!defined $disk) {
    $disk = PostgreSQL::Test::Utils::tempdir;
    @namespace = ('unshare', '--user', '--map-current-user', '--keep-caps', '--mount');
    my $tried = system("@namespace mount -t tmpfs -o size=16m tmpfs '$disk' >/dev/null 2>&1");
    plan skip_all => 'no mount namespace for an unprivileged user here, and VG_SMALL_DISK is not set' if $tried != 0;
}

my $node = PostgreSQL::Test::Cluster->new('disk');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\ndynamic_shared_memory_type = mmap\n");
if (@namespace) {
    # pg_ctl leaves the postmaster behind in the namespace.
    system_or_bail(@namespace, 'sh', '-c', "mount -t tmpfs -o size=16m tmpfs '$disk' && exec pg_ctl -D '"
          . $node->data_dir . "' -l '" . $node->logfile . "' -w -o '--cluster-name=disk' start");
    $node->_update_pid(1);
} else {
    $node->start;
}
load_helpers($node);
$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$disk'");
make_table($node, 'items', 12000, 200, undef);

for my $memory ('256MB', '2MB') {
    my ($text, $state) = run_sql($node, "SET maintenance_work_mem = '$memory'; CREATE INDEX items_v ON items USING lid_hnsw (v vector_l2_ops) TABLESPACE small;"
          . "SELECT 'threads=' || process_status('Threads');");
    is($state, '53100', "SQLSTATE of a build on a full disk with $memory") or diag($text);
    like($text, qr/No space left on device/, 'the message');
    like($text, qr/threads=1/, 'the session goes on, alone');
    is(rows_of($node, 'items'), 12000, 'the table is intact');
}
$node->safe_psql('postgres', 'CREATE TABLE few (id integer PRIMARY KEY, v vector(200))');
$node->safe_psql('postgres', 'INSERT INTO few SELECT i, vec(i, 200) FROM generate_series(1, 3000) i');
$node->safe_psql('postgres', 'CREATE INDEX few_v ON few USING lid_hnsw (v vector_l2_ops) TABLESPACE small');
index_is_sound($node, 'few_v', 'an index that fits is built on the same disk');
my ($text, $state) = run_sql($node, 'INSERT INTO few SELECT i, vec(i, 200) FROM generate_series(3001, 14000) i;');
is($state, '53100', 'SQLSTATE of an insert when the disk is full') or diag($text);
is(rows_of($node, 'few'), 3000, 'the insert left no row');
every_row($node, 'few');
index_is_sound($node, 'few_v', 'the index is sound on the full disk');
$node->safe_psql('postgres', 'VACUUM few');
index_is_sound($node, 'few_v', 'vacuum on a full disk needs no room');
$node->safe_psql('postgres', 'INSERT INTO few SELECT i, vec(i, 200) FROM generate_series(3001, 4000) i');
every_row($node, 'few', 'freed space takes rows');
ok(!crashed($node), 'no process of the server died');
$node->stop;
done_testing();
