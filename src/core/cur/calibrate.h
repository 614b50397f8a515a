// Recall that a search of a given budget can be expected to reach, from scores that are in hand
// after a build: some anchor queries are held out, the model is fitted to the others, and the
// search is run for the held-out ones over a sample of the items. No scorer call is made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/cur/latent.h"
#include "core/cur/model.h"
#include "core/cur/search.h"

namespace vg::cur {

// All that a search over rows in memory needs.
struct MemoryIndex {
    Codec codec;
    double noise = 0;
    std::vector<float> means;            // per item
    std::vector<std::byte> rows;         // per item: codec.bytes()
    std::vector<std::uint32_t> anchors;  // items of the first round, best first
};

// columns: items x model.anchors.
MemoryIndex make_memory_index(const Model& model, Storage storage, std::span<const float> columns,
                              std::size_t anchor_items, const Poll& poll);

struct SearchPlan {
    std::size_t budget = 200;
    std::size_t rounds = 5;
    std::size_t shortlist = 10000;
};

struct SearchOutcome {
    std::vector<std::uint32_t> scored;  // items that were scored
    Residuals residuals;
};

// score(arg, item) is the exact scorer; `seeds` are scored in the first round before the anchors.
SearchOutcome search_memory(const MemoryIndex& index, const SearchPlan& plan,
                            std::span<const std::uint32_t> seeds,
                            double (*score)(void* arg, std::uint32_t item), void* arg);

// Share of the k best exact scores among `scored`, counted by score: ties are interchangeable.
double recall_at(std::size_t k, std::span<const double> exact,
                 std::span<const std::uint32_t> scored);

struct Calibration {
    static constexpr std::size_t kBudgets = 3;
    std::uint32_t items = 0;    // of the sample
    std::uint32_t queries = 0;  // held out; 0: too few anchors to tell
    std::size_t budgets[kBudgets] = {100, 200, 400};
    double recall[kBudgets] = {};  // at 10
    double residual = 0;           // of picked rows at the middle budget, root mean square
};

// columns: items x anchors scores.
Calibration calibrate(std::span<const float> columns, std::uint32_t anchors, std::uint32_t dims,
                      Storage storage, double ridge, std::size_t anchor_items, const Poll& poll);

}  // namespace vg::cur
