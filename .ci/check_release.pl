#!/usr/bin/env perl
# Fails when META.json is not what PGXN's specification of it asks for (version 1.0.0, pgxn.org/spec),
# or when the places that name our version or what is in a release do not agree.
#   .ci/check_release.pl [root]
use strict;
use warnings;

use JSON::PP;

my $root = $ARGV[0] // '.';
my $failures = 0;

sub fail {
    print "check_release: @_\n";
    $failures++;
}

sub slurp {
    my ($name) = @_;
    open my $file, '<', "$root/$name" or return;
    local $/;
    return <$file>;
}

my $semver = qr/\A(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+)?\z/;
# A range: versions with or without an operator, separated by commas; 0 is any version.
my $operator = qr/(?:[<>]=?|[!=]=)?/;
my $range = qr/\A(?:0|$operator\s*\d+\.\d+\.\d+[0-9A-Za-z-]*(?:\s*,\s*$operator\s*\d+\.\d+\.\d+[0-9A-Za-z-]*)*)\z/;
my $term = qr{\A[^\s/\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]+\z};
my %licenses = map { $_ => 1 } qw(agpl_3 apache_1_1 apache_2_0 artistic_1 artistic_2 bsd freebsd gfdl_1_2 gfdl_1_3
  gpl_1 gpl_2 gpl_3 lgpl_2_1 lgpl_3_0 mit mozilla_1_0 mozilla_1_1 openssl perl_5 postgresql qpl_1_0 ssleay sun zlib
  open_source restricted unrestricted unknown);

sub text {
    my ($value, $name) = @_;
    fail("META.json: $name is not a text") if !defined $value || ref $value || $value eq '';
}

# What is in `provides`: names of extensions with their files and versions.
sub check_provides {
    my ($provides) = @_;
    return fail('META.json: provides names no extension') if ref $provides ne 'HASH' || !%$provides;
    for my $name (sort keys %$provides) {
        my $extension = $provides->{$name};
        fail("META.json: $name is no name of an extension") if $name !~ $term;
        fail("META.json: version of $name is not semantic") if ($extension->{version} // '') !~ $semver;
        for my $key (qw(file docfile)) {
            next if $key eq 'docfile' && !exists $extension->{docfile};
            fail("META.json: $key of $name is not in the release") if !-e "$root/" . ($extension->{$key} // '?');
        }
        # pgxn load takes what is no SQL for something else than an extension, and loads nothing.
        fail("META.json: file of $name is not SQL") if ($extension->{file} // '') !~ /\.sql\z/;
        fail("META.json: no control file of $name") if !-e "$root/$name.control";
        for (keys %$extension) {
            fail("META.json: $name has an unknown key $_") unless /\A(?:file|docfile|version|abstract|[xX]_.*)\z/;
        }
    }
}

sub check_prereqs {
    my ($prereqs) = @_;
    for my $phase (sort keys %$prereqs) {
        fail("META.json: no phase is named $phase") unless $phase =~ /\A(?:configure|build|test|runtime|develop)\z/;
        for my $relation (sort keys %{ $prereqs->{$phase} }) {
            fail("META.json: no relation is named $relation")
              unless $relation =~ /\A(?:requires|recommends|suggests|conflicts)\z/;
            my $needed = $prereqs->{$phase}{$relation};
            for (sort keys %$needed) {
                fail("META.json: $needed->{$_} is no range of versions of $_") if $needed->{$_} !~ $range;
            }
        }
    }
}

my $meta = eval { JSON::PP->new->decode(slurp('META.json') // '') };
if (ref $meta ne 'HASH') {
    fail('META.json is not there, or no JSON object: ' . ($@ || ''));
    exit 1;
}
for (keys %$meta) {
    fail("META.json: unknown key $_")
      unless /\A(?:name|version|abstract|description|maintainer|license|provides|meta-spec|generated_by|no_index
        |prereqs|release_status|resources|tags|[xX]_.*)\z/x;
}
text($meta->{$_}, $_) for qw(name abstract);
text($_, 'maintainer') for ref $meta->{maintainer} eq 'ARRAY' ? @{ $meta->{maintainer} } : $meta->{maintainer};
fail('META.json: name is not a term') if ($meta->{name} // '') !~ $term;
fail('META.json: version is not semantic') if ($meta->{version} // '') !~ $semver;
for (ref $meta->{license} eq 'ARRAY' ? @{ $meta->{license} } : ref $meta->{license} eq 'HASH' ? () : $meta->{license} // '') {
    fail("META.json: no licence is named \"$_\"") unless $licenses{$_};
}
fail('META.json: no release status is named so') if ($meta->{release_status} // 'stable') !~ /\A(?:stable|testing|unstable)\z/;
fail('META.json: meta-spec is not 1.0.0') if ref $meta->{'meta-spec'} ne 'HASH' || ($meta->{'meta-spec'}{version} // '') ne '1.0.0';
for (@{ $meta->{tags} // [] }) {
    fail("META.json: \"$_\" is no tag") if length $_ > 255 || $_ !~ $term;
}
check_provides($meta->{provides});
check_prereqs($meta->{prereqs} // {});

# What a file says by the pattern's group.
sub named_in {
    my ($name, $pattern) = @_;
    return (slurp($name) // '') =~ $pattern ? $1 : 'none';
}

# The version of a release is the Makefile's. vector may have one of its own.
my $version = named_in('Makefile', qr/^VG_VERSION *= *(\S+)/m);
my $control_version = qr/^default_version *= *'([^']+)'/m;
my %named = (
    'META.json, version' => $meta->{version},
    'META.json, vectorgraph' => $meta->{provides}{vectorgraph}{version},
    'vectorgraph.control' => named_in('vectorgraph.control', $control_version),
    'CMakeLists.txt' => named_in('CMakeLists.txt', qr/^project\(vectorgraph VERSION (\S+)/m),
    'debian/changelog' => named_in('debian/changelog', qr/\Avectorgraph \(([^)]+)-[^-)]+\)/),
);
for (sort keys %named) {
    my $there = $named{$_} // 'none';
    fail("$_ names version $there, the Makefile $version") if $there ne $version;
}
my $vector = named_in('vector.control', $control_version);
fail('META.json and vector.control name different versions') if $vector ne ($meta->{provides}{vector}{version} // '');
print "check_release: META.json is sound, all places name version $version\n" unless $failures;
exit($failures > 0);
