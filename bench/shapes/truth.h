// Exact answers under every filter, and the recall of an answer against them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shape.h"

namespace vg::bench::shapes {

enum class Filter { kNone, kHalf, kTenth, kHundredth, kThousandth, kOwnCluster, kFarCluster };

// Does the filter keep the row for the query?
bool keeps(const Shape& shape, Filter filter, std::size_t query, std::size_t row);

// In double precision. L2: Euclidean; cosine: 1 - cosine; inner product: its negative.
double exact_distance(const Shape& shape, Metric metric, std::size_t query, std::size_t row);

// The nearest rows' distances of every query, ascending: at most `most`, fewer when the filter
// keeps fewer.
using Nearest = std::vector<std::vector<double>>;

// Under several filters at once, which share the distances: result[f] belongs to filters[f].
std::vector<Nearest> find_nearest(const Shape& shape, Metric metric,
                                  const std::vector<Filter>& filters, std::size_t most);

// Share of the k nearest rows that the answer holds, 1 when the filter keeps none. By distance, not
// by id, so that ties cost nobody recall: a distinct row is right when its distance is at most that
// of the k-th, with a relative slack of 1e-6, and under cosine another 2.5e-7, below which 1 - cos
// in floats knows no difference. Throws vg::Error when the answer holds a row that the filter does
// not keep.
double recall(const Shape& shape, Metric metric, Filter filter, const Nearest& nearest,
              std::size_t query, std::size_t k, std::vector<std::uint32_t> ids);

}  // namespace vg::bench::shapes
