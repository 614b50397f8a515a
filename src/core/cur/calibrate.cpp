#include "core/cur/calibrate.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/no_postgres.h"

namespace vg::cur {
namespace {

constexpr std::uint32_t kMinHeldOut = 4;
constexpr std::uint32_t kMaxHeldOut = 20;
constexpr std::size_t kRecallAt = 10;

struct HeldOut {
    const float* columns;
    std::uint32_t anchors;
    std::uint32_t query;
};

double held_out_score(void* arg, std::uint32_t item) {
    const auto* h = static_cast<const HeldOut*>(arg);
    return h->columns[std::size_t{item} * h->anchors + h->query];
}

}  // namespace

MemoryIndex make_memory_index(const Model& model, Storage storage, std::span<const float> columns,
                              std::size_t anchor_items, const Poll& poll) {
    const std::size_t items = model.anchors == 0 ? 0 : columns.size() / model.anchors;
    std::vector<float> latents(items * model.dims);
    MemoryIndex index;
    index.noise = model.noise;
    index.means.resize(items);
    project(model, columns.data(), items, index.means.data(), latents.data());
    index.codec = make_codec(storage, model.dims, latents);
    index.rows.resize(items * index.codec.bytes());
    for (std::size_t j = 0; j < items; ++j)
        index.codec.encode(latents.data() + j * model.dims,
                           index.rows.data() + j * index.codec.bytes());
    index.anchors = pivot_rows(latents.data(), items, model.dims, anchor_items, poll);
    return index;
}

SearchOutcome search_memory(const MemoryIndex& index, const SearchPlan& plan,
                            std::span<const std::uint32_t> seeds,
                            double (*score)(void* arg, std::uint32_t item), void* arg) {
    Search search(index.codec, index.noise, plan.shortlist);
    SearchOutcome out;
    const std::size_t bytes = index.codec.bytes();
    const auto learn = [&](std::uint32_t item) {
        if (search.seen(item))
            return;
        search.learn(item, index.means[item], index.rows.data() + item * bytes, score(arg, item));
        out.scored.push_back(item);
    };
    const std::size_t first = round_calls(plan.budget, 0, plan.rounds);
    for (const std::uint32_t item : seeds.first(std::min(seeds.size(), first)))
        learn(item);
    const std::size_t spent = out.scored.size();
    const std::size_t anchors_end =
        spent + anchor_calls(plan.budget, spent, first - std::min(first, spent));
    for (const std::uint32_t item : index.anchors) {
        if (out.scored.size() >= anchors_end)
            break;
        learn(item);
    }
    for (std::size_t left = plan.rounds; out.scored.size() < plan.budget; left -= left > 1) {
        search.solve();
        const std::size_t until = out.scored.size() + round_calls(plan.budget, out.scored.size(),
                                                                  left > 1 ? left - 1 : 1);
        bool any = false;
        while (out.scored.size() < until) {
            if (search.wants_pass()) {
                search.begin_pass();
                search.offer(index.means.size(), index.means.data(), index.rows.data(),
                             [](std::size_t i) { return std::uint64_t{i}; });
                search.end_pass();
            }
            const Candidate* c = search.take();
            if (c == nullptr) {
                if (search.wants_pass())
                    continue;
                break;
            }
            any = true;
            const auto item = static_cast<std::uint32_t>(c->id);
            search.record(*c, score(arg, item));
            out.scored.push_back(item);
        }
        if (!any)
            break;
    }
    out.residuals = search.residuals();
    return out;
}

double recall_at(std::size_t k, std::span<const double> exact,
                 std::span<const std::uint32_t> scored) {
    k = std::min(k, exact.size());
    if (k == 0)
        return 1;
    std::vector<double> best(exact.begin(), exact.end());
    const auto kth = best.begin() + static_cast<std::ptrdiff_t>(k - 1);
    std::nth_element(best.begin(), kth, best.end(), std::greater<double>());
    const auto hits = static_cast<std::size_t>(std::count_if(
        scored.begin(), scored.end(), [&](std::uint32_t item) { return exact[item] >= *kth; }));
    return static_cast<double>(std::min(hits, k)) / static_cast<double>(k);
}

Calibration calibrate(std::span<const float> columns, std::uint32_t anchors, std::uint32_t dims,
                      Storage storage, double ridge, std::size_t anchor_items, const Poll& poll) {
    Calibration c;
    const std::size_t items = anchors == 0 ? 0 : columns.size() / anchors;
    const std::uint32_t held = std::min(kMaxHeldOut, anchors / 5);
    c.items = static_cast<std::uint32_t>(items);
    if (held < kMinHeldOut || items == 0)
        return c;
    // The last anchors are held out; they are in random order.
    const std::uint32_t kept = anchors - held;
    std::vector<float> training(items * kept);
    for (std::size_t j = 0; j < items; ++j)
        std::copy_n(columns.data() + j * anchors, kept, training.data() + j * kept);
    Gram gram(kept);
    gram.add(training.data(), items, poll);
    const Model model = fit(gram, dims, ridge, poll);
    if (model.empty())
        return c;
    const MemoryIndex index = make_memory_index(model, storage, training, anchor_items, poll);
    c.queries = held;
    Residuals all;
    std::vector<double> exact(items);
    for (std::uint32_t q = 0; q < held; ++q) {
        HeldOut source{columns.data(), anchors, kept + q};
        for (std::size_t j = 0; j < items; ++j)
            exact[j] = held_out_score(&source, static_cast<std::uint32_t>(j));
        for (std::size_t b = 0; b < Calibration::kBudgets; ++b) {
            poll();
            SearchPlan plan;
            plan.budget = c.budgets[b];
            const SearchOutcome found = search_memory(index, plan, {}, held_out_score, &source);
            c.recall[b] += recall_at(kRecallAt, exact, found.scored) / held;
            if (b == 1) {
                all.count += found.residuals.count;
                all.squares += found.residuals.squares;
            }
        }
    }
    if (all.count > 0)
        c.residual = std::sqrt(all.squares / static_cast<double>(all.count));
    return c;
}

}  // namespace vg::cur
