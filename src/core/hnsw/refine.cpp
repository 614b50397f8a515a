// Candidates are the node's own links and the 64 nearest of its two-hop neighbours. A beam search
// of width 64 instead finds 0.1 recall points more at a given beam and takes 3.4 times as long.
#include "core/hnsw/refine.h"

#include <algorithm>
#include <bit>

#include "core/base/parallel.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

// Nearest two-hop candidates kept besides the node's own links.
constexpr std::size_t kKeep = 64;
constexpr std::ptrdiff_t kKeepFar = 16;
// Two-hop candidates looked at: about 16 x 16 in practice; the bound matters for large m only.
constexpr std::size_t kMaxFound = 2048;
// Layers up to this size take all members as candidates.
constexpr std::size_t kBruteForce = 512;
constexpr float kAlphaSquared = 1.2f * 1.2f;

// Set of ids with O(1) clear. Half empty for as many ids as begin() was told, and no larger: it
// stays in the first-level cache.
class SmallSet {
  public:
    SmallSet() : slots_(kMaxSlots, Slot{0, 0}) {}

    // Empties the set; up to `ids` of them will come, at most kMaxFound.
    void begin(std::size_t ids) noexcept {
        const unsigned bits = std::min(kMaxBits, static_cast<unsigned>(std::bit_width(2 * ids)));
        shift_ = 32 - bits;
        mask_ = (1u << bits) - 1;
        if (++stamp_ == 0) {
            std::fill(slots_.begin(), slots_.end(), Slot{0, 0});
            stamp_ = 1;
        }
    }
    // False when it was in already.
    bool insert(std::uint32_t id) noexcept {
        std::uint32_t at = (id * 0x9E3779B1u) >> shift_;
        while (slots_[at].stamp == stamp_) {
            if (slots_[at].id == id)
                return false;
            at = (at + 1) & mask_;
        }
        slots_[at] = {id, stamp_};
        return true;
    }

  private:
    struct Slot {
        std::uint32_t id;
        std::uint32_t stamp;
    };
    static constexpr unsigned kMaxBits = 12;
    static constexpr std::size_t kMaxSlots = std::size_t{1} << kMaxBits;
    static_assert(kMaxSlots >= 2 * kMaxFound);
    std::vector<Slot> slots_;
    std::uint32_t stamp_ = 0;
    unsigned shift_ = 32 - kMaxBits;
    std::uint32_t mask_ = kMaxSlots - 1;
};

constexpr auto nearer = [](const Candidate& a, const Candidate& b) noexcept {
    return a.distance < b.distance || (a.distance == b.distance && a.id < b.id);
};

// A squared distance so far below another that the rows a and b that far apart are near-copies,
// seen from where the other one is measured. is_tiny_step, squared.
constexpr bool is_tiny(float between, float distance) noexcept {
    constexpr float kTinySquared = 1.0f / 256;
    return between >= 0 && between < kTinySquared * distance;
}

// Whether a taken link that lies `between` away from candidate c makes c superfluous.
bool occludes(float between, const Candidate& taken, const Candidate& c,
              float alpha_squared) noexcept {
    if (is_tiny(taken.distance, c.distance))
        return false;
    return alpha_squared * between < c.distance ||
           (taken.distance == c.distance && between <= c.distance);
}

// The choice of links among sorted candidates.
class Chooser {
  public:
    Chooser(const LayerView& view, const std::vector<Candidate>& candidates,
            std::vector<Candidate>& chosen)
        : view_(view), candidates_(candidates), chosen_(chosen), states_(scratch()) {
        chosen.clear();
        states_.assign(candidates.size(), State{});
    }

    // Takes of candidates [begin, end) those that no taken one occludes, until there are `most`.
    void take_diverse(std::size_t begin, std::size_t end, std::size_t most) {
        for (const float alpha_squared : {1.0f, kAlphaSquared}) {
            for (std::size_t i = begin; i < end && chosen_.size() < most; ++i) {
                State& s = states_[i];
                if (s.next == kTaken)
                    continue;
                // Links that did not refuse i in the first round cannot do so in the second, milder
                // one.
                for (; s.next < chosen_.size(); ++s.next, s.between = -1.0f) {
                    const Candidate& taken = chosen_[s.next];
                    if (s.between < 0.0f)
                        s.between = view_.estimate(taken.id, candidates_[i].id);
                    if (occludes(s.between, taken, candidates_[i], alpha_squared))
                        break;
                }
                if (s.next == chosen_.size())
                    take(i);
            }
        }
    }

