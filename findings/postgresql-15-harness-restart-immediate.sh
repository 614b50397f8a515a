#!/usr/bin/env bash
# PostgreSQL::Test::Cluster of PostgreSQL 15 (Debian 12, postgresql-server-dev-15 15.20-0+deb12u1).
# One would guess: $node->restart('immediate') stops the server as stop('immediate') does, without a checkpoint, so that what
#   follows tests crash recovery.
# What happens: restart takes no mode and ignores the word without a warning. The server gets a fast shutdown, writes its
#   checkpoint, and no recovery runs: a test of crash safety that always passes. stop('immediate') and start do crash it.
# Who meets it: authors of extensions who test WAL or crash recovery with the harness that Debian ships.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
cd "$folder"
version=15.20-0+deb12u1
apt-get download -qq -o APT::Sandbox::User=root "postgresql-15=$version" "postgresql-client-15=$version" "postgresql-server-dev-15=$version" \
    libipc-run-perl libio-pty-perl >/dev/null
mkdir root work
for package in ./*.deb; do dpkg -x "$package" root; done
cat >test.pl <<'PERL'
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
my $node = PostgreSQL::Test::Cluster->new('node');
$node->init;
$node->start;
note($node->safe_psql('postgres', 'SELECT version()'));
# What the server writes from here on.
sub written_by {
    my ($what) = @_;
    my $from = -s $node->logfile;
    $node->safe_psql('postgres', 'CREATE TABLE IF NOT EXISTS t (i integer); INSERT INTO t VALUES (1)');
    $what->();
    return substr(slurp_file($node->logfile), $from);
}
sub recovers { return $_[0] =~ /not properly shut down; automatic recovery in progress/ ? 'yes' : 'no' }
my $restart = written_by(sub { $node->restart('immediate') });
my $crash = written_by(sub { $node->stop('immediate'); $node->start });
like($restart, qr/received fast shutdown request/, "restart('immediate') is a fast shutdown");
is(recovers($restart), 'no', 'and no recovery follows');
is(recovers($crash), 'yes', "recovery follows stop('immediate') and start");
$node->stop;
done_testing();
PERL
as=()
if [ "$(id -u)" -eq 0 ]; then
    chown nobody work
    as=(runuser -u nobody --)
fi
server=$folder/root/usr/lib/postgresql/15
perl5=$(printf '%s:' root/usr/share/perl5 root/usr/lib/*/perl5/5* | sed "s@root/@$folder/root/@g")
cd work
"${as[@]}" env HOME="$folder/work" TESTDIR="$folder/work" PATH="$server/bin:$PATH" PGPORT=65431 PERL5LIB="$perl5" \
    PG_REGRESS="$server/lib/pgxs/src/test/regress/pg_regress" perl -I "$server/lib/pgxs/src/test/perl" ../test.pl
