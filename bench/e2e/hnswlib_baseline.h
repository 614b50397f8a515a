// hnswlib in process: the speed that a graph index reaches without a database around it. Searching
// is thread-safe; set_ef must not run beside it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataset.h"
#include "options.h"

namespace vg::bench {

class HnswlibBaseline {
  public:
    // Builds over data.train_unit with options.m and ef_construction, rows in the seeded shuffled
    // order whatever the heap order is, with options.workers + 1 threads.
    HnswlibBaseline(const Dataset& data, const Options& options);
    ~HnswlibBaseline();

    void set_ef(int ef);
    // Ids of the k nearest rows found, in no particular order.
    std::vector<std::uint32_t> search(const float* query, int k) const;

    double build_seconds() const { return build_seconds_; }
    std::size_t bytes() const;

  private:
    struct Index;
    std::unique_ptr<Index> index_;
    double build_seconds_ = 0;
};

}  // namespace vg::bench
