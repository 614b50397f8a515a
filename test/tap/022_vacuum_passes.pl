# VACUUM interrupted while it frees slots, and what a later vacuum, with another memory, has to put right.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use VectorGraphTest;

my $node = new_server('vacuum', "restart_after_crash = on\nfsync = off\nwal_buffers = 256kB\nmax_wal_size = 64MB\n");
$node->safe_psql('postgres', 'CREATE EXTENSION IF NOT EXISTS pageinspect');

# The slot that begins the free list of an index: it changes when the pass that frees slots begins.
sub free_slot {
    my ($index) = @_;
    return $node->safe_psql('postgres', "SELECT encode(substring(get_raw_page('$index', 0) FROM 81 FOR 4), 'hex')");
}

sub slots_of {
    my ($index, $what) = @_;
    return $node->safe_psql('postgres', "SELECT $what FROM vectorgraph_index_stats('$index')");
}

# Slots of live nodes, on all levels, and free ones.
sub all_slots {
    my ($index) = @_;
    return slots_of($index, 'free_slots + (SELECT sum(n) FROM unnest(level_nodes) n)');
}

# Cancelled while it frees slots.
make_table($node, 'released', 6000, 16, 'WITH (m = 4)');
$node->safe_psql('postgres', 'DELETE FROM released WHERE id % 2 = 0');
my $before = free_slot('released_v');
my $slots = all_slots('released_v');
my $vacuum = start_psql($node, 'SET vacuum_cost_delay = 20; SET vacuum_cost_limit = 10; VACUUM (INDEX_CLEANUP ON) released;', \my $out);
my $reached = 0;
for (1 .. 3000) {
    $reached = free_slot('released_v') ne $before;
    last if $reached;
    sleep 0.02;
}
sleep 0.2;
$node->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_progress_vacuum");
$vacuum->finish;
ok($reached, 'a vacuum frees slots');
like($out, qr/57014/, 'and is cancelled meanwhile');
index_is_sound($node, 'released_v', 'the index is sound then');
$node->safe_psql('postgres', "SET maintenance_work_mem = '1MB'; VACUUM (INDEX_CLEANUP ON) released");
index_is_sound($node, 'released_v', 'and after the next vacuum');
is(slots_of('released_v', 'nodes || $$ $$ || dead_nodes'), '3000 0', 'which leaves no dead node');
is(all_slots('released_v'), $slots, 'and every slot is in use or free');
$node->safe_psql('postgres', 'INSERT INTO released SELECT i, vec(i, 16) FROM generate_series(10001, 14000) i');
index_is_sound($node, 'released_v', 'and freed slots are used again');
every_row($node, 'released');

$node->stop;
done_testing();
