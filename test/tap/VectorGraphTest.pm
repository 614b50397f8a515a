# What the TAP files share: servers with the extension, repeatable data, comparison with exact answers.
package VectorGraphTest;

use strict;
use warnings;

use Exporter 'import';
use File::Temp 'tempfile';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);

our @EXPORT = qw(new_server load_helpers make_table rows_of index_is_sound every_row recall_of
  start_psql wait_until wait_for_share wait_for_phase run_to_phase run_sql crashed kill_server
  seed_damage pick writer damage_pages try_damaged);

# SQL functions of every test database. vec: row i of 20 loose clusters; another seed gives other rows of
# the same clusters. recall: share of the k nearest rows that the index finds, by distance.
my $helpers = <<'SQL';
CREATE EXTENSION IF NOT EXISTS vectorgraph CASCADE;
CREATE FUNCTION vec(i bigint, dims integer, seed bigint DEFAULT 0) RETURNS vector
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(((hashint8extended((i % 20) * 4096 + j, 77) & 65535)
                      + (hashint8extended(i * 4096 + j, seed) & 65535) / 2)::float4 / 65536 - 0.75 ORDER BY j)::vector
    FROM generate_series(1, dims) j
$$;
CREATE FUNCTION only_index(yes boolean) RETURNS void LANGUAGE sql AS $$
    SELECT set_config('enable_indexscan', yes::text, false), set_config('enable_seqscan', (NOT yes)::text, false),
        set_config('enable_sort', (NOT yes)::text, false)
$$;
CREATE FUNCTION recall(tab text, k integer, queries integer, filter text DEFAULT 'true') RETURNS numeric
LANGUAGE plpgsql AS $$
DECLARE
    dims integer;
    query vector;
    farthest float8;
    wanted integer := 0;
    found integer;
    hits integer := 0;
