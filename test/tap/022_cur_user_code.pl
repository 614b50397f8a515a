# A scorer is code of a user: it may write, and what it reads must stand still under its snapshot. So it never runs in
# the transaction of a VACUUM, which other transactions take for one that neither writes nor reads, nor unnoticed by
# another CREATE INDEX CONCURRENTLY.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);
use VectorGraphTest;

my $node = new_server('user_code');
my ($out, $beside);

# Rows above 1000 are those that the scorer writes, or reads, something for.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE cache (item float8, query float8);
CREATE TABLE other AS SELECT i AS id FROM generate_series(1, 1000) i;
CREATE FUNCTION writes(item float8, query float8) RETURNS float8 LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF item > 1000 THEN
        INSERT INTO public.cache VALUES (item, query);
        PERFORM pg_sleep(0.2);
    END IF;
    RETURN abs(item - query);
END $$;
CREATE FUNCTION counts(item float8, query float8) RETURNS float8 LANGUAGE plpgsql STABLE AS $$
DECLARE
    before bigint;
    after bigint;
BEGIN
    IF item > 1000 THEN
        SELECT count(*) INTO before FROM public.other;
        PERFORM pg_sleep(0.5);
        SELECT count(*) INTO after FROM public.other;
        IF before <> after THEN
            RAISE EXCEPTION 'one snapshot showed % rows, and later %', before, after;
        END IF;
    END IF;
    RETURN abs(item - query);
END $$;
CREATE OPERATOR <~+> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = writes);
CREATE OPERATOR <~-> (LEFTARG = float8, RIGHTARG = float8, FUNCTION = counts);
CREATE OPERATOR CLASS writes_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~+> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 writes(float8, float8);
CREATE OPERATOR CLASS counts_ops FOR TYPE float8 USING cur AS OPERATOR 1 <~-> (float8, float8) FOR ORDER BY float_ops, FUNCTION 1 counts(float8, float8);
CREATE TABLE w AS SELECT i::float8 AS x FROM generate_series(1, 50) i;
CREATE TABLE c AS SELECT i::float8 AS x FROM generate_series(1, 50) i;
SET client_min_messages = warning;
CREATE INDEX w_x ON w USING cur (x writes_ops) WITH (anchor_queries = 8);
CREATE INDEX c_x ON c USING cur (x counts_ops) WITH (anchor_queries = 8);
SQL

sub pending {
    my ($index) = @_;
    return $node->safe_psql('postgres', "SELECT pending FROM cur_index_stats('$index')");
}
# VACUUM asks for a process that moves the new rows; it takes its time.
sub flushed {
    my ($index) = @_;
    return $node->poll_query_until('postgres', "SELECT pending = 0 FROM cur_index_stats('$index')");
}

# ---- rows that the scorer writes ----

my $reader = start_psql($node, "SELECT txid_current(); SELECT count(*) FROM cache; SELECT pg_sleep(0.005);\n" x 2000, \$beside);
$node->safe_psql('postgres', 'ALTER INDEX w_x SET (flush_limit = 0); INSERT INTO w VALUES (2000)');
$node->safe_psql('postgres', 'VACUUM w');
is(pending('w_x'), 1, 'VACUUM itself moves no row');
$node->safe_psql('postgres', 'ALTER INDEX w_x RESET (flush_limit)');
$node->safe_psql('postgres', 'VACUUM w');
ok(flushed('w_x'), 'a process that it asks for does');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT query) FROM cache'), '8|8', 'what the scorer wrote is kept beside readers');
$node->safe_psql('postgres', 'TRUNCATE cache; INSERT INTO w VALUES (3000)');
is($node->safe_psql('postgres', "SELECT cur_flush('w_x')"), 1, 'a flush moves a row');
is($node->safe_psql('postgres', 'SELECT count(*) FROM cache'), 8, 'what the scorer wrote in it is kept');
$reader->kill_kill;

# ---- rows that it reads ----

$node->safe_psql('postgres', 'INSERT INTO c VALUES (2000)');
my $cleaner = start_psql($node, join('', map { "DELETE FROM other WHERE id % 40 = $_; VACUUM other; SELECT pg_sleep(0.1);\n" } 1 .. 40), \$beside);
$node->safe_psql('postgres', 'VACUUM c');
ok(flushed('c_x'), 'a scorer sees the same rows under one snapshot while they are deleted and vacuumed');
$cleaner->kill_kill;
unlike(slurp_file($node->logfile), qr/ERROR: .*one snapshot showed \d/, 'always');

$node->stop;
done_testing();
