// Random selection problems, and objectives computed the slow and obvious way.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory_resource>
#include <vector>

#include "core/base/random.h"
#include "core/select/select.h"

namespace vg::select {

struct Case {
    std::size_t dims;
    std::vector<std::vector<float>> vectors;
    std::vector<Row> rows;
};

inline Case random_case(std::size_t n, std::size_t dims, std::uint64_t seed) {
    Random rng(seed);
    Case c{dims, {}, {}};
    for (std::size_t i = 0; i < n; ++i) {
        std::vector<float> v(dims);
        for (float& x : v)
            x = static_cast<float>(rng.uniform() - 0.3);  // cosines of both signs, mostly positive
        c.vectors.push_back(v);
        Row row;
        row.relevance = 3.0 + 10.0 * rng.uniform();
        row.cost = 1.0 + 9.0 * rng.uniform();
        row.group = static_cast<int>(rng.below(3));
        c.rows.push_back(row);
    }
    return c;
}

inline std::pmr::memory_resource* heap() {
    return std::pmr::get_default_resource();
}

inline Candidates candidates_of(const Case& c) {
    Candidates candidates(heap());
    for (std::size_t i = 0; i < c.rows.size(); ++i)
        candidates.add(c.dims > 0 ? std::span<const float>(c.vectors[i]) : std::span<const float>(),
                       c.rows[i]);
    candidates.finish();
    return candidates;
}

inline Limits limit_k(std::size_t k) {
    Limits limits(heap());
    limits.k = k;
    return limits;
}

// Positions chosen, in order.
inline std::vector<std::size_t> chosen(const Case& c, const Request& request, const Limits& limits,
                                       std::size_t spare = std::size_t{1} << 20) {
    const Candidates candidates = candidates_of(c);
    std::vector<std::size_t> positions;
    for (const Pick& p : select(candidates, request, limits, spare, heap(), {}))
        positions.push_back(candidates.position(p.row));
    return positions;
}

inline double cosine(const Case& c, std::size_t i, std::size_t j) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t d = 0; d < c.dims; ++d) {
        const double a = c.vectors[i][d], b = c.vectors[j][d];
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    return ab / std::sqrt(aa * bb);
}

inline std::vector<double> scaled_relevance(const Case& c) {
    double low = c.rows[0].relevance, high = low;
    for (const Row& r : c.rows) {
        low = std::min(low, r.relevance);
        high = std::max(high, r.relevance);
    }
    std::vector<double> scaled;
    for (const Row& r : c.rows)
        scaled.push_back(high > low ? (r.relevance - low) / (high - low) : 1.0);
    return scaled;
}

// Value of a set of positions.
using SetFunction = std::function<double(const std::vector<std::size_t>&)>;

// The greedy sequence of a set function, by evaluating it for every extension.
inline std::vector<std::size_t> slow_greedy(std::size_t n, std::size_t k, const SetFunction& f) {
    std::vector<std::size_t> set;
    while (set.size() < std::min(n, k)) {
        std::size_t best = n;
        double best_value = 0;
        for (std::size_t i = 0; i < n; ++i) {
            if (std::find(set.begin(), set.end(), i) != set.end())
                continue;
            set.push_back(i);
            const double value = f(set);
            set.pop_back();
            if (best == n || value > best_value) {
                best = i;
                best_value = value;
            }
        }
        set.push_back(best);
    }
    return set;
}

// The largest value of any set of k positions.
inline double best_of_all(std::size_t n, std::size_t k, const SetFunction& f) {
    std::vector<bool> taken(n, false);
    std::fill(taken.begin(), taken.begin() + static_cast<std::ptrdiff_t>(k), true);
    double best = -1e300;
    do {
        std::vector<std::size_t> set;
        for (std::size_t i = 0; i < n; ++i) {
            if (taken[i])
                set.push_back(i);
        }
        best = std::max(best, f(set));
    } while (std::prev_permutation(taken.begin(), taken.end()));
    return best;
}

// Determinant by elimination with row pivoting.
inline double determinant(std::vector<std::vector<double>> m) {
    double det = 1;
    for (std::size_t c = 0; c < m.size(); ++c) {
        std::size_t p = c;
        for (std::size_t r = c + 1; r < m.size(); ++r) {
            if (std::fabs(m[r][c]) > std::fabs(m[p][c]))
                p = r;
        }
        if (p != c) {
            std::swap(m[p], m[c]);
            det = -det;
        }
        det *= m[c][c];
        if (m[c][c] == 0)
            return 0;
        for (std::size_t r = c + 1; r < m.size(); ++r) {
            const double f = m[r][c] / m[c][c];
            for (std::size_t k = c; k < m.size(); ++k)
                m[r][k] -= f * m[c][k];
        }
    }
    return det;
}

}  // namespace vg::select
