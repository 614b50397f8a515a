#include "pg/boundary/pg.h"

#include "pg/cur/scan_scoring.h"

#include <algorithm>
#include <cmath>

#include "pg/boundary/boundary.h"

namespace vg::pg::cur {

void Scoring::begin(Relation heap, Relation index, Snapshot snapshot, Datum query) {
    if (!open_) {
        call_pg([=, this] {
            if (batch_context_ == nullptr)
                batch_context_ =
                    AllocSetContextCreate(context_, "cur scan batch", ALLOCSET_DEFAULT_SIZES);
            begin_fetch(&fetch_, heap, index, snapshot);
            init_scorer(&scorer_, index, context_);
        });
        open_ = true;
    }
    fetch_.snapshot = snapshot;
    query_ = query;
}

void Scoring::end() {
    if (open_)
        call_pg([this] { end_fetch(&fetch_); });
    open_ = false;
}

void Scoring::reset() {
    spent_ = 0;
    wanted_.clear();
    rows_.clear();
}

void Scoring::want(const node::Tid& tid) {
    wanted_.push_back({tid, vg::cur::Candidate{tid.key(), 0, 0, nullptr}, false, 0});
}

void Scoring::want(const node::Tid& tid, const vg::cur::Candidate& c, std::size_t row_bytes,
                   bool picked) {
    const std::size_t at = rows_.size();
    rows_.insert(rows_.end(), c.row, c.row + row_bytes);
    wanted_.push_back({tid, c, picked, at});
}

bool Scoring::score(std::size_t calls, vg::cur::Search* search, Results* results) {
    const std::size_t looked_at = fetch(calls);
    const bool all = looked_at == wanted_.size();
    for (std::size_t i = 0; i < looked_at; ++i)
        search->mark(wanted_[i].tid.key());
    const std::size_t n = items_.size();
    distances_.resize(n);
    nulls_.resize(n);
    call_pg([=, this] {
        call_scorer(&scorer_, query_, items_.data(), tids_.data(), static_cast<int>(n),
                    distances_.data(), reinterpret_cast<bool*>(nulls_.data()));
        MemoryContextReset(batch_context_);
    });
    spent_ += n;
    for (std::size_t i = 0; i < n; ++i)
        tell(wanted_[places_[i]], distances_[i], nulls_[i] != 0, search, results);
    wanted_.clear();
    rows_.clear();
    return all;
}

// Fetches rows until as many are visible as may be called for. Returns how many were looked at.
std::size_t Scoring::fetch(std::size_t calls) {
    const std::size_t most = std::min(calls, wanted_.size());
    items_.resize(most);
    tids_.resize(most);
    places_.resize(most);
    std::size_t looked_at = 0;
    std::size_t visible = 0;
    call_pg([this, most, at = &looked_at, n = &visible] {
        for (; *at < wanted_.size() && *n < most; ++*at) {
            CHECK_FOR_INTERRUPTS();
            const node::Tid tid = wanted_[*at].tid;
            if (!fetch_item(&fetch_, tid, batch_context_, &items_[*n]))
                continue;
            tids_[*n] = tid;
            places_[(*n)++] = *at;
        }
    });
    items_.resize(visible);
    tids_.resize(visible);
    places_.resize(visible);
    return looked_at;
}

void Scoring::tell(const Wanted& w, double distance, bool null, vg::cur::Search* search,
                   Results* results) const {
    results->add({distance, null, w.tid});
    if (w.candidate.row == nullptr)
        return;
    const double score = null ? std::nan("") : -distance;
    vg::cur::Candidate c = w.candidate;
    c.row = rows_.data() + w.row_at;
    if (w.picked)
        search->record(c, score);
    else
        search->learn(c.id, c.mean, c.row, score);
}

Scoring::Seeds Scoring::seeds(std::size_t wanted) {
    return call_pg([=, this] {
        const MemoryContext old = MemoryContextSwitchTo(batch_context_);
        int n;
        ItemPointer tids = call_seed(&scorer_, query_, static_cast<int>(wanted), &n);
        auto* keys = static_cast<std::uint64_t*>(palloc(sizeof(std::uint64_t) * (n + 1)));
        std::size_t count = 0;
        for (int i = 0; i < n; ++i) {
            if (root_of(fetch_.rows.heap, &tids[i]))
                keys[count++] = index::to_tid(tids[i]).key();
        }
        MemoryContextSwitchTo(old);
        std::sort(keys, keys + count);
        return Seeds{keys, count};
    });
}

void Scoring::check_tid(Relation heap, Relation index, const node::Tid& tid) {
    call_pg([=, this] { check_heap_tid(heap, index, &fetch_.rows.blocks, tid); });
}

}  // namespace vg::pg::cur
