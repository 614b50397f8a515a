# The commands for people. Each works from a clean clone and needs no running server: see
# docs/testing.md. Included by the Makefile.

.PHONY: demo test bench unit asan lint layers format format-check tidy regress isolation tap docs-test \
    fuzz valgrind test-servers soak deb dist

# Private server, extension, real data, index, answers: under five minutes.
demo:
	make/install-deps.sh build
	make/build-extension.sh
	make/cluster.sh demo/demo.sh

# Everything that CI runs, which tests on other servers too, as VG_SERVERS=1 does here. One step alone:
# make/test.sh <step>.
test:
	make/install-deps.sh test
	make/test.sh all

# The tests on PostgreSQL 17 and 18, in Debian systems in folders that are made once (root, debootstrap).
test-servers:
	make/test-servers.sh

# Mixed load with cancels and kills for VG_SOAK_MINUTES (30), on the server at hand and on 17 and 18.
soak:
	make/install-deps.sh test
	make/soak.sh

# Debian packages for this system's server in build/deb/; a zip for PGXN in build/dist/.
deb:
	make/deb.sh build

DIST = vectorgraph-$(VG_VERSION)
dist:
	.ci/check_release.pl
	mkdir -p build/dist
	git archive --format=zip --prefix=$(DIST)/ -o build/dist/$(DIST).zip HEAD
	@echo build/dist/$(DIST).zip

# Recall, throughput and size on the full data sets; tens of minutes.
bench:
	make/install-deps.sh bench
	bench/run.sh

# Each fuzzer for FUZZ_SECONDS; needs clang. What it learns stays in build/fuzz/corpus.
FUZZ_SECONDS ?= 60
fuzz:
	make/fuzz.sh $(FUZZ_SECONDS)

# The regression tests under valgrind, slowly; needs valgrind. VALGRIND_TESTS names some of them.
valgrind:
	make/valgrind.sh $(VALGRIND_TESTS)

unit asan lint regress isolation tap:
	make/test.sh $@

docs-test:
	make/test.sh docs

layers:
	.ci/check_layers.sh

FORMATTED = git ls-files --cached --others --exclude-standard \
    'src/*.h' 'src/*.cpp' 'test/*.h' 'test/*.cpp' 'bench/*.h' 'bench/*.cpp'

format:
	$(FORMATTED) | xargs -r clang-format -i

format-check:
	$(FORMATTED) | xargs -r clang-format --dry-run -Werror

# The core only: src/pg needs the server's headers and its macros confuse the checks.
tidy:
	cmake -S . -B build/tidy -DCMAKE_BUILD_TYPE=Debug >/dev/null
	find src/core -name '*.cpp' | xargs -P2 -n1 clang-tidy --quiet -p build/tidy
