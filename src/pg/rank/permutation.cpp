// permutation_repair: a permutation out of what was meant to be one. Works on palloc'd arrays.

#include "pg/boundary/pg.h"

#include <span>

#include "core/rank/permutation.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"

namespace vg::pg::rank {
namespace {

constexpr int32 kMaxPositions = 10000000;

int32* allocate_positions(int n) {
    return static_cast<int32*>(palloc(sizeof(int32) * static_cast<Size>(n + 1)));
}

}  // namespace

// (p, n)
VG_FUNCTION(vg_permutation_repair) {
    const ArrayItems given = array_items(PG_GETARG_ARRAYTYPE_P(0));
    const int32 n = integer_argument(fcinfo, 1, "n", 0);
    if (n > kMaxPositions)
        ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                        errmsg("n must be at most %d", kMaxPositions)));
    int32* positions = allocate_positions(given.n);
    for (int i = 0; i < given.n; ++i)
        positions[i] = given.nulls[i] ? 0 : DatumGetInt32(given.values[i]);
    int32* repaired = allocate_positions(n);
    vg::rank::repair_permutation(std::span(positions, static_cast<std::size_t>(given.n)),
                                 std::span(repaired, static_cast<std::size_t>(n)));
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(n + 1)));
    for (int i = 0; i < n; ++i)
        values[i] = Int32GetDatum(repaired[i]);
    return PointerGetDatum(construct_array(values, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

}  // namespace vg::pg::rank
