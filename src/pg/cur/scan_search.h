// What a scan spends its budget of scorer calls on: pending rows, rows that the seed function
// names, anchor items, then rounds of the rows with the best predictions (core/cur/search.h). A
// table with no more rows than the budget ends up scored in full.
//
// It owns the search and its vectors, and calls out to PostgreSQL through call_pg: to read the
// metapage and the model, to note what was learnt, and inside the readers of pages (scan_pages.h)
// and the scoring (scan_scoring.h).
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/cur/search.h"
#include "pg/cur/cur.h"
#include "pg/cur/scan_pages.h"
#include "pg/cur/scan_scoring.h"

namespace vg::pg::cur {

class ScanSearch {
  public:
    // Both must outlive the search, or its next reset.
    ScanSearch(Scoring* scoring, Results* results) : scoring_(scoring), results_(results) {}
    ScanSearch(const ScanSearch&) = delete;
    ScanSearch& operator=(const ScanSearch&) = delete;

    void reset();
    // Spends the first budget. The results are in order afterwards.
    void run(Relation index);
    // Spends another budget, for an iterative scan. False when the settings or the rows allow none,
    // or when it brought no row.
    bool run_more(Relation index);

  private:
    void start(Relation index);
    void run_rounds(Relation index);
    void run_round(Relation index, std::size_t calls);
    void run_pass(Relation index);
    bool want_candidates(std::size_t n);
    void score_pending(Relation index, std::size_t until);
    void score_seeds(Relation index, std::size_t calls);
    void score_anchor_items(Relation index, std::size_t calls);
    void want_item(const ItemsView& page, std::uint32_t i);
    // Calls that may still be made before `until` are spent.
    std::size_t calls_until(std::size_t until) const;
    bool score(std::size_t calls) { return scoring_->score(calls, &*search_, results_); }

    Scoring* scoring_;
    Results* results_;
    vg::cur::MetaData meta_{};
    vg::cur::Codec codec_;
    std::optional<vg::cur::Search> search_;
    std::vector<vg::cur::AnchorRef> anchors_;
    std::size_t budget_ = 0;     // calls spent at most before the next rows are returned
    bool pending_done_ = false;  // every pending row was scored
    bool items_done_ = false;    // no item is left that was not scored
};

}  // namespace vg::pg::cur