BEGIN
    EXECUTE format('SELECT vector_dims(v) FROM %s WHERE v IS NOT NULL LIMIT 1', tab) INTO dims;
    FOR q IN 1..queries LOOP
        query := vec(q, dims, 999);
        PERFORM only_index(false);
        EXECUTE format('SELECT max(d), count(*) FROM (SELECT v <-> $1 AS d FROM %s WHERE %s ORDER BY v <-> $1 LIMIT %s) s',
            tab, filter, k) INTO farthest, found USING query;
        wanted := wanted + found;
        PERFORM only_index(true);
        EXECUTE format('SELECT count(*) FILTER (WHERE d <= $2) FROM
            (SELECT v <-> $1 AS d FROM %s WHERE %s ORDER BY v <-> $1 LIMIT %s) s', tab, filter, k)
            INTO found USING query, farthest;
        hits := hits + found;
    END LOOP;
    RETURN hits::numeric / wanted;
END $$;
CREATE FUNCTION every_row(tab text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    dims integer;
    complete boolean;
BEGIN
    EXECUTE format('SELECT vector_dims(v) FROM %s WHERE v IS NOT NULL LIMIT 1', tab) INTO dims;
    -- Other scans may leave out rows that they find too late for their order.
    SET LOCAL lid_hnsw.exact_scan = on;
    PERFORM only_index(true);
    EXECUTE format('SELECT count(*) = count(DISTINCT ctid) AND count(*) = (SELECT count(v) FROM %1$s)
            FROM (SELECT ctid FROM %1$s ORDER BY v <-> $1 OFFSET 0) s', tab)
        INTO complete USING vec(1, coalesce(dims, 1), 999);
    RETURN complete;
END $$;
-- Waits in the server until some backend is in a phase that matches, cancels it if asked to, and returns
-- its pid and the time; 0 after 20 s.
CREATE FUNCTION at_phase(view text, phase text, cancel boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found integer;
BEGIN
    FOR i IN 1..20000 LOOP
        PERFORM pg_stat_clear_snapshot();
        EXECUTE format('SELECT pid FROM %I WHERE phase ~ $1 LIMIT 1', view) INTO found USING phase;
        IF found IS NOT NULL THEN
            IF cancel THEN
                PERFORM pg_cancel_backend(found);
            END IF;
            RETURN found || ' ' || extract(epoch FROM clock_timestamp());
        END IF;
        PERFORM pg_sleep(0.001);
    END LOOP;
    RETURN '0 0';
END $$;
-- Asks a query until it answers true. It commits between two looks, so that nobody waits for its snapshots.
CREATE PROCEDURE wait_until(what text, query text) LANGUAGE plpgsql AS $$
DECLARE
    since timestamptz := clock_timestamp();
    yes boolean;
BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        EXECUTE query INTO yes;
        EXIT WHEN yes;
        IF clock_timestamp() > since + interval '3 minutes' THEN
            RAISE 'waited three minutes for %', what USING DETAIL = query;
        END IF;
        COMMIT;
        PERFORM pg_sleep(0.001);
        COMMIT;
    END LOOP;
END $$;
CREATE FUNCTION process_status(field text) RETURNS bigint LANGUAGE sql AS $$
    SELECT substring(pg_read_file('/proc/self/status') FROM field || ':\s+(\d+)')::bigint
$$;
SQL

# A running server with the helpers in database postgres. conf: lines for postgresql.conf. Pages have
# checksums where `extra` asks for them, also from 18 on, where they have them unless told not to.
sub new_server {
    my ($name, $conf, %init) = @_;
    my @where = exists $init{install_path} ? (install_path => delete $init{install_path}) : ();
    my $node = PostgreSQL::Test::Cluster->new($name, @where);
    $init{extra} //= ['--no-data-checksums'] if $node->pg_version >= 18;
    $node->init(%init);
    $node->append_conf('postgresql.conf', "autovacuum = off\njit = off\nmax_parallel_maintenance_workers = 1\n"
          . "dynamic_shared_memory_type = mmap\n" . ($conf // ''));
    $node->start;
    load_helpers($node);
    return $node;
}

sub load_helpers {
    my ($node, $database) = @_;
    $node->safe_psql($database // 'postgres', $helpers);
}

# Table (id, v) with rows 1..count, and unless options is undef an L2 index named <table>_v.
sub make_table {
    my ($node, $table, $count, $dims, $options) = @_;
    $node->safe_psql('postgres', "CREATE TABLE $table (id integer PRIMARY KEY, v vector($dims));"
          . "INSERT INTO $table SELECT i, vec(i, $dims) FROM generate_series(1, $count) i;");
    $node->safe_psql('postgres', "CREATE INDEX ${table}_v ON $table USING lid_hnsw (v vector_l2_ops) $options")
      if defined $options;
}

sub rows_of {
    my ($node, $table) = @_;
    return $node->safe_psql('postgres', "SET enable_indexscan = off; SELECT count(*) FROM $table");
}

sub index_is_sound {
    my ($node, $index, $name) = @_;
    my ($rc, $out, $err) = $node->psql('postgres', "SELECT vectorgraph_index_check('$index', true) >= 0");
    is($out, 't', $name // "$index is sound") or diag($err);
}

# Whether a scan without LIMIT returns every row once.
sub every_row {
    my ($node, $table, $name) = @_;
    my ($rc, $out, $err) = $node->psql('postgres', "SELECT every_row('$table')");
    is($out, 't', $name // "a scan returns every row of $table") or diag($err);
}

sub recall_of {
    my ($node, $table, $queries, $ef) = @_;
    return $node->safe_psql('postgres',
        "SET lid_hnsw.ef_search = $ef; SELECT round(recall('$table', 10, $queries), 4)");
}

# Runs psql in the background; finish the handle with IPC::Run's finish. Output goes to $$out. The SQL
# comes from a file: a pipe would be fed only while the handle is pumped.
sub start_psql {
    my ($node, $sql, $out) = @_;
    $$out = '';
    my ($file, $name) = tempfile(UNLINK => 1);
    print $file $sql;
    close $file;
    return IPC::Run::start(
        [ 'psql', '-X', '-q', '-A', '-t', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'), '-f', $name ],
        '<', \undef, '>', $out, '2>&1', IPC::Run::timeout(600));
}

# Goes on once a query answers true, for which it asks all the time: a test waits for what it needs, not for the
# clock. Ends the test after three minutes and says what it waited for.
sub wait_until {
    my ($node, $what, $query) = @_;
    my ($rc, undef, $err) = $node->psql('postgres', "CALL wait_until(\$what\$$what\$what\$, \$query\$$query\$query\$)");
    die $err if $rc != 0;
}

# The same for what no server can be asked.
sub poll_for {
    my ($what, $yes) = @_;
    my $end = time + 180;
    until ($yes->()) {
        die "waited three minutes for $what" if time > $end;
        sleep 0.01;
    }
}

# Waits until a build or vacuum, which is at work, has done that share of its work, or is over. pg_stat_progress_$of
# says whether it is.
sub wait_for_share {
    my ($node, $of, $share) = @_;
    wait_until($node, "a share of $share of the work of $of",
        "SELECT coalesce(max(share), 0) >= $share OR NOT EXISTS (SELECT FROM pg_stat_progress_$of) FROM vectorgraph_progress()");
}

# Waits until a backend is in a phase of CREATE INDEX or VACUUM that matches; returns its pid, or 0.
sub wait_for_phase {
    my ($node, $view, $phase) = @_;
    my ($pid) = split ' ', $node->safe_psql('postgres', "SELECT at_phase('$view', '$phase', false)");
    return $pid;
}

# Runs sql in a new session while another one watches for the phase; cancels sql there when asked to.
# Returns (pid of the session or 0, its handle, time when the phase was seen).
sub run_to_phase {
    my ($node, $view, $phase, $sql, $out, $cancel) = @_;
    my $yes = $cancel ? 'true' : 'false';
    my $watcher = start_psql($node, "SELECT 'watching';\nSELECT at_phase('$view', '$phase', $yes);", \my $seen);
    $watcher->pump until $seen =~ /watching/;
    my $psql = start_psql($node, $sql, $out);
    $watcher->finish;
    my ($pid, $when) = $seen =~ /watching\n(\d+) ([\d.]+)/;
    return ($pid, $psql, $when);
}

# Runs SQL in one session and returns (output, SQLSTATE of the last error or '', seconds).
sub run_sql {
    my ($node, $sql) = @_;
    my $out;
    my $start = time;
    my $psql = start_psql($node, $sql, \$out);
    $psql->finish;
    my @states = $out =~ /ERROR:\s+([0-9A-Z]{5}):/g;
    return ($out, $states[-1] // '', time - $start);
}

# Whether a process of the server died since it was started.
sub crashed {
    my ($node) = @_;
    return slurp_file($node->logfile) =~ /terminated by signal|PANIC|TRAP:/;
}

sub children_of {
    my ($parent) = @_;
    return grep { (eval { slurp_file("/proc/$_/stat") } // '') =~ /\) \S+ $parent / } map { m{/proc/(\d+)} } glob '/proc/[0-9]*';
}

# Kills one backend, or the postmaster and then everybody else, as the kernel does when memory is short. Returns
# when the server runs again; it must have restart_after_crash.
sub kill_server {
    my ($node, $backend) = @_;
    if ($backend) {
        kill 'KILL', $backend;
        $node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
        return;
    }
    my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
    my @children = children_of($postmaster);
    kill 'KILL', $postmaster, @children;
    poll_for('the processes of a killed server to be gone', sub { !grep { -e "/proc/$_" } @children });
    unlink $node->data_dir . '/postmaster.pid';  # as an init script finds out that it is stale
    $node->_update_pid(0);
    $node->start;
}

# ---- damage ----

# Our own generator: the same damage in every run.
my $random;
sub seed_damage { ($random) = @_; }
sub pick {
    my ($n) = @_;
    $random = ($random * 1103515245 + 12345) % 2147483648;
    return int($random / 65536) % $n;
}

# Writes bytes at a place of an open file.
sub writer {
    my ($file) = @_;
    return sub { my ($at, $bytes) = @_; seek $file, $at, 0; print {$file} $bytes; };
}

# Damage that any index file can take, of a kind by number, beyond the first $first pages where it has to be a
# page of another use than the metapage's. Says what it did; undef for the numbers that are the caller's.
sub damage_pages {
    my ($kind, $file, $first) = @_;
    my $pages = (-s $file) / 8192;
    my $write = writer($file);
    if ($kind == 3) {
        $write->(8192 * pick($pages), "\0" x 8192);
        return 'a page of zeros';
    } elsif ($kind == 4) {
        $write->(8192 * (1 + pick($pages - 1)) + 24, "\xff" x 8100);
        return 'a page of ones';
    } elsif ($kind == 5) {
        truncate $file, 8192 * int($pages / 2);
        return 'a file cut short';
    } elsif ($kind == 6) {
        seek $file, 8192 * ($first + pick($pages - $first)), 0;
        read $file, my $page, 8192;
        $write->(8192 * ($first + pick($pages - $first)), $page);
        return 'one page twice';
    } elsif ($kind == 8) {
        $write->(8192 * pick($pages) + pick(24), chr pick(256)) for 1 .. 6;
        return 'page headers';
    } elsif ($kind == 9) {
        $write->(8192 * pick($pages) + 8176 + pick(16), chr pick(256)) for 1 .. 6;
        return 'page trailers';
    } elsif ($kind == 11) {
        $write->(pick($pages) * 8192 + pick(8192), chr pick(256)) for 1 .. 300;
        return 'bytes anywhere';
    }
    return undef;
}

# Runs uses (name, SQL) of a damaged index, each after the same settings. Rows and errors that say the index is
# corrupted are right; after "reindex" there must be none. Returns what was wrong, and whether "check" noticed.
sub try_damaged {
    my ($node, $settings, @uses) = @_;
    my %allowed = map { $_ => 1 } '', 'XX001', 'XX002';
    my ($bad, $noticed) = ('', 0);
    while (my ($use, $sql) = splice @uses, 0, 2) {
        my ($text, $state) = run_sql($node, "$settings $sql;");
        $noticed = 1 if $use eq 'check' && $state ne '';
        $bad .= "$use: $text"
          if !exists $allowed{$state}
          || $text =~ /server closed|connection to server|terminating connection/
          || $use =~ /reindex|again/ && $state ne '';
    }
    return ($bad, $noticed);
}

1;
