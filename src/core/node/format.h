// On-disk structures of a node store (lid_hnsw today; semantic_graph shares them). The prose is in
// docs/on-disk-format.md: change both together, and raise kFormatVersion.
//
// All integers are in the machine's byte order (PostgreSQL data directories do not travel between
// byte orders). Bytes called reserved are written as zero and ignored on read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vg::node {

inline constexpr std::uint32_t kMagic = 0x56474E31;  // "VGN1"
inline constexpr std::uint32_t kFormatVersion = 2;
inline constexpr std::uint16_t kPageId = 0xFFA7;  // last two bytes of every page, for pg_filedump

inline constexpr std::uint32_t kMetaBlock = 0;  // where the metapage is

// A slot id is  block * slots_per_page + index  and fits 31 bits, so that searches can use the top
// bit.
using SlotId = std::uint32_t;
inline constexpr SlotId kNoSlot = 0xFFFFFFFFu;
inline constexpr SlotId kMaxSlotId = 0x7FFFFFFEu;
inline constexpr std::uint8_t kMaxLevel = 15;

// A chunk id is  block * kChunksPerPage + index, which from block 33,818,640 on takes more than 32
// bits.
using ChunkId = std::uint64_t;
inline constexpr ChunkId kNoChunk = ~ChunkId{0};

enum class Metric : std::uint8_t { kL2 = 0, kInnerProduct = 1, kCosine = 2, kL1 = 3 };
inline constexpr std::uint8_t kMetricCount = 4;
// 1 was 8 bits without the hash behind them, before 0.2.0 was released.
enum class Storage : std::uint8_t { kFloat32 = 0, kSq8 = 2 };

// Heap tuple identifier, bit for bit PostgreSQL's ItemPointerData.
struct Tid {
    // Set in `offset`: no transaction sees the row any more. A hint for scans, which may be missing
    // or be lost; it is no part of the TID. Pages of 32 kB have fewer than 0x8000 rows.
    static constexpr std::uint16_t kDeadRow = 0x8000;

    std::uint16_t block_high;
    std::uint16_t block_low;
    std::uint16_t offset;  // 1-based; 0 means none; and kDeadRow

    std::uint16_t offset_number() const noexcept { return offset & (kDeadRow - 1); }
    bool dead_row() const noexcept { return (offset & kDeadRow) != 0; }
    std::uint64_t key() const noexcept {
        return (static_cast<std::uint64_t>(block_high) << 32) |
               (static_cast<std::uint64_t>(block_low) << 16) | offset_number();
    }
    bool operator==(const Tid& other) const noexcept { return key() == other.key(); }
};
static_assert(sizeof(Tid) == 6);
inline Tid tid_of_key(std::uint64_t key) noexcept {
    return {static_cast<std::uint16_t>(key >> 32), static_cast<std::uint16_t>(key >> 16),
            static_cast<std::uint16_t>(key)};
}

// Special space at the end of every page.
//   offset  size  field
//        0     2  kind
//        2     2  used: slots or chunks initialised on this page, a prefix of the page
//        4    10  reserved
//       14     2  page_id
// Kinds from kListMeta on are those of a list store (list_format.h). Their numbers are their lock
// order (pg/page/page.h).
enum class PageKind : std::uint16_t {
    kMeta = 1,
    kCentre = 2,
    kSlots = 3,
    kChunks = 4,
    kListMeta = 5,
    kMap = 6,
    kLists = 7,
    kBuckets = 8,
    kOverflow = 9
};
struct PageTrailer {
    std::uint16_t kind;
    std::uint16_t used;
    std::uint16_t reserved[5];
    std::uint16_t page_id;
};
static_assert(sizeof(PageTrailer) == 16 && offsetof(PageTrailer, page_id) == 14);

