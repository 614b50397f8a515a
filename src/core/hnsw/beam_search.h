// Resumable best-first search over the slots of one index. Pull-driven: the search says which slot
// it wants next, the caller reads the page (or the test's array) and hands the bytes back. It never
// does I/O itself, so the same code serves scans, inserts, vacuum, checks and unit tests.
//
// How it works. One slot read gives the exact distance of that node and, from the codes it keeps,
// an estimate for each of its links; the pool holds the `ef` candidates with the smallest estimates
// and the search expands them nearest first until all are expanded (Malkov & Yashunin's Algorithm 2
// with estimates; SymphonyQG's search). Levels above the target are descended with a narrow beam.
//
// Batches. What did not fit the pool is kept. The pool is no wider than some hundred candidates:
// that leads the search to where the query lies. What else a larger `ef` asks for is read in
// batches of an eighth of what was read before, those nodes that lie nearest by the mean of all
// their estimates (unread.h), page by page.
//
// Going on. When the caller has consumed the results of a round it may grow() the search: the next
// round is one more batch. An exhausted search has expanded every reachable node.
//
// Handing out. An estimate is off by some part of the distance, so the nearest row may still be
// unread while a farther one has been. A scan (start_scan) therefore keeps back what it has read
// until it has read several times as many rows as it hands out, and begins with a first round that
// is several times ef: with that, the recall at an ef is what a search that computes the distance
// of every neighbour reaches there. Other searches (start) hand out all they have read.
//
// Order. pop() yields results by increasing `order`, equal ones by slot. A row found in a later
// round that lies before one already returned is set aside and comes after everything else, when
// the search is exhausted: rows are never lost and never out of order before that point.
//
//   search.start(entry, level, 0, ef);
//   for (;;) {
//       while ((id = search.next()) != kNoSlot) search.expand(id, slot(id));
//       if (search.pop(&found)) use(found); else if (!search.grow()) break;
//   }
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/hnsw/slot_set.h"
#include "core/hnsw/unread.h"
#include "core/node/node_query.h"

namespace vg::hnsw {

// A node that was read at the target level.
struct Found {
    float order;  // see NodeDistance
    float graph;
    float scale;
    SlotId slot;
    SlotId other;         // header.other: the slot one level down (or up, at level 0)
    node::ChunkId chunk;  // overflow heap TIDs, kNoChunk if none
    std::uint8_t tid_count;
    bool handed_out;  // pop() or take() has returned it
    node::Tid tids[node::kInlineTids];
};

// Nodes in the beam of a scan per ef, by the number of words of a code: the shorter the codes, the
// farther off the estimates. Recall of hnswlib at the same ef, of a scan with 2, 3, 4 times ef
// (20,000 Gaussian rows of 64 dimensions, 1 word, ef 100, k 50): .798; .690, .787, .845; (100,000
// GloVe vectors, 2 words, rare words as queries, ef 100, k 100): .796; .774, .849, .892.
// Inner products and taxicab distances take more: the former are estimated from the query itself
// instead of its part that lies near the node, the latter are walked by the Euclidean distance.
// (13,000 rows of log-normal lengths, 64 dimensions, ef 40, k 10: recall .9925 with 22 times ef,
// .993 with 24 and 27; inserted one by one .9805, .9815, .9835.)
constexpr std::size_t scan_breadth(std::uint32_t words, node::Metric metric) noexcept {
    const std::size_t codes = words == 1 ? 5 : 3;
    switch (metric) {
        case node::Metric::kInnerProduct:
            return words == 1 ? 24 : 8;
        case node::Metric::kL1:
            return codes + 2;
        case node::Metric::kL2:
        case node::Metric::kCosine:
            break;
    }
    return codes;
}
// The first round of a scan: nodes that it reads before it hands out a row, at most.
constexpr std::size_t scan_beam(std::uint32_t words, node::Metric metric, std::size_t ef) noexcept {
    constexpr std::size_t kFewest = 40;  // a narrower one finds too little to be sure of one row
    return std::max(scan_breadth(words, metric) * ef, kFewest);
}
// Nodes that a scan has read before it hands out a row beyond the first few: the breadth per row
// handed out so far, and these. Rows at the beginning of a long answer thus have a larger margin
// than those at its end. (100,000 GloVe vectors, 500 queries, ef 200, 200 rows: recall .993 with
// 966 pages, pgvector .987 with 3,334; ef 40: .969 with 798, pgvector .967 with 3,751.)
constexpr std::size_t scan_sure_reads(std::uint32_t words, node::Metric metric,
                                      std::size_t ef) noexcept {
    const std::size_t first_round = scan_breadth(words, metric) * ef;
    return words == 1 ? first_round / 2 : first_round * 2 / 5;
}
// Nodes that a scan has read when it hands out that many rows: what a plan costs.
constexpr std::size_t scan_reads(std::uint32_t words, node::Metric metric, std::size_t ef,
                                 std::size_t rows) noexcept {
    return std::max(scan_beam(words, metric, ef),
                    scan_breadth(words, metric) * rows + scan_sure_reads(words, metric, ef));
}

class BeamSearch {
  public:
    // query must outlive the search and be set before start(). Takes over the memory of an earlier
    // search of this thread, and leaves its own if that is not large: a search is over sooner than
    // the system finds it so many pages.
    explicit BeamSearch(const node::NodeQuery& query);
    ~BeamSearch();
    BeamSearch(const BeamSearch&) = delete;
    BeamSearch& operator=(const BeamSearch&) = delete;

