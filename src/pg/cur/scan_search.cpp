#include "pg/boundary/pg.h"

#include "pg/cur/scan_search.h"

#include <algorithm>
#include <cmath>

#include "pg/boundary/boundary.h"
#include "pg/cur/fingerprint.h"

namespace vg::pg::cur {
namespace {

// Rows asked for from the heap between two looks at how many calls are spent.
constexpr std::size_t kFetchRows = 1024;

}  // namespace

void ScanSearch::reset() {
    search_.reset();
    budget_ = 0;
    pending_done_ = items_done_ = false;
}

std::size_t ScanSearch::calls_until(std::size_t until) const {
    return until - std::min(until, scoring_->spent());
}

// ---- which rows -------------------------------------------------------------------------------

void ScanSearch::want_item(const ItemsView& page, std::uint32_t i) {
    const node::Tid& tid = page.tids[i];
    if (!search_->seen(tid.key()))
        scoring_->want(tid, {tid.key(), page.means[i], 0, page.row(i)}, page.row_bytes, false);
}

// Pending rows until so many calls are spent. New rows are last on a page, and first to be scored.
void ScanSearch::score_pending(Relation index, std::size_t until) {
    pending_done_ = true;
    for (BlockNumber block = vg::cur::kPendingHead; block != vg::cur::kNoBlock;) {
        block = show_pending_page(index, block, [&](const node::Tid* tids, std::uint32_t n) {
            for (std::uint32_t i = n; i > 0; --i) {
                if (!search_->seen(tids[i - 1].key()))
                    scoring_->want(tids[i - 1]);
            }
        });
        if (!score(calls_until(until)))
            pending_done_ = false;
    }
}

// Rows that the seed function names, as far as they are items: one look at every page's.
void ScanSearch::score_seeds(Relation index, std::size_t calls) {
    const Scoring::Seeds seeds = scoring_->seeds(calls);
    std::size_t found = 0;
    if (seeds.count > 0) {
        show_all_items(index, meta_, [&](const ItemsView& page) {
            for (std::uint32_t i = 0; i < page.used; ++i) {
                if (!std::binary_search(seeds.keys, seeds.keys + seeds.count, page.tids[i].key()))
                    continue;
                ++found;
                want_item(page, i);
            }
            return found < seeds.count;
        });
    }
    score(calls);
}

// As many anchor items as calls: those that are invisible are replaced by the next in the list.
void ScanSearch::score_anchor_items(Relation index, std::size_t calls) {
    const std::size_t until = scoring_->spent() + calls;
    for (std::size_t i = 0; i < anchors_.size() && scoring_->spent() < until;) {
        for (; i < anchors_.size() && scoring_->wanted() < calls_until(until); ++i) {
            const vg::cur::AnchorRef& ref = anchors_[i];
            show_items_page(index, meta_, ref.block, [&](const ItemsView& page) {
                if (ref.slot < page.used && page.tids[ref.slot] == ref.tid)
                    want_item(page, ref.slot);
            });
        }
        score(calls_until(until));
    }
}

// One pass over all items, which fills the shortlist.
void ScanSearch::run_pass(Relation index) {
    search_->begin_pass();
    show_all_items(index, meta_, [&](const ItemsView& page) {
        search_->offer(page.used, page.means, page.rows, [&](std::size_t i) {
            return page.tids[i].offset != 0 ? page.tids[i].key() : vg::cur::kNoId;
        });
        return true;
    });
    search_->end_pass();
}

// Wants up to n candidates off the shortlist. False when there is none.
bool ScanSearch::want_candidates(std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        const vg::cur::Candidate* c = search_->take();
        if (c == nullptr)
            break;
        scoring_->want(node::tid_of_key(c->id), *c, meta_.row_bytes, true);
    }
    return scoring_->wanted() > 0;
}

// ---- rounds -----------------------------------------------------------------------------------

// Spends `calls` on the best predictions; fewer when no row is left.
void ScanSearch::run_round(Relation index, std::size_t calls) {
    const std::size_t until = scoring_->spent() + calls;
    search_->solve();
    while (scoring_->spent() < until) {
        if (search_->wants_pass())
            run_pass(index);
        if (want_candidates(std::min(calls_until(until), kFetchRows))) {
            score(calls_until(until));
        } else if (!search_->wants_pass()) {
            items_done_ = true;
            return;
        }
    }
}

void ScanSearch::start(Relation index) {
    meta_ = call_pg([=] {
        const vg::cur::MetaData meta = read_cur_meta(index);
        note_scorer(index, meta);
        return meta;
    });
    budget_ = static_cast<std::size_t>(cur_budget);
    codec_ = {static_cast<vg::cur::Storage>(meta_.storage), meta_.dims, {}, {}};
    anchors_.clear();
    const vg::cur::MetaData* const meta = &meta_;
    if (const Cache* cache = call_pg([=] { return cache_of(index, *meta); })) {
        codec_.low.assign(cache->low(), cache->low() + meta_.dims);
        codec_.step.assign(cache->step(), cache->step() + meta_.dims);
        anchors_.assign(cache->anchors(), cache->anchors() + cache->anchor_items);
    }
    search_.emplace(codec_, meta_.noise, static_cast<std::size_t>(cur_shortlist));
}

void ScanSearch::run_rounds(Relation index) {
    // New rows get what the items leave, and half of the budget at least.
    const std::size_t items = std::min<std::size_t>(meta_.live_items, budget_);
    score_pending(index, std::max(budget_ - items, (budget_ + 1) / 2));

    const auto rounds = static_cast<std::size_t>(cur_rounds);
    const std::size_t first = vg::cur::round_calls(budget_, scoring_->spent(), rounds);
    const std::size_t first_end = scoring_->spent() + first;
    const double seeds = cur_seed_fraction * static_cast<double>(first);
    if (scoring_->has_seed())
        score_seeds(index, static_cast<std::size_t>(std::lround(seeds)));
    score_anchor_items(
        index, vg::cur::anchor_calls(budget_, scoring_->spent(), first_end - scoring_->spent()));
    for (std::size_t left = rounds > 1 ? rounds - 1 : 1;
         scoring_->spent() < budget_ && !items_done_; left -= left > 1)
        run_round(index, vg::cur::round_calls(budget_, scoring_->spent(), left));
    if (scoring_->spent() < budget_ && !pending_done_)
        score_pending(index, budget_);
}

void ScanSearch::run(Relation index) {
    start(index);
    if (meta_.dims > 0) {
        run_rounds(index);
        const vg::cur::Residuals& r = search_->residuals();
        const ScanStats stats{scoring_->spent(), r.count, r.squares, r.sum};
        call_pg([=] { note_scan(index, stats); });
    } else {
        score_pending(index, budget_);
        items_done_ = true;
    }
    results_->sort();
}

bool ScanSearch::run_more(Relation index) {
    const auto most = static_cast<std::size_t>(cur_max_scan_calls);
    if (cur_iterative_scan == static_cast<int>(IterativeScan::kOff) || scoring_->spent() >= most ||
        (items_done_ && pending_done_))
        return false;
    budget_ = std::min(scoring_->spent() + static_cast<std::size_t>(cur_budget), most);
    if (!items_done_)
        run_round(index, budget_ - scoring_->spent());
    if (scoring_->spent() < budget_ && !pending_done_)
        score_pending(index, budget_);
    results_->sort();
    return results_->waiting();
}

}  // namespace vg::pg::cur
