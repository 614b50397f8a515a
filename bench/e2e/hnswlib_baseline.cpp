// The only file of the repository compiled with -march=native: hnswlib picks its SIMD kernels by
// the compiler's macros, and without them the comparison would flatter us.
//
// Hence the odd include. The library is header-only and the core links its own copy of it, compiled
// for the baseline CPU; two copies of one inline function under one name would be merged by the
// linker and could put AVX-512 code into the product's half of the program. So this copy gets a
// namespace of its own. Every header that hnswlib includes must come first, outside that namespace.
#include "hnswlib_baseline.h"

#include <assert.h>
#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <list>
#include <memory>
#include <mutex>
#include <queue>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace native {
#include <hnswlib/hnswlib.h>
}

#include "core/base/parallel.h"

namespace vg::bench {

using native::hnswlib::HierarchicalNSW;
using native::hnswlib::InnerProductSpace;
using native::hnswlib::L2Space;
using native::hnswlib::SpaceInterface;

struct HnswlibBaseline::Index {
    Index(const Dataset& data, const Options& options)
        : space(make_space(data)),
          graph(space.get(), data.train.rows(), static_cast<std::size_t>(options.m),
                static_cast<std::size_t>(options.ef_construction), options.seed) {}

    static std::unique_ptr<SpaceInterface<float>> make_space(const Dataset& data) {
        if (data.metric == Metric::kCosine)
            return std::make_unique<InnerProductSpace>(data.train.dim);
        return std::make_unique<L2Space>(data.train.dim);
    }

    std::unique_ptr<SpaceInterface<float>> space;
    HierarchicalNSW<float> graph;
};

HnswlibBaseline::HnswlibBaseline(const Dataset& data, const Options& options)
    : index_(std::make_unique<Index>(data, options)) {
    const auto start = std::chrono::steady_clock::now();
    const auto insert = [&](std::size_t begin, std::size_t end, unsigned) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::uint32_t id = data.shuffled[i];
            index_->graph.addPoint(data.train_unit.row(id), id);
        }
    };
    // hnswlib's first insert must be alone: it sets the entry point.
    insert(0, 1, 0);
    const auto rest = [&](std::size_t begin, std::size_t end, unsigned worker) {
        insert(begin + 1, end + 1, worker);
    };
    parallel_for(static_cast<unsigned>(options.workers) + 1, data.train.rows() - 1, 64, Poll{},
                 rest);
    build_seconds_ =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

HnswlibBaseline::~HnswlibBaseline() = default;

void HnswlibBaseline::set_ef(int ef) {
    index_->graph.setEf(static_cast<std::size_t>(ef));
}

std::vector<std::uint32_t> HnswlibBaseline::search(const float* query, int k) const {
    auto found = index_->graph.searchKnn(query, static_cast<std::size_t>(k));
    std::vector<std::uint32_t> ids;
    ids.reserve(found.size());
    for (; !found.empty(); found.pop())
        ids.push_back(static_cast<std::uint32_t>(found.top().second));
    return ids;
}

std::size_t HnswlibBaseline::bytes() const {
    const auto& graph = index_->graph;
    std::size_t total = graph.cur_element_count * graph.size_data_per_element_;
    for (std::size_t i = 0; i < graph.cur_element_count; ++i)
        total += static_cast<std::size_t>(graph.element_levels_[i]) * graph.size_links_per_element_;
    return total;
}

}  // namespace vg::bench