    struct Seed {
        SlotId slot;
        float distance;  // squared graph distance, or any guess of it
    };
    // Starts at one slot of `level` and descends to `target_level`, where it expands with `ef`
    // >= 1.
    void start(SlotId entry, unsigned level, unsigned target_level, std::size_t ef);
    // The same at level 0 with the beam and the margin of a scan at that ef.
    void start_scan(SlotId entry, unsigned level, std::size_t ef);
    // Starts at several slots of the target level.
    void start(std::span<const Seed> seeds, unsigned target_level, std::size_t ef);

    // A base slot from which every live node can be reached along protected links. When the
    // candidates run out the search goes on there, so that an unlimited scan misses no row whatever
    // the links between are. Optional; set before start().
    void set_root(SlotId root) noexcept { root_ = root; }

    // The slot to read now, or kNoSlot when the round is complete.
    SlotId next();
    // Hands over the slot asked for. Slots that are free, or not of the expected level (a slot
    // reused since the link was read), are ignored.
    void expand(SlotId id, const node::SlotView& slot);
    // The best unread candidate after the one just returned: a prefetch hint, kNoSlot if none.
    SlotId peek() const noexcept;

    // Next result of the rounds so far; false when another round must run first (see grow).
    bool pop(Found* out);
    // For a caller that decides itself which of several results comes first: the next one of the
    // rounds so far, whether it may be handed out yet or not, and whatever came before; false when
    // none is known. Then: whether enough has been read for handing out one more, and that one has
    // been.
    bool take(Found* out);
    bool may_hand_out() const noexcept {
        return exhausted_ || emitted_ < free_rows_ || reads_before(emitted_ + 1) <= found_.size();
    }
    void count_handed_out() noexcept { ++emitted_; }
    // The result after the one that pop() or take() returned last, as far as is known: null when
    // none was read yet that is not set aside.
    const Found* peek_result() const noexcept {
        return ready_.empty() ? nullptr : &found_[ready_.front().index];
    }
    // Begins another round, or, when nothing is left to expand, releases what pop() still holds
    // back; false when it had already done that. One round need not be enough for another row.
    bool grow();

    // The level that the search ends on.
    unsigned level() const noexcept { return target_level_; }
    // Of the slots that links led to and that were not read, those with the smallest estimates of
    // at least this squared distance, `most` at most.
    void unread_beyond(float distance, std::size_t most, std::vector<SlotId>* out);

    // All nodes read at the target level so far, in no order.
    std::span<const Found> found() const noexcept { return found_; }
    // And how many dead ones were met there.
    std::size_t dead_found() const noexcept { return target_expanded_ - found_.size(); }
    std::size_t expanded() const noexcept { return visited_.size(); }
    // Memory held, which grows with what was read.
    std::size_t bytes() const noexcept;
    // Gives back what a large search took. The next call must be a start.
    void forget();

