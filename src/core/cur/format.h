// On-disk structures of a cur index. The prose is in docs/on-disk-format.md: change both together,
// and raise kFormatVersion. Pages, their trailer and TIDs are those of core/node/format.h; the page
// kinds continue its numbers, so that one piece of code checks both.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/cur/latent.h"
#include "core/node/format.h"

namespace vg::cur {

inline constexpr std::uint32_t kMagic = 0x56474331;  // "VGC1"
inline constexpr std::uint32_t kFormatVersion = 2;

inline constexpr node::PageKind kMetaPage = static_cast<node::PageKind>(32);
inline constexpr node::PageKind kStatsPage = static_cast<node::PageKind>(33);
inline constexpr node::PageKind kModelPage = static_cast<node::PageKind>(34);
inline constexpr node::PageKind kItemsPage = static_cast<node::PageKind>(35);
inline constexpr node::PageKind kPendingPage = static_cast<node::PageKind>(36);

inline constexpr std::uint32_t kMetaBlock = 0;
inline constexpr std::uint32_t kStatsBlock = 1;
inline constexpr std::uint32_t kPendingHead = 2;
inline constexpr std::uint32_t kNoBlock = 0xFFFFFFFFu;

inline constexpr std::size_t kBudgets = 3;

// Block 0. All that is fixed by a build comes first; an index without a model (dims = 0) keeps its
// rows in the pending list until it is built again.
//   offset  size  field
//        0     4  magic             4     4  version
//        8     4  page_bytes       12     4  anchors       anchor queries, k
//       16     4  dims             20     4  row_bytes
//       24     4  slots_per_page   28     4  anchor_items
//       32     1  storage          33     3  reserved
//       36     4  item_tail        last page of items, where the next row goes
//       40     4  pending_insert   pending page where the next new row goes
//       44     4  calibration_items
//       48     4  calibration_queries     52  4  model_block   first page of the model
//       56     8  model_bytes      64     8  build_calls
//       72     8  noise            80     8  variance
//       88     8  energy           96     8  ridge
//      104     8  calibration_residual
//      112    24  calibration_budgets
//      136    24  calibration_recall
//      160     8  live_items      168     8  built_items
//      176     8  flushed_items   184     8  removed_items
//      192     8  scorer_functions   200     8  scorer_version   hashes, of the build
struct MetaData {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t page_bytes;
    std::uint32_t anchors;
    std::uint32_t dims;
    std::uint32_t row_bytes;
    std::uint32_t slots_per_page;
    std::uint32_t anchor_items;
    std::uint8_t storage;
    std::uint8_t reserved[3];
    std::uint32_t item_tail;
    std::uint32_t pending_insert;
    std::uint32_t calibration_items;
    std::uint32_t calibration_queries;
    std::uint32_t model_block;
    std::uint64_t model_bytes;
    std::uint64_t build_calls;
    double noise;
    double variance;
    double energy;
    double ridge;
    double calibration_residual;
    double calibration_budgets[kBudgets];
    double calibration_recall[kBudgets];
    std::uint64_t live_items;
    std::uint64_t built_items;
    std::uint64_t flushed_items;
    std::uint64_t removed_items;
    std::uint64_t scorer_functions;
    std::uint64_t scorer_version;
};
static_assert(sizeof(MetaData) == 208 && offsetof(MetaData, storage) == 32 &&
              offsetof(MetaData, model_bytes) == 56 && offsetof(MetaData, live_items) == 160 &&
              offsetof(MetaData, scorer_functions) == 192);

// Block 1. Written by scans and flushes as a hint, without WAL: a crash may lose the last ones.
struct StatsData {
    std::uint64_t scans;
    std::uint64_t calls;
    std::uint64_t residuals;  // predictions that were compared with exact scores
    double mean_square;       // moving averages of the error of predictions over scans: square,
    double bias;              // and prediction minus score
    // Where a flush with a limit goes on in the pending list: a page, TIDs of it to leave out, and
    // how many rows to hand to the scorer at once. 0, 0, 0: at the head, as many as may be.
    std::uint32_t flush_block;
    std::uint32_t flush_at;
    std::uint32_t flush_rows;
    std::uint32_t reserved;
};
static_assert(sizeof(StatsData) == 56);

// The model is one run of bytes over consecutive model pages from model_block:
//   low, step       dims floats each: the codec
//   anchor refs     anchor_items of them, best first
//   components      anchors x dims floats
//   anchor queries  per query a 32-bit length and that many bytes, padded to 8
struct AnchorRef {
    std::uint32_t block;
    std::uint16_t slot;
    node::Tid tid;  // a slot that holds another row by now is passed over
    std::uint32_t reserved;
};
static_assert(sizeof(AnchorRef) == 16);

struct ModelLayout {
    std::size_t low, step, anchor_refs, components, queries;
};
inline ModelLayout model_layout(std::uint32_t anchors, std::uint32_t dims,
                                std::uint32_t anchor_items) noexcept {
    ModelLayout l{};
    const std::size_t floats = sizeof(float) * std::size_t{dims};
    l.low = 0;
    l.step = floats;
    l.anchor_refs = (2 * floats + 7) / 8 * 8;
    l.components = l.anchor_refs + sizeof(AnchorRef) * std::size_t{anchor_items};
    l.queries = (l.components + floats * anchors + 7) / 8 * 8;
    return l;
}

// Walks the anchor queries, which may be damaged.
struct PackedQueries {
    std::byte* at;
    std::size_t left;
    // Null when the next one does not fit into what is left.
    std::byte* next(std::size_t* length) noexcept;
};

// A page of items is a structure of arrays over its slots:
//   TIDs (6 each, padded to 8) | means (float) | rows (row_bytes each)
// A slot whose TID has offset 0 is free. The trailer's `used` counts the slots written so far.
struct ItemsLayout {
    std::uint32_t slots;
    std::uint32_t row_bytes;
    std::size_t means, rows;
};
inline constexpr ItemsLayout items_layout(std::uint32_t row_bytes,
                                          std::size_t page_bytes) noexcept {
    const auto slots = static_cast<std::uint32_t>((page_bytes - 8) /
                                                  (sizeof(node::Tid) + sizeof(float) + row_bytes));
    const std::size_t means = (slots * sizeof(node::Tid) + 7) / 8 * 8;
    return {slots, row_bytes, means, means + slots * sizeof(float)};
}

// A pending page: next block, then TIDs of rows that have no latent vector yet; `used` counts them.
// The list of pages only grows; TIDs stay on their page until they leave it.
struct PendingHeader {
    std::uint32_t next;
    std::uint32_t reserved;
};
static_assert(sizeof(PendingHeader) == 8);

// Null when sound, else what is wrong.
const char* check_meta(const MetaData& m, std::uint32_t page_bytes, std::size_t usable) noexcept;

}  // namespace vg::cur
