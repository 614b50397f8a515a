// The arguments that rerank and rerank_cost share.
#pragma once

#include "pg/boundary/pg.h"

#include "core/rerank/rerank.h"

namespace vg::pg::rerank {

// protocol: at argument `protocol`; batch, group_size, epochs, fanout, votes, win, step, passes:
// from argument `batch` on. k is left alone. 22004, 22023.
vg::rerank::Shape shape_arguments(FunctionCallInfo fcinfo, int protocol, int batch);

// k at argument i, at least 1; `all` where it is NULL.
std::size_t places_argument(FunctionCallInfo fcinfo, int i, std::size_t all);

}  // namespace vg::pg::rerank
