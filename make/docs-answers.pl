#!/usr/bin/env perl
# The sql examples of a document and what it says that they answer; make/docs-test.sh runs them between
# the two calls.
#   make/docs-answers.pl split DOCUMENT DIR        writes DIR/block.LINE.sql for each block, and .want
#   make/docs-answers.pl check DIR/block.LINE      compares .out and .err, what psql -A -t -F ', '
#                                                  -P null=NULL wrote, with .want
# What a document says:
# * A comment behind a statement that returns rows is its answer: all values of all rows, in order. Commas,
#   colons, semicolons, brackets and quotes separate only; "..." stands for any values; what follows ": "
#   is explanation. Numbers are as exact as they are written: .57 is right for 0.571, 1 not for 0.9.
# * Behind EXPLAIN it is a part of the plan. A plan about which nothing is said is a fault.
# * A text block right behind an sql block is the output of its last statement, line by line.
# * A line "-- NOTICE: ..." is a NOTICE of the block. Other lines that are nothing but a comment are prose.
use strict;
use warnings;

# The statements of a block: [line, text, comments behind its lines]. What is quoted by dollars is no end.
sub statements {
    my @lines = @_;
    my (@units, @text, @comments, $first, $tag);
    for my $i (0 .. $#lines) {
        my $line = $lines[$i];
        next if !@text && $line =~ /^\s*(?:--.*)?$/;
        $first = $i if !@text;
        push @text, $line;
        my ($code, $comment) = defined $tag ? ($line, undef) : $line =~ /^(.*?)(?:\s*--\s+(.*))?$/;
        push @comments, $comment if defined $comment;
        while ($code =~ /(\$\w*\$)/g) {
            if (!defined $tag) { $tag = $1 }
            elsif ($tag eq $1) { undef $tag }
        }
        next if defined $tag || ($code !~ /;\s*$/ && !($first == $i && $line =~ /^\\/));
        push @units, [$first, join("\n", @text), join(' ', @comments)];
        (@text, @comments) = ();
    }
    push @units, [$first, join("\n", @text), join(' ', @comments)] if @text;
    return @units;
}

sub slurp { my ($name) = @_; open my $file, '<', $name or die "$name: $!\n"; local $/; return scalar <$file> // '' }
sub spew { my ($name, @text) = @_; open my $file, '>', $name or die "$name: $!\n"; print $file @text; close $file }

# Each statement behind a line that names it, and a file with what it has to answer.
sub write_block {
    my ($name, $from, $lines, $shown) = @_;
    my @want = map { /^\s*--\s+(NOTICE:.*)/ ? "notice\t" . ($from) . "\t$1\n" : () } @$lines;
    my @units = statements(@$lines);
    my @sql = @$lines;
    for my $n (0 .. $#units) {
        my ($first, $text, $comment) = @{$units[$n]};
        my $kind = $text =~ /^\s*EXPLAIN\b/i ? 'plan' : $text =~ /^\s*(?:SELECT|WITH|TABLE|VALUES)\b/i ? 'rows' : 'none';
        $kind = 'text', $comment = join('\n', @$shown) if $n == $#units && $shown && $kind ne 'none';
        $sql[$first] = "\\echo \@\@$n\n$sql[$first]";
        push @want, join("\t", $kind, $from + $first, $comment) . "\n";
    }
    spew("$name.sql", map { "$_\n" } @sql);
    spew("$name.want", @want);
}

sub split_document {
    my ($document, $dir) = @_;
    my @lines = split /\n/, slurp($document);
    for (my $i = 0; $i < @lines; $i++) {
        next if $lines[$i] !~ /^```sql *$/;
        my $from = ++$i;
        $i++ while $i < @lines && $lines[$i] !~ /^```/;
        my @block = @lines[$from .. $i - 1];
        my $next = $i + 1;
        $next++ while $next < @lines && $lines[$next] eq '';
        my $shown;
        if ($next < @lines && $lines[$next] =~ /^```text *$/) {
            my $end = $next + 1;
            $end++ while $lines[$end] !~ /^```/;
            $shown = [@lines[$next + 1 .. $end - 1]];
        }
        write_block(sprintf('%s/block.%06d', $dir, $from + 1), $from + 1, \@block, $shown);
    }
}

sub values_of { return grep { $_ ne '' } split /[\s,;:|"'(){}\[\]]+/, $_[0] }

my $number = qr/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

sub same {
    my ($want, $have) = @_;
    return 1 if $want eq $have;
    return 0 if $want !~ $number || $have !~ $number;
    my ($digits) = $want =~ /\.(\d+)/;
    return abs($want - $have) <= (defined $digits ? 0.5000001 * 10**-length($digits) : 1e-6 * abs($want));
}

# Whether values are the wanted ones, where "..." stands for any number of them.
sub alike {
    my ($want, $have) = @_;
    my @want = @$want;
    my @have = @$have;
    while (@want) {
        my $next = shift @want;
        if ($next eq '...') {
            return 1 if !@want;
            for my $skip (0 .. $#have) {
                return 1 if alike(\@want, [@have[$skip .. $#have]]);
            }
            return 0;
        }
        return 0 if !@have || !same($next, shift @have);
    }
    return !@have;
}

# Plans name the results of subqueries otherwise from PostgreSQL 17 on.
sub plan_lines {
    my ($text) = @_;
    $text =~ s/InitPlan (\d+) \(returns \$\d+\)/InitPlan $1/g;
    $text =~ s/\$(\d+)/'(InitPlan ' . ($1 + 1) . ').col1'/ge;
    my @lines = grep { /\S/ } split /\n/, $text;
    my ($indent) = map { length } ($lines[0] // '') =~ /^( *)/;
    return map { s/^ {0,$indent}//; s/\s+$//; $_ } @lines;
}

sub right {
    my ($kind, $want, $have) = @_;
    if ($kind eq 'text') {
        $want =~ s/\\n/\n/g;
        return join("\n", plan_lines($want)) eq join("\n", plan_lines($have));
    }
    $want =~ s/: .*//;
    return $want ne '' && $have =~ /\b\Q$want\E\b/ if $kind eq 'plan';
    return $want eq '' || alike([values_of($want)], [values_of($have)]);
}

sub check_block {
    my ($name) = @_;
    my %have = slurp("$name.out") =~ /^@@(\d+)\n(.*?)(?=^@@\d+\n|\z)/msg;
    my $said = slurp("$name.err");
    my ($n, $wrong, $right) = (0, 0, 0);
    for (split /\n/, slurp("$name.want")) {
        my ($kind, $line, $want) = split /\t/, $_, 3;
        if ($kind eq 'notice') {
            my ($text) = $want =~ /^NOTICE:\s*(.*)/;
            $right++, next if $said =~ /NOTICE:\s+\Q$text\E/;
            print "line $line: the document says: $want\nbut there is: $said\n";
            $wrong++;
            next;
        }
        my $have = $have{$n++} // '';
        next if $kind eq 'none' || ($kind eq 'rows' && $want eq '');
        $right++, next if right($kind, $want, $have);
        print "line $line: the document says: $want\nbut the answer is: $have\n";
        $wrong++;
    }
    print "answers: $right\n" if !$wrong;
    return $wrong;
}

my ($verb, @rest) = @ARGV;
if (($verb // '') eq 'split' && @rest == 2) { split_document(@rest) }
elsif (($verb // '') eq 'check' && @rest == 1) { exit(check_block(@rest) ? 1 : 0) }
else { die "usage: $0 split DOCUMENT DIR | check DIR/block.LINE\n" }
