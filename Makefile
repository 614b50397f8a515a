# Builds and installs the extensions with PGXS: one library, vectorgraph.so, and two extensions on
# top of it, vector (pgvector's SQL interface, for servers without pgvector) and vectorgraph.
#   make, make install, make installcheck, make clean    PG_CONFIG=... chooses the server
# The commands for people (demo, test, bench, lint) are in make/people.mk.

VG_VERSION = 0.2.0
VECTOR_VERSION = 0.1.0
# Versions that ALTER EXTENSION vectorgraph UPDATE starts from.
VG_OLDER = 0.1.0
MODULE_big = vectorgraph
EXTENSION = vectorgraph

# Rooms whose SQL makes up the extension vectorgraph, in the order PostgreSQL must see them. Within
# a room: alphabetically. The last fragment looks at what all of them made.
SQL_ROOMS = boundary index page lid_hnsw lid semantic_graph links graph_search cur select rank metric rerank table_search
SQL_LAST = src/pg/boundary/bound_after.sql
SQL_FRAGMENTS = $(filter-out $(SQL_LAST),$(foreach room,$(SQL_ROOMS),$(sort $(wildcard src/pg/$(room)/*.sql)))) $(SQL_LAST)
SQL_KNOWN = $(SQL_FRAGMENTS) src/pg/types/vector.sql
SQL_HOMELESS = $(filter-out $(SQL_KNOWN),$(wildcard src/pg/*/*.sql))
ifneq ($(SQL_HOMELESS),)
$(error SQL_ROOMS in the Makefile does not list the room of: $(SQL_HOMELESS))
endif

OBJS = $(patsubst %.cpp,%.o,$(sort $(wildcard src/core/*/*.cpp src/pg/*/*.cpp)))
UPDATE_SQL = $(foreach v,$(VG_OLDER),vectorgraph--$(v)--$(VG_VERSION).sql)
DATA_built = vectorgraph--$(VG_VERSION).sql $(UPDATE_SQL)
VECTOR_SQL = vector--$(VECTOR_VERSION).sql
EXTRA_CLEAN = $(VECTOR_SQL) $(OBJS:.o=.d)
REGRESS = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))

PG_CONFIG ?= pg_config
# PGXS compiles a second time for the JIT with flags of its own, which cannot read C++20.
override with_llvm = no
# PGXS puts PG_CXXFLAGS behind PostgreSQL's own -O2, so this one wins.
OPTIMIZE ?= -O3
EIGEN_INCLUDE ?= $(or $(patsubst -I%,%,$(firstword $(shell pkg-config --cflags-only-I eigen3 2>/dev/null))),/usr/include/eigen3)
# -isystem silences warnings of the server's headers. Before PostgreSQL 16 PGDLLEXPORT is empty.
# Eigen's assertions would end the server process: they are off.
PG_CPPFLAGS = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server) \
    -isystem $(EIGEN_INCLUDE) -DEIGEN_NO_DEBUG -DEIGEN_MPL2_ONLY \
    -DPGDLLEXPORT='__attribute__((visibility("default")))'
# Contraction would fuse a * b + c where the instruction set can, and give other bits there.
PG_CXXFLAGS = $(OPTIMIZE) -std=c++20 -ffp-contract=off -Wall -Wextra -Wno-register -Wno-unused-parameter \
    -fvisibility=hidden -fvisibility-inlines-hidden -pthread -MMD -MP
# -Bsymbolic: another C++ extension in the same backend must not capture our calls.
SHLIB_LINK += -lhwy -lstdc++ -pthread -Wl,-Bsymbolic

# Without a server the commands for people work, which install one; others say what is missing.
PGXS := $(if $(shell command -v $(PG_CONFIG) 2>/dev/null),$(shell $(PG_CONFIG) --pgxs))
ifneq ($(PGXS),)
include $(PGXS)
-include $(OBJS:.o=.d)
else
.PHONY: all install installcheck uninstall clean installdirs no-server
all install installcheck uninstall clean installdirs: no-server
no-server:
	@echo "no pg_config at '$(PG_CONFIG)': make/install-deps.sh build installs a server; PG_CONFIG=... names another one" >&2
	@exit 1