    // The nearest of the rest, but no near-copies of what refused them.
    void fill(std::size_t most) {
        for (std::size_t i = 0; i < candidates_.size() && chosen_.size() < most; ++i) {
            const State& s = states_[i];
            if (s.next != kTaken &&
                !(s.between >= 0 && is_tiny(s.between, candidates_[i].distance)))
                take(i);
        }
    }

  private:
    // next: first taken link that the candidate has not passed yet, kTaken once it is in itself;
    // between: its distance to that link, if that one refused it.
    struct State {
        std::uint32_t next = 0;
        float between = -1.0f;
    };
    static constexpr std::uint32_t kTaken = 0xFFFFFFFFu;
    static std::vector<State>& scratch() {
        static thread_local std::vector<State> states;
        return states;
    }
    void take(std::size_t i) {
        chosen_.push_back(candidates_[i]);
        states_[i].next = kTaken;
    }

    const LayerView& view_;
    const std::vector<Candidate>& candidates_;
    std::vector<Candidate>& chosen_;
    std::vector<State>& states_;
};

class Refiner {
  public:
    Refiner(const LayerView& view, const Layer& raw) : view_(view), raw_(raw) {}

    // Fills chosen() for one node.
    void run(std::uint32_t node, std::size_t capacity) {
        gather(node);
        choose_links(view_, candidates_, capacity, true, chosen_);
        // Lists are in the order of the true distances.
        for (const Candidate& c : chosen_)
            view_.prefetch_vector(c.id);
        for (Candidate& c : chosen_)
            c.distance = view_.distance(node, c.id);
        std::sort(chosen_.begin(), chosen_.end(), nearer);
    }
    const std::vector<Candidate>& chosen() const noexcept { return chosen_; }

  private:
    void add(std::uint32_t id) {
        if (candidates_.size() == kMaxFound - 1 || !seen_.insert(id))
            return;
        view_.prefetch(id);
        candidates_.push_back({0.0f, id});
    }

    void gather(std::uint32_t node) {
        candidates_.clear();
        const std::uint32_t* links = raw_.list(node);
        const std::size_t degree = raw_.degree[node];
        const bool all = view_.size <= kBruteForce;
        std::size_t most = 1 + degree + (all ? view_.size : 0);
        for (std::size_t j = 0; j < degree && !all; ++j) {
            most += raw_.degree[links[j]];
            prefetch_list(links[j]);
        }
        seen_.begin(std::min(most, kMaxFound));
        seen_.insert(node);
        for (std::size_t j = 0; j < degree; ++j)
            add(links[j]);
        const std::size_t own = candidates_.size();
        for (std::uint32_t id = 0; id < view_.size && all; ++id)
            add(id);
        for (std::size_t j = 0; j < degree && !all; ++j) {
            const std::uint32_t* hop = raw_.list(links[j]);
            for (std::size_t k = 0; k < raw_.degree[links[j]]; ++k)
                add(hop[k]);
        }
        for (Candidate& c : candidates_)
            c.distance = view_.estimate(node, c.id);
        keep_nearest(own);
        std::sort(candidates_.begin(), candidates_.end(), nearer);
    }

    void prefetch_list(std::uint32_t node) const noexcept {
        const std::uint32_t* list = raw_.list(node);
        for (std::size_t at = 0; at < raw_.degree[node]; at += 64 / sizeof *list)
            __builtin_prefetch(list + at);
    }

    // The node's own links always stay: near a dense clump they may be the only way out of it.
    void keep_nearest(std::size_t own) {
        const auto others = candidates_.begin() + static_cast<std::ptrdiff_t>(own);
        if (candidates_.size() <= own + kKeep)
            return;
        const auto rest = others + kKeep;
        std::nth_element(others, rest - 1, candidates_.end(), nearer);
        // In a crowd of near-copies the nearest are all in it. Some that lead out are kept beside.
        const float limit = (rest - 1)->distance;
        const auto end = std::partition(rest, candidates_.end(), [&](const Candidate& c) {
            return is_tiny(limit, c.distance);
        });
        const auto far = std::min<std::ptrdiff_t>(kKeepFar, end - rest);
        if (far < end - rest)
            std::nth_element(rest, rest + far, end, nearer);
        candidates_.erase(rest + far, candidates_.end());
    }

    const LayerView& view_;
    const Layer& raw_;
    SmallSet seen_;
    std::vector<Candidate> candidates_;
    std::vector<Candidate> chosen_;
};

