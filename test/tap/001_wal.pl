# A standby replays builds, inserts, vacuums: it answers as the primary, page by page the same, and is
# a sound primary after promotion.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use VectorGraphTest;

my $primary = new_server('primary', "wal_consistency_checking = 'generic'\nmax_wal_size = 1GB\n", allows_streaming => 1);
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

# The answers to 20 queries, and all rows in order of the 21st.
my $answers = <<'SQL';
SELECT only_index(true);
SELECT q, array(SELECT id FROM items ORDER BY v <-> vec(q, 32, 999) LIMIT 10) FROM generate_series(1, 20) q;
SELECT id FROM items ORDER BY v <-> vec(21, 32, 999);
SQL

sub compare_servers {
    my ($what) = @_;
    $primary->wait_for_catchup($standby);
    my $expected = $primary->safe_psql('postgres', $answers);
    is($standby->safe_psql('postgres', $answers), $expected, "standby answers as the primary $what");
    cmp_ok(length $expected, '>', 1000, "there are answers $what");
}

make_table($primary, 'items', 2000, 32, '');
compare_servers('after the build');
for my $round (1 .. 5) {
    $primary->safe_psql('postgres', "DELETE FROM items WHERE (id + $round) % 3 = 0");
    compare_servers("after delete $round");
    $primary->safe_psql('postgres', 'VACUUM items');
    compare_servers("after vacuum $round");
    my $first = 2000 + 600 * $round;
    $primary->safe_psql('postgres',
        "INSERT INTO items SELECT i, CASE WHEN i % 5 = 0 THEN vec(7, 32) ELSE vec(i, 32) END "
          . "FROM generate_series($first, $first + 599) i");
    compare_servers("after insert $round");
}
$primary->safe_psql('postgres', 'REINDEX INDEX items_v');
compare_servers('after REINDEX');
index_is_sound($primary, 'items_v');

$primary->stop;
$standby->promote;
$standby->safe_psql('postgres',
    'INSERT INTO items SELECT i, vec(i, 32) FROM generate_series(10001, 10300) i; DELETE FROM items WHERE id % 2 = 0');
$standby->safe_psql('postgres', 'VACUUM items');
index_is_sound($standby, 'items_v', 'items_v is sound after promotion, writes and vacuum');
every_row($standby, 'items');
$standby->stop;
done_testing();
