// The data sets of the regression bench: rows, held-out queries, and columns to filter by.
// Everything is made from seeds (or read from the files of bench/prepare_data.mjs), so that two
// runs see the same rows in the same order. A Shape is immutable once made and may be read from any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vg::bench::shapes {

enum class Metric { kL2, kCosine, kInnerProduct, kL1 };

struct Shape {
    std::string name;
    std::size_t dim = 0;
    std::vector<float> rows;     // row i has id i
    std::vector<float> queries;  // none of them is a row
    // A number below 1,000 that knows nothing of the vector: "share < 10" keeps 1 % of the rows.
    std::vector<std::uint16_t> share;
    // Of each row, the nearest of kClusters centres by angle.
    std::vector<std::uint16_t> cluster;
    // Of each query, the cluster that it lies in, and the one that lies farthest from it among
    // those that hold at least one row of 200.
    std::vector<std::uint16_t> own_cluster, far_cluster;

    std::size_t row_count() const { return rows.size() / dim; }
    std::size_t query_count() const { return queries.size() / dim; }
    const float* row(std::size_t i) const { return rows.data() + i * dim; }
    const float* query(std::size_t q) const { return queries.data() + q * dim; }
};

inline constexpr std::size_t kClusters = 34;

// By name:
//   glove       the commonest words; queries are common words that are no rows. 100 dimensions
//   mnist       images of digits, raw pixels; queries from the test set. 784
//   lognormal   random directions, norms exp(2 g) with g normal. 64
//   uniform     each coordinate uniform in [0, 1). 32
//   copies      normal rows; three of eight rows lie within about 1e-6 of one point. Every other
//               query lies there too. 64
//   outlier     normal rows and one row [1e10, 0, ...]. 16
// Throws vg::Error for another name and when the files in `directory` have too few rows.
Shape make_shape(const std::string& name, std::size_t rows, std::size_t queries,
                 const std::string& directory);

}  // namespace vg::bench::shapes