bool contains(const Layer& layer, std::uint32_t node, std::uint32_t id) noexcept {
    const std::uint32_t* list = layer.list(node);
    return std::find(list, list + layer.degree[node], id) != list + layer.degree[node];
}

// Free slots take the reverse of links that have none yet; returns the lists that grew.
std::vector<std::uint32_t> fill_with_reverse_links(Layer& layer, const Poll& poll) {
    std::vector<std::uint32_t> grown;
    const auto n = static_cast<std::uint32_t>(layer.size());
    for (std::uint32_t node = 0; node < n; ++node) {
        if (node % 4096 == 0)
            poll();
        for (std::size_t j = 0; j < layer.degree[node]; ++j) {
            const std::uint32_t other = layer.list(node)[j];
            if (layer.degree[other] == layer.capacity || contains(layer, other, node))
                continue;
            layer.list(other)[layer.degree[other]++] = node;
            grown.push_back(other);
        }
    }
    std::sort(grown.begin(), grown.end());
    grown.erase(std::unique(grown.begin(), grown.end()), grown.end());
    return grown;
}

void sort_list(const LayerView& view, Layer& layer, std::uint32_t node,
               std::vector<Candidate>& scratch) {
    scratch.clear();
    std::uint32_t* list = layer.list(node);
    for (std::size_t j = 0; j < layer.degree[node]; ++j)
        scratch.push_back({view.distance(node, list[j]), list[j]});
    std::sort(scratch.begin(), scratch.end(), nearer);
    for (std::size_t j = 0; j < scratch.size(); ++j)
        list[j] = scratch[j].id;
}

}  // namespace

float far_limit(const std::vector<Candidate>& candidates, std::size_t capacity) noexcept {
    return 256 * candidates[capacity - capacity / 4 - 1].distance;
}

std::size_t far_candidates(const std::vector<Candidate>& candidates,
                           std::size_t capacity) noexcept {
    const std::size_t near = capacity - capacity / 4;
    if (candidates.size() <= near)
        return candidates.size();
    const float limit = candidates[near - 1].distance;
    return static_cast<std::size_t>(
        std::partition_point(candidates.begin() + static_cast<std::ptrdiff_t>(near),
                             candidates.end(),
                             [&](const Candidate& c) { return !is_tiny(limit, c.distance); }) -
        candidates.begin());
}

void choose_links(const LayerView& view, const std::vector<Candidate>& candidates,
                  std::size_t capacity, bool fill, std::vector<Candidate>& chosen) {
    Chooser chooser(view, candidates, chosen);
    const std::size_t far = far_candidates(candidates, capacity);
    const std::size_t kept = std::min(capacity / 4, candidates.size() - far);
    chooser.take_diverse(0, far, capacity - kept);
    chooser.take_diverse(far, candidates.size(), capacity);
    if (fill)
        chooser.fill(capacity);
    std::sort(chosen.begin(), chosen.end(), nearer);
}

Layer refine_layer(const Rows& rows, const RowCodes& codes, const Layer& raw,
                   const RefineParams& params) {
    Layer out;
    out.capacity = params.capacity;
    out.members = raw.members;
    out.degree.assign(raw.size(), 0);
    out.links.assign(raw.size() * out.capacity, kNoNode);
    const LayerView view(rows, raw, &codes);
    std::vector<Refiner> refiners(params.threads, Refiner(view, raw));
    constexpr std::size_t kChunk = 64;
    parallel_for(params.threads, raw.size(), kChunk, params.poll,
                 [&](std::size_t begin, std::size_t end, unsigned worker) {
                     Refiner& refiner = refiners[worker];
                     for (std::size_t i = begin; i < end; ++i) {
                         const std::uint32_t node =
                             params.order.empty() ? static_cast<std::uint32_t>(i) : params.order[i];
                         refiner.run(node, out.capacity);
                         std::uint32_t* list = out.list(node);
                         for (const Candidate& c : refiner.chosen())
                             list[out.degree[node]++] = c.id;
                     }
                     if (worker == 0 && params.progress)
                         params.progress(end);
                 });

    const std::vector<std::uint32_t> grown = fill_with_reverse_links(out, params.poll);
    parallel_for(params.threads, grown.size(), kChunk, params.poll,
                 [&](std::size_t begin, std::size_t end, unsigned) {
                     std::vector<Candidate> scratch;
                     for (std::size_t i = begin; i < end; ++i)
                         sort_list(view, out, grown[i], scratch);
                 });
    return out;
}

}  // namespace vg::hnsw