  private:
    struct Candidate {
        float distance;
        SlotId id;  // top bit: expanded (pool only)
    };
    struct Ready {
        float order;
        std::uint32_t index;  // into found_
    };
    static constexpr SlotId kExpanded = 0x80000000u;
    // A greedy descent (1) ends in another cluster now and then, where a beam at the base cannot
    // leave: 100 clusters of width .03, 100 dimensions, beam 10: 7.3 % of the queries, .7 % with 4.
    // So it does where rows came and went: 64 dimensions, all rows replaced once, beam 160:
    // recall@10 .93, .97 with 4. It costs about five pages, of the few that every search reads.
    static constexpr std::size_t kUpperBeam = 4;

    struct Memory;
    void swap_memory(Memory* other) noexcept;
    void reset(std::size_t ef);
    std::size_t first_beam() const noexcept;
    std::size_t first_reads() const noexcept;
    std::size_t next_batch() const noexcept;
    std::size_t reads_before(std::size_t rows) const noexcept {
        return row_reads_ * rows + sure_reads_;
    }
    void descend();
    template <bool kCrowd>
    void split_links(const node::SlotView& slot, std::size_t degree, float distance,
                     std::uint16_t tiny_below);
    void offer_links(const node::SlotView& slot, std::size_t degree, float distance);
    std::size_t place_in_pool(float distance) const noexcept;
    void offer(float distance, SlotId id);
    void offer_to_crowd(float distance, SlotId id);
    SlotId head(std::vector<Candidate>* pool, std::size_t* cursor);
    void see_links(const node::SlotView& slot, std::size_t degree, float distance);
    void leave_beam();
    void hand_to_unread(std::vector<Candidate>* met);
    void end_first_round();
    SlotId next_in_pool();
    SlotId next_after_pool();
    SlotId next_in_batch();
    void take_batch(std::size_t n);
    // Equal rows come in the order of their slots, whatever way the search took.
    bool later(const Ready& a, const Ready& b) const noexcept {
        return a.order != b.order ? a.order > b.order : found_[a.index].slot > found_[b.index].slot;
    }

    const node::NodeQuery* query_;
    std::vector<float> estimates_;
    std::vector<Candidate> near_;  // of the links of one node, those for the pool
    std::vector<Candidate> tiny_;  // and those for the crowd
    SlotSet visited_;

    SlotId root_ = kNoSlot;
    unsigned level_ = 0;
    unsigned target_level_ = 0;
    std::size_t ef_ = 1;          // of the target level
    std::size_t pool_limit_ = 1;  // first_beam(); kUpperBeam while descending
    std::size_t free_rows_ = 0;   // rows that ask for no margin
    std::size_t row_reads_ = 1;   // nodes to read per row handed out,
    std::size_t sure_reads_ = 0;  // and beside those
    std::size_t reads_ = 0;       // before the first round is over

    // The beam: sorted by distance, at most pool_limit_. No candidate in spill_ is nearer than the
    // last of a full pool. A node may lie in it once per link that led to it.
    std::vector<Candidate> pool_;
    std::size_t cursor_ = 0;  // first pool entry that may be unexpanded
    // What links led to that are tiny beside the distance of the node they start from. A
    // step along them leads nowhere, and where a thousand rows are near-copies of one they would
    // take all places of the beam. So they have a beam of their own.
    std::vector<Candidate> crowd_;
    std::size_t crowd_cursor_ = 0;
    std::size_t crowd_reads_ = 0;
    std::vector<Candidate> aside_;  // what did not fit that one; later rounds take it
    std::vector<Candidate> spill_;  // what did not fit the pool
    // Once the beam is read: all that is known and was not read, and what is read next of it.
    Unread unread_;
    std::vector<SlotId> batch_;
    std::size_t batch_at_ = 0;
    std::vector<Seed> best_;  // descending: best slots of this level, one level down

    bool in_beam_ = true;      // until its end
    bool first_round_ = true;  // until grow()
    bool exhausted_ = false;
    bool late_sorted_ = false;
    std::size_t target_expanded_ = 0;

    std::vector<Found> found_;
    std::vector<Ready> ready_;  // min-heap by order
    std::vector<Ready> late_;
    std::size_t emitted_ = 0;
    float last_order_ = 0;
};

}  // namespace vg::hnsw
