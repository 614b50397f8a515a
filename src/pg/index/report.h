// Reports of damage, in one form: XX002, what was found and where, the hint to rebuild the index.
#pragma once

#include "pg/boundary/pg.h"

namespace vg::pg::index {

// detail: a whole sentence.
[[noreturn]] void report_corrupt_index(Relation index, const char* detail, ...)
    pg_attribute_printf(2, 3);
// what: no capital, no full stop.
[[noreturn]] void report_corrupt(Relation index, BlockNumber block, const char* what);

}  // namespace vg::pg::index
