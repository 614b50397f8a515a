// Fork-join loop for bulk builds. The calling thread works too and is the only one that polls for
// interrupts; helpers run with every signal blocked, touch no PostgreSQL symbol, hand their
// exception back through an exception_ptr and are joined before the call returns or throws.
#pragma once

#include <cstddef>
#include <functional>

#include "core/base/poll.h"

namespace vg {

// Runs body(begin, end, worker) over disjoint chunks of [0, n) until all are done.
//   threads  total number of threads including the caller, >= 1; worker is in [0, threads)
//   chunk    items per call, >= 1: keep one chunk under ~10 ms so that a cancel is prompt
// Throws what body or poll threw first; then no further chunk starts.
void parallel_for(unsigned threads, std::size_t n, std::size_t chunk, const Poll& poll,
                  const std::function<void(std::size_t, std::size_t, unsigned)>& body);

}  // namespace vg