endif

all: $(VECTOR_SQL)

# One short line for a file, none with -s; V=1 shows the commands.
QUIET = $(if $(V),,@)
SILENT = $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say = $(if $(V)$(SILENT),,@printf '  %-4s %s\n' $(1) '$(2)')
%.o: %.cpp
	$(call say,CXX,$<)
	$(QUIET)$(CXX) $(CXXFLAGS) $(CPPFLAGS) -c -o $@ $<
ifeq ($(V),)
.SILENT: $(shlib)
endif

$(VECTOR_SQL): src/pg/types/vector.sql
	$(call say,SQL,$@)
	$(QUIET)cat $^ > $@

# The names of all objects in the user's schema, from their comments, are put into the fragment that looks
# whether somebody else has one of them.
SQL_NAMES = sed -nE -e "s/^COMMENT ON (FUNCTION|AGGREGATE) ([a-z][^.']*\)) IS.*/        'FUNCTION \2',/p" \
    -e "s/^COMMENT ON (OPERATOR [^a-zA-Z]+\(.*\)|(TYPE|ACCESS METHOD) [a-z][^.']*) IS.*/        '\1',/p"

vectorgraph--$(VG_VERSION).sql: Makefile $(SQL_FRAGMENTS)
	$(call say,SQL,$@)
	$(QUIET)printf '%s\n' '\echo Use "CREATE EXTENSION vectorgraph" to load this file. \quit' > $@
	$(QUIET)$(SQL_NAMES) $(SQL_FRAGMENTS) > $@.names
	$(QUIET)cat /dev/null $(SQL_FRAGMENTS) | sed -e '/^ *-- names: the Makefile puts them here$$/{r $@.names' -e 'd}' >> $@
	$(QUIET)rm $@.names

$(UPDATE_SQL): vectorgraph--%--$(VG_VERSION).sql: src/update/%_before.sql src/update/%_after.sql make/update-script.sh vectorgraph--$(VG_VERSION).sql
	$(call say,SQL,$@)
	$(QUIET)make/update-script.sh $* vectorgraph--$(VG_VERSION).sql $(SQL_FRAGMENTS) > $@.new
	$(QUIET)mv $@.new $@

# vector is installed only where no other one is: a vector.control that does not name our library is
# somebody else's and stays. WITH_VECTOR=no leaves it out everywhere, as packages do beside pgvector's.
WITH_VECTOR ?= yes
ifeq ($(filter yes no,$(WITH_VECTOR)),)
$(error WITH_VECTOR is yes or no, not "$(WITH_VECTOR)")
endif
EXTENSION_DIR = $(DESTDIR)$(datadir)/extension
OTHER_VECTOR = test -e '$(EXTENSION_DIR)/vector.control' && \
    ! grep -q '^module_pathname.*libdir/vectorgraph' '$(EXTENSION_DIR)/vector.control'

install: install-vector
uninstall: uninstall-vector

.PHONY: install-vector uninstall-vector
install-vector: $(VECTOR_SQL) installdirs
	@if test '$(WITH_VECTOR)' = no; then \
	    echo "vector: left out (WITH_VECTOR=no)"; \
	elif $(OTHER_VECTOR); then \
	    echo "vector: found another one in $(EXTENSION_DIR), left as it is"; \
	else \
	    $(INSTALL_DATA) $(srcdir)/vector.control $(VECTOR_SQL) '$(EXTENSION_DIR)/' && \
	    echo "vector: installed in $(EXTENSION_DIR)"; \
	fi

uninstall-vector:
	@if $(OTHER_VECTOR); then \
	    echo "vector: the one in $(EXTENSION_DIR) is not ours, left as it is"; \
	else \
	    rm -f '$(EXTENSION_DIR)/vector.control' '$(EXTENSION_DIR)/$(VECTOR_SQL)'; \
	fi

-include make/people.mk
