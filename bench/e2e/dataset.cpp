// Loading, ordering and exact search; see dataset.h.
#include "dataset.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <string>

#include "core/base/parallel.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/distance/distance.h"
#include "hnswlib_baseline.h"

namespace vg::bench {

namespace {

constexpr float kRelativeSlack = 1e-5f;
constexpr float kAbsoluteSlack = 1e-6f;  // rounding of 1 - cos for near duplicates

template <typename T>
std::vector<T> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    if (!in)
        throw Error(StatusCode::kInvalidArgument, "cannot open " + path);
    const auto bytes = static_cast<std::size_t>(in.tellg());
    std::vector<T> values(bytes / sizeof(T));
    in.seekg(0);
    in.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(bytes));
    if (!in || bytes % sizeof(T) != 0)
        throw Error(StatusCode::kInvalidArgument, "cannot read " + path);
    return values;
}

Matrix read_matrix(const std::string& path, int dim) {
    Matrix matrix{read_file<float>(path), static_cast<std::size_t>(dim)};
    if (matrix.values.empty() || matrix.values.size() % matrix.dim != 0)
        throw Error(StatusCode::kInvalidArgument,
                    path + " is not a matrix of " + std::to_string(dim) + " columns");
    return matrix;
}

Matrix unit_rows(const Matrix& matrix) {
    Matrix unit = matrix;
    for (std::size_t i = 0; i < unit.rows(); ++i) {
        float* row = unit.values.data() + i * unit.dim;
        double squares = 0;
        for (std::size_t d = 0; d < unit.dim; ++d)
            squares += static_cast<double>(row[d]) * row[d];
        if (squares == 0)
            throw Error(StatusCode::kInvalidArgument, "zero vector in a cosine data set");
        for (std::size_t d = 0; d < unit.dim; ++d)
            row[d] = static_cast<float>(row[d] / std::sqrt(squares));
    }
    return unit;
}

float metric_distance(Metric metric, const float* a, const float* b, std::size_t dim) {
    if (metric == Metric::kCosine)
        return 1.0f - distance::inner_product(a, b, dim);
    return std::sqrt(distance::l2_squared(a, b, dim));
}

// Stable, so that rows of equal key stay in shuffled order.
template <typename Key>
void sort_by(std::vector<std::uint32_t>& order, const std::vector<Key>& key) {
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return key[a] < key[b]; });
}

std::vector<std::uint32_t> nearest_pivot(const Dataset& data, const Options& options) {
    constexpr std::size_t kPivots = 256;
    const Matrix& rows = data.train_unit;
    const std::size_t pivots = std::min(kPivots, rows.rows());
    std::vector<std::uint32_t> nearest(rows.rows());
    const auto assign = [&](std::size_t begin, std::size_t end, unsigned) {
        for (std::size_t i = begin; i < end; ++i) {
            float best = INFINITY;
            for (std::size_t p = 0; p < pivots; ++p) {
                const float* pivot = rows.row(data.shuffled[p]);
                const float d = metric_distance(data.metric, rows.row(i), pivot, rows.dim);
                if (d < best) {
                    best = d;
                    nearest[i] = static_cast<std::uint32_t>(p);
                }
            }
        }
    };
    parallel_for(static_cast<unsigned>(options.workers) + 1, rows.rows(), 256, Poll{}, assign);
    return nearest;
}

std::vector<float> norms(const Matrix& matrix) {
    std::vector<float> result(matrix.rows());
    for (std::size_t i = 0; i < result.size(); ++i)
        result[i] = distance::inner_product(matrix.row(i), matrix.row(i), matrix.dim);
    return result;
}

// Maximum-likelihood LID (Levina and Bickel 2004; Amsaleg et al. 2015) of every row over its 20
// nearest neighbours at a distance above zero, found with an hnswlib index.
std::vector<double> lid_per_row(const Dataset& data, const Options& options) {
    constexpr int kNeighbours = 20;
    HnswlibBaseline index(data, options);
    index.set_ef(64);
    std::vector<double> lid(data.train.rows(), 0.0);
    const auto estimate = [&](std::size_t begin, std::size_t end, unsigned) {
        for (std::size_t i = begin; i < end; ++i) {
            const float* row = data.train_unit.row(i);
            std::vector<double> distances;
            for (const std::uint32_t id : index.search(row, kNeighbours + 1)) {
                const double squared =
                    distance::l2_squared(row, data.train_unit.row(id), data.train.dim);
                if (squared > 0)
                    distances.push_back(std::sqrt(squared));
            }
            if (distances.size() < 2)
                continue;
            const double radius = *std::max_element(distances.begin(), distances.end());
            double logs = 0;
            for (const double d : distances)
                logs += std::log(d / radius);
            lid[i] = logs < 0 ? -static_cast<double>(distances.size()) / logs : INFINITY;
        }
    };
    parallel_for(static_cast<unsigned>(options.workers) + 1, lid.size(), 64, Poll{}, estimate);
    return lid;
}

