// Which format the bytes of an index have, and what the access methods do with an index of another
// one, made before an upgrade of the package or by a newer release:
//   planner   goes around it, with one WARNING per session and index
//   INSERT    one clear error, as from everything else that has to read it (report_other_format)
//   VACUUM    passes over it: what it holds may name heap TIDs that other rows have by now, and
//             nothing reads it before REINDEX has replaced its storage
// The metapages of all our access methods begin with a magic number and a version.
//
// Locks: a share lock on the metapage for the time of a look. Everything here may ereport (R2).
#pragma once

#include "pg/boundary/pg.h"

#include <cstdint>

namespace vg::pg::index {

struct StoredFormat {
    std::uint32_t version = 0;
    std::uint32_t current = 0;  // what this release reads and writes
    // Whether block 0 is a metapage of ours. Damage counts as no other format: whoever reads the
    // index says what is wrong.
    bool known = false;
    bool other() const noexcept { return known && version != current; }
};

StoredFormat stored_format(Relation index);

// For amcostestimate: whether plans have to go around the index. Warns once.
bool closed_to_plans(Relation index);

// 55000 when the version that a metapage names is not `current`.
void require_format(Relation index, std::uint32_t version, std::uint32_t current);

// For ambulkdelete and amvacuumcleanup: null for an index to work on, else what they return.
IndexBulkDeleteResult* pass_over(IndexVacuumInfo* info, IndexBulkDeleteResult* stats);

}  // namespace vg::pg::index
