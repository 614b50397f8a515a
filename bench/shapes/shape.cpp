// Data sets and their clusters; see shape.h.
#include "shape.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>

#include "core/base/random.h"
#include "core/base/status.h"
#include "core/distance/distance.h"

namespace vg::bench::shapes {

namespace {

std::vector<float> read_rows(const std::string& path, std::size_t rows, std::size_t dim) {
    std::vector<float> values(rows * dim);
    std::ifstream in(path, std::ios::binary);
    in.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
    if (!in)
        throw Error(StatusCode::kInvalidArgument,
                    path + " does not have " + std::to_string(rows) + " rows");
    return values;
}

double normal(Random& random) {
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
    return radius * std::cos(2 * std::numbers::pi * random.uniform());
}

std::vector<float> normal_rows(Random& random, std::size_t rows, std::size_t dim) {
    std::vector<float> values(rows * dim);
    for (float& value : values)
        value = static_cast<float>(normal(random));
    return values;
}

double norm(const float* v, std::size_t dim) {
    double squares = 0;
    for (std::size_t i = 0; i < dim; ++i)
        squares += static_cast<double>(v[i]) * v[i];
    return std::sqrt(squares);
}

void make_lognormal(Shape& shape, std::size_t rows, std::size_t queries) {
    Random random(11);
    shape.dim = 64;
    shape.rows = normal_rows(random, rows, shape.dim);
    for (std::size_t i = 0; i < rows; ++i) {
        float* row = shape.rows.data() + i * shape.dim;
        const double factor = std::exp(2 * normal(random)) / norm(row, shape.dim);
        for (std::size_t j = 0; j < shape.dim; ++j)
            row[j] = static_cast<float>(row[j] * factor);
    }
    shape.queries = normal_rows(random, queries, shape.dim);
}

void make_uniform(Shape& shape, std::size_t rows, std::size_t queries) {
    Random random(12);
    shape.dim = 32;
    for (std::vector<float>* values : {&shape.rows, &shape.queries}) {
        values->resize((values == &shape.rows ? rows : queries) * shape.dim);
        for (float& value : *values)
            value = static_cast<float>(random.uniform());
    }
}

// Replaces the vector by one beside `point`: its coordinates become the offsets.
void move_beside(float* vector, const std::vector<float>& point) {
    for (std::size_t i = 0; i < point.size(); ++i)
        vector[i] = point[i] + 3e-7f * vector[i];
}

void make_copies(Shape& shape, std::size_t rows, std::size_t queries) {
    Random random(13);
    shape.dim = 64;
    const std::vector<float> point = normal_rows(random, 1, shape.dim);
    shape.rows = normal_rows(random, rows, shape.dim);
    shape.queries = normal_rows(random, queries, shape.dim);
    for (std::size_t i = 0; i < rows; ++i)
        if (random.below(8) < 3)
            move_beside(shape.rows.data() + i * shape.dim, point);
    for (std::size_t q = 1; q < queries; q += 2)
        move_beside(shape.queries.data() + q * shape.dim, point);
}

void make_outlier(Shape& shape, std::size_t rows, std::size_t queries) {
    Random random(14);
    shape.dim = 16;
    shape.rows = normal_rows(random, rows, shape.dim);
    float* far = shape.rows.data() + random.below(rows) * shape.dim;
    std::fill(far, far + shape.dim, 0.0f);
    far[0] = 1e10f;
    shape.queries = normal_rows(random, queries, shape.dim);
}

// The values as vectors of length one.
std::vector<float> unit(const std::vector<float>& values, std::size_t dim) {
    std::vector<float> result = values;
    for (std::size_t at = 0; at < result.size(); at += dim) {
        const double length = norm(result.data() + at, dim);
        for (std::size_t i = 0; i < dim && length > 0; ++i)
            result[at + i] = static_cast<float>(result[at + i] / length);
    }
    return result;
}

struct Place {
    std::uint16_t nearest, farthest;
};

// Nearest and farthest of the centres, among those that `wanted` names when it is not empty.
Place place(const float* v, const std::vector<float>& centres, std::size_t dim,
            const std::vector<bool>& wanted = {}) {
    Place result{0, 0};
    float most = -INFINITY, least = INFINITY;
    for (std::size_t c = 0; c < centres.size() / dim; ++c) {
        const float product = distance::inner_product(v, centres.data() + c * dim, dim);
        if (product > most) {
            most = product;
            result.nearest = static_cast<std::uint16_t>(c);
        }
        if (product < least && (wanted.empty() || wanted[c])) {
            least = product;
            result.farthest = static_cast<std::uint16_t>(c);
        }
    }
    return result;
}

// Spherical k-means over a sample of the rows.
std::vector<float> find_centres(const std::vector<float>& rows, std::size_t dim) {
    constexpr std::size_t kSample = 5000;
    constexpr int kRounds = 10;
    const std::size_t count = std::min(kSample, rows.size() / dim);
    std::vector<float> centres(rows.begin(),
                               rows.begin() + static_cast<std::ptrdiff_t>(kClusters * dim));
    for (int round = 0; round < kRounds; ++round) {
        std::vector<float> sums(kClusters * dim, 0.0f);
        for (std::size_t i = 0; i < count; ++i) {
            const float* row = rows.data() + i * dim;
            float* sum = sums.data() + place(row, centres, dim).nearest * dim;
            for (std::size_t j = 0; j < dim; ++j)
                sum[j] += row[j];
        }
        centres = unit(sums, dim);
    }
    return centres;
}

void add_filter_columns(Shape& shape) {
    Random random(15);
    const std::vector<float> rows = unit(shape.rows, shape.dim);
    const std::vector<float> queries = unit(shape.queries, shape.dim);
    const std::vector<float> centres = find_centres(rows, shape.dim);
    std::vector<std::size_t> sizes(kClusters, 0);
    for (std::size_t i = 0; i < shape.row_count(); ++i) {
        shape.share.push_back(static_cast<std::uint16_t>(random.below(1000)));
        shape.cluster.push_back(place(rows.data() + i * shape.dim, centres, shape.dim).nearest);
        ++sizes[shape.cluster.back()];
    }
    std::vector<bool> large(kClusters);
    for (std::size_t c = 0; c < kClusters; ++c)
        large[c] = sizes[c] * 200 >= shape.row_count();
    for (std::size_t q = 0; q < shape.query_count(); ++q) {
        const Place at = place(queries.data() + q * shape.dim, centres, shape.dim, large);
        shape.own_cluster.push_back(at.nearest);
        shape.far_cluster.push_back(at.farthest);
    }
}

}  // namespace

Shape make_shape(const std::string& name, std::size_t rows, std::size_t queries,
                 const std::string& directory) {
    Shape shape;
    shape.name = name;
    if (rows < 1000 || queries < 1)
        throw Error(StatusCode::kInvalidArgument, "1,000 rows and a query are the least");
    if (name == "glove") {
        shape.dim = 100;
        shape.rows = read_rows(directory + "/glove-train.f32", rows, shape.dim);
        shape.queries = read_rows(directory + "/glove-frequent.f32", queries, shape.dim);
    } else if (name == "mnist") {
        shape.dim = 784;
        shape.rows = read_rows(directory + "/mnist-train.f32", rows, shape.dim);
        shape.queries = read_rows(directory + "/mnist-test.f32", queries, shape.dim);
    } else if (name == "lognormal") {
        make_lognormal(shape, rows, queries);
    } else if (name == "uniform") {
        make_uniform(shape, rows, queries);
    } else if (name == "copies") {
        make_copies(shape, rows, queries);
    } else if (name == "outlier") {
        make_outlier(shape, rows, queries);
    } else {
        throw Error(StatusCode::kInvalidArgument, "unknown data set: " + name);
    }
    add_filter_columns(shape);
    return shape;
}

}  // namespace vg::bench::shapes
