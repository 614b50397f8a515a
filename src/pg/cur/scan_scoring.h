// From rows that a scan wants to scored rows: fetches them from the heap under the scan's snapshot,
// before a call is spent on them, has the scorer score those that are visible, tells the search
// what came out, and counts the calls.
//
// It owns its buffers and calls out to PostgreSQL through call_pg: once to open, and for each batch
// once to fetch its rows and once to score them. No buffer is locked or pinned at these calls.
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <vector>

#include "core/cur/search.h"
#include "pg/cur/fetch.h"
#include "pg/cur/scan_results.h"
#include "pg/cur/scorer.h"

namespace vg::pg::cur {

class Scoring {
  public:
    // Values of rows live in a child of `context`, until their batch is scored.
    explicit Scoring(MemoryContext context) : context_(context) {}

    // Opens what rows are fetched and scored with, once, and begins a scan for `query`.
    void begin(Relation heap, Relation index, Snapshot snapshot, Datum query);
    // Closes it. Not left to a destructor, which must not call PostgreSQL (R9).
    void end();
    // Forgets calls and rows of the scan before.
    void reset();

    // Wants a row of which the search learns nothing.
    void want(const node::Tid& tid);
    // Wants a row with a latent vector, which is copied. picked: the search chose it by its
    // prediction.
    void want(const node::Tid& tid, const vg::cur::Candidate& c, std::size_t row_bytes,
              bool picked);
    std::size_t wanted() const { return wanted_.size(); }

    // Scores the visible ones of the wanted rows, `calls` of them at most. Returns whether that
    // were all; the rest is forgotten, and may be wanted again.
    bool score(std::size_t calls, vg::cur::Search* search, Results* results);
    std::size_t spent() const { return spent_; }

    bool has_seed() const { return scorer_.has_seed; }
    // Keys of the rows that the seed function names, sorted; at most `wanted`. They are valid until
    // rows are scored.
    struct Seeds {
        std::uint64_t* keys;
        std::size_t count;
    };
    Seeds seeds(std::size_t wanted);

    // XX002 for a TID beyond the end of the table, for rows that are returned without a fetch.
    void check_tid(Relation heap, Relation index, const node::Tid& tid);

  private:
    struct Wanted {
        node::Tid tid;
        vg::cur::Candidate candidate;  // row == nullptr: the search learns nothing from it
        bool picked;                   // by its prediction
        std::size_t row_at;            // place of its latent bytes in rows_
    };
    std::size_t fetch(std::size_t calls);
    void tell(const Wanted& w, double distance, bool null, vg::cur::Search* search,
              Results* results) const;

    MemoryContext context_;
    MemoryContext batch_context_ = nullptr;
    bool open_ = false;
    Fetch fetch_{};
    Scorer scorer_{};
    Datum query_ = 0;
    std::size_t spent_ = 0;  // scorer calls

    std::vector<Wanted> wanted_;
    std::vector<std::byte> rows_;  // latent bytes of wanted rows
    // Of those that are visible, until they are scored:
    std::vector<Datum> items_;
    std::vector<node::Tid> tids_;
    std::vector<std::size_t> places_;  // in wanted_
    std::vector<double> distances_;
    std::vector<char> nulls_;
};

}  // namespace vg::pg::cur
