// What a scorer was when an index was built, and whether it still is that: a hash of what its
// functions are made of, and one of what the operator class's version function says. Functions that
// those call, and what a library holds, are not looked into: the version function is for that.
#pragma once

#include "pg/boundary/pg.h"

#include "pg/cur/cur.h"

namespace vg::pg::cur {

struct Fingerprint {
    std::uint64_t functions;
    std::uint64_t version;  // 0 without a version function
    bool operator==(const Fingerprint&) const = default;
};

// Calls the version function, as the current user. Owns nothing; an error of it propagates.
Fingerprint scorer_fingerprint(Relation index);
inline Fingerprint built_fingerprint(const vg::cur::MetaData& m) {
    return {m.scorer_functions, m.scorer_version};
}

// Null when the scorer is that of the build, else what is another. An index without a model fits
// any scorer.
const char* scorer_change(Relation index, const vg::cur::MetaData& m);

// Warns of a scorer that has changed: once for an index in a backend and a change. Looks at an
// index first seen, and again after any function was changed.
void note_scorer(Relation index, const vg::cur::MetaData& m);

}  // namespace vg::pg::cur