std::vector<std::uint32_t> make_load_order(const Dataset& data, const Options& options) {
    std::vector<std::uint32_t> order = data.shuffled;
    switch (options.heap_order) {
        case HeapOrder::kShuffled:
            break;
        case HeapOrder::kFile:
            std::iota(order.begin(), order.end(), 0u);
            break;
        case HeapOrder::kCluster:
            sort_by(order, nearest_pivot(data, options));
            break;
        case HeapOrder::kCategory: {
            std::vector<unsigned char> labels = read_file<unsigned char>(options.labels);
            if (labels.size() + static_cast<std::size_t>(options.duplicates) != order.size())
                throw Error(StatusCode::kInvalidArgument, "one label per training row is needed");
            labels.resize(order.size(), labels[0]);
            sort_by(order, labels);
            break;
        }
        case HeapOrder::kNorm:
            sort_by(order, norms(data.train));
            break;
        case HeapOrder::kLid:
            sort_by(order, lid_per_row(data, options));
            break;
    }
    return order;
}

// Keeps the k smallest values seen, largest on top.
class SmallestK {
  public:
    explicit SmallestK(std::size_t k) : k_(k) {}

    void offer(float value) {
        if (heap_.size() == k_ && value >= heap_.front())
            return;
        if (heap_.size() == k_) {
            std::pop_heap(heap_.begin(), heap_.end());
            heap_.pop_back();
        }
        heap_.push_back(value);
        std::push_heap(heap_.begin(), heap_.end());
    }

    float largest() const { return heap_.front(); }

  private:
    std::size_t k_;
    std::vector<float> heap_;
};

std::vector<float> exact_kth(const Dataset& data, const Options& options) {
    constexpr std::size_t kQueryBlock = 16;  // queries that share one pass over the rows
    constexpr std::size_t kRowTile = 64;
    std::vector<float> kth(data.test.rows());
    const std::size_t rows = data.train.rows();
    const auto search = [&](std::size_t begin, std::size_t end, unsigned) {
        std::vector<SmallestK> best(end - begin, SmallestK(static_cast<std::size_t>(options.k)));
        for (std::size_t tile = 0; tile < rows; tile += kRowTile)
            for (std::size_t q = begin; q < end; ++q)
                for (std::size_t i = tile; i < std::min(rows, tile + kRowTile); ++i)
                    best[q - begin].offer(data.distance(q, i));
        for (std::size_t q = begin; q < end; ++q)
            kth[q] = best[q - begin].largest();
    };
    parallel_for(static_cast<unsigned>(options.workers) + 1, kth.size(), kQueryBlock, Poll{},
                 search);
    return kth;
}

}  // namespace

float Dataset::distance(std::size_t query, std::size_t id) const {
    return metric_distance(metric, test_unit.row(query), train_unit.row(id), train.dim);
}

Dataset make_dataset(const Options& options) {
    Dataset data;
    data.metric = options.metric;
    data.train = read_matrix(options.train, options.dim);
    data.test = read_matrix(options.test, options.dim);
    data.test.values.resize(std::min(data.test.rows(), static_cast<std::size_t>(options.queries)) *
                            data.test.dim);
    const std::vector<float> first(data.train.row(0), data.train.row(0) + data.train.dim);
    for (int i = 0; i < options.duplicates; ++i)
        data.train.values.insert(data.train.values.end(), first.begin(), first.end());

    const bool cosine = data.metric == Metric::kCosine;
    data.train_unit = cosine ? unit_rows(data.train) : data.train;
    data.test_unit = cosine ? unit_rows(data.test) : data.test;
    data.shuffled.resize(data.train.rows());
    std::iota(data.shuffled.begin(), data.shuffled.end(), 0u);
    Random rng(options.seed);
    shuffle(data.shuffled, rng);
    data.load_order = make_load_order(data, options);
    data.kth_distance = exact_kth(data, options);
    return data;
}

double recall(const Dataset& data, std::size_t query, std::vector<std::uint32_t> ids, int k) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    const float limit = data.kth_distance[query] * (1 + kRelativeSlack) + kAbsoluteSlack;
    const auto hits = std::count_if(ids.begin(), ids.end(), [&](std::uint32_t id) {
        return id < data.train.rows() && data.distance(query, id) <= limit;
    });
    return static_cast<double>(std::min<std::ptrdiff_t>(hits, k)) / k;
}

}  // namespace vg::bench