// Slot header, 56 bytes; the vector and the link arrays follow (geometry.h computes their offsets).
//   offset  size  field
//        0     1  state
//        1     1  level       level of this slot: 0 = base layer
//        2     2  degree      links in use
//        4     4  other       level > 0: this node's slot one level below; level 0: that at level 1
//        8     4  base        this node's slot at level 0 (itself at level 0)
//       12     4  parent      slot that holds the protected link to this one; kNoSlot for a root
//       16     8  chunk       first overflow chunk of heap TIDs (level 0 only)
//       24     4  error       8-bit storage: the largest |row - stored vector| of its rows, else 0
//       28     4  sq8_low     8-bit storage: value of code 0
//       32     4  sq8_step    8-bit storage: value between codes
//       36     1  lid_bin     LID of the row in steps of 1/2, saturating; 0 = not estimated
//       37     1  tid_count   heap TIDs held inline (level 0 only)
//       38    18  tids
// A free slot uses only state and other (the next free slot).
enum class SlotState : std::uint8_t { kFree = 0, kLive = 1, kDead = 2 };
inline constexpr std::size_t kInlineTids = 3;
struct SlotHeader {
    std::uint8_t state;
    std::uint8_t level;
    std::uint16_t degree;
    SlotId other;
    SlotId base;
    SlotId parent;
    ChunkId chunk;
    float error;
    float sq8_low;
    float sq8_step;
    std::uint8_t lid_bin;
    std::uint8_t tid_count;
    Tid tids[kInlineTids];
};
static_assert(sizeof(SlotHeader) == 56 && offsetof(SlotHeader, base) == 8 &&
              offsetof(SlotHeader, chunk) == 16 && offsetof(SlotHeader, sq8_step) == 32 &&
              offsetof(SlotHeader, tids) == 38);

// Overflow chunk: further heap TIDs of a node that holds more than kInlineTids equal rows.
//   offset  size  field
//        0     4  owner       base slot, kNoSlot when free
//        4     2  count
//        6     2  reserved
//        8     8  next        next chunk of the owner, or next free chunk
//       16    48  tids
inline constexpr std::size_t kChunkTids = 8;
struct TidChunk {
    SlotId owner;
    std::uint16_t count;
    std::uint16_t reserved;
    ChunkId next;
    Tid tids[kChunkTids];
};
static_assert(sizeof(TidChunk) == 64 && offsetof(TidChunk, tids) == 16);

// Metapage contents (block 0, after the page header).
//   offset  size  field
//        0     4  magic                      4     4  version
//        8     4  page_bytes                12     4  dims
//       16     4  capacity  links per slot  20     4  slot_bytes
//       24     4  slots_per_page            28     2  m
//       30     2  ef_construction           32     1  metric
//       33     1  storage                   34     1  build_order   as asked
//       35     1  order_used                36     4  centre_block  first of the centre pages
//       40     8  seed                      48     4  entry         slot of the top level
//       52     4  entry_level               56     4  free_slot     head of the free-slot list
//       60     4  tail_block  slots page     64     8  free_chunk    head of the free-chunk list
//              with never-used slots        72     4  chunk_tail_block
//       76     4  connected   nodes given a forced link at build
//       80     8  built_nodes               88     8  built_rows
//       96     8  inserted_nodes            104     8  removed_nodes   since build
//      112    20  lid_quantiles p5 p25 p50 p75 p95
//      132     4  lid_rows   rows that have a LID estimate
//      136     4  calibration_block  reserved for calibrated recall; kNoSlot
//      140     4  list_block         metapage of the list store; kNoBlock without one
//      144     4  root               base slot at the root of the spanning tree of protected links
//      148     4  words       64-bit words of a link's code
//      152     8  build_id  drawn at random by every build
struct MetaData {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint32_t page_bytes;
    std::uint32_t dims;
    std::uint32_t capacity;
    std::uint32_t slot_bytes;
    std::uint32_t slots_per_page;
    std::uint16_t m;
    std::uint16_t ef_construction;
    std::uint8_t metric;
    std::uint8_t storage;
    std::uint8_t build_order;
    std::uint8_t order_used;
    std::uint32_t centre_block;
    std::uint64_t seed;
    SlotId entry;
    std::uint32_t entry_level;
    SlotId free_slot;
    std::uint32_t tail_block;
    ChunkId free_chunk;
    std::uint32_t chunk_tail_block;
    std::uint32_t connected;
    std::uint64_t built_nodes;
    std::uint64_t built_rows;
    std::uint64_t inserted_nodes;
    std::uint64_t removed_nodes;
    float lid_quantiles[5];
    std::uint32_t lid_rows;
    std::uint32_t calibration_block;
    std::uint32_t list_block;
    SlotId root;
    std::uint32_t words;
    std::uint64_t build_id;
};
static_assert(sizeof(MetaData) == 160 && offsetof(MetaData, seed) == 40 &&
              offsetof(MetaData, free_chunk) == 64 && offsetof(MetaData, built_nodes) == 80 &&
              offsetof(MetaData, lid_quantiles) == 112);

inline constexpr std::uint32_t kNoBlock = 0xFFFFFFFFu;
inline constexpr std::uint32_t kMaxDims = 6000;
inline constexpr std::uint32_t kMaxWords = (kMaxDims + 63) / 64;

}  // namespace vg::node
