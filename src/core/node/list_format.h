// On-disk structures of a list store: what a semantic_graph index keeps beside its node store. The
// prose is in docs/on-disk-format.md. Page kinds and their lock order: format.h, pg/page/page.h.
//
//   list metapage   one, named by MetaData::list_block
//   maps            two radix trees of two levels: number -> block, filled in as numbers are used.
//                   An entry never changes once it is set
//   list pages      numbered slot / slots_per_list_page: the lists of nearest neighbours of that
//                   many slots, records of fixed size, then rows (heap TID and key) of the same
//                   slots
//   bucket pages    numbered by a hash of keys: entries (hash, slot, heap TID)
//   overflow pages  more rows of a list page, more entries of a bucket page, chained behind it
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/node/format.h"

namespace vg::node {

inline constexpr std::uint32_t kListMagic = 0x56475331;  // "VGS1"
inline constexpr std::uint32_t kListVersion = 1;

enum class KeyKind : std::uint8_t { kNone = 0, kInt4 = 1, kInt8 = 2, kUuid = 3, kText = 4 };
inline constexpr std::uint8_t kKeyKinds = 5;
inline constexpr std::size_t kMaxKeyBytes = 1024;

// Buckets are added in generations, each eight times the one before: an entry stays in the bucket
// of the generation that was the newest when it came, and a look-up asks all generations.
inline constexpr std::size_t kMaxGenerations = 8;
inline constexpr unsigned kGenerationStep = 3;  // bits
inline constexpr unsigned kMaxGenerationBits = 21;

//   offset  size  field
//        0     4  magic                 4     4  version
//        8     2  k                    10     1  key_kind
//       11     1  generations          12     8  generation_bits
//       20     4  slots_per_list_page  24     4  list_root     block of the lists' map
//       28     4  bucket_root          32     4  free_page     list of free overflow pages
//       36     4  overflow  overflow pages of the newest generation
//       40     4  sweep     1: a vacuum has begun to forget rows and has not come to its end
//       44     4  reserved
struct ListMeta {
    std::uint32_t magic;
    std::uint32_t version;
    std::uint16_t k;
    std::uint8_t key_kind;
    std::uint8_t generations;
    std::uint8_t generation_bits[kMaxGenerations];
    std::uint32_t slots_per_list_page;
    std::uint32_t list_root;
    std::uint32_t bucket_root;
    std::uint32_t free_page;
    std::uint32_t overflow;
    std::uint32_t sweep;
    std::uint32_t reserved;
};
static_assert(sizeof(ListMeta) == 48 && offsetof(ListMeta, slots_per_list_page) == 20 &&
              offsetof(ListMeta, sweep) == 40);

// Head of the data area of list, bucket and overflow pages. Entries lie behind the lists on a list
// page, behind the head elsewhere, without gaps.
//   offset  size  field
//        0     4  owner    number of the list or bucket page whose chain this is; kNoBlock: free
//        4     4  next     next overflow page of the chain, or next free one; kNoBlock at the end
//        8     2  of       PageKind of the owner
//       10     2  used     bytes of entries
//       12     4  moves    of a first page: how often entries moved from one page of the chain to
//                          another
struct ChainHead {
    std::uint32_t owner;
    std::uint32_t next;
    std::uint16_t of;
    std::uint16_t used;
    std::uint32_t moves;
};
static_assert(sizeof(ChainHead) == 16);

// A neighbour in a list: base slot and similarity. A list: count, then k of them, the first `count`
// in use, by falling similarity and then rising slot.
struct ListNeighbour {
    SlotId node;
    float similarity;
};
static_assert(sizeof(ListNeighbour) == 8);
struct ListHead {
    std::uint16_t count;
    std::uint16_t reserved[3];
};
static_assert(sizeof(ListHead) == 8);

// A row of a node with its key; key bytes follow, padded with zeros to a multiple of 4. A row
// without an entry has a null key.
struct RowEntry {
    SlotId slot;
    Tid tid;
    std::uint16_t key_bytes;
};
static_assert(sizeof(RowEntry) == 12);

struct BucketEntry {
    std::uint32_t hash;
    SlotId slot;
    Tid tid;
    std::uint16_t reserved;
};
static_assert(sizeof(BucketEntry) == 16);

inline constexpr std::uint32_t kMaxListLength = 100;

// Where things lie on the pages of a list store whose pages have `usable` bytes.
struct ListGeometry {
    std::uint32_t usable = 0;
    std::uint32_t k = 0;
    std::uint32_t slots_per_list_page = 0;

    std::uint32_t list_bytes() const noexcept {
        return static_cast<std::uint32_t>(sizeof(ListHead) + k * sizeof(ListNeighbour));
    }
    std::uint32_t list_page_of(SlotId id) const noexcept { return id / slots_per_list_page; }
    std::uint32_t list_offset(SlotId id) const noexcept {
        return static_cast<std::uint32_t>(sizeof(ChainHead)) +
               id % slots_per_list_page * list_bytes();
    }
    std::uint32_t rows_offset() const noexcept {
        return static_cast<std::uint32_t>(sizeof(ChainHead)) + slots_per_list_page * list_bytes();
    }
    // Where entries begin on a page of the kind.
    std::uint32_t entries_offset(PageKind kind) const noexcept {
        return kind == PageKind::kLists ? rows_offset()
                                        : static_cast<std::uint32_t>(sizeof(ChainHead));
    }
    std::uint32_t entries_room(PageKind kind) const noexcept {
        return usable - entries_offset(kind);
    }
};

inline constexpr std::uint32_t row_entry_bytes(std::size_t key_bytes) noexcept {
    return static_cast<std::uint32_t>(sizeof(RowEntry) + (key_bytes + 3) / 4 * 4);
}

// As many slots per list page as leave room for one row of each. k in [1, kMaxListLength].
inline ListGeometry plan_lists(std::uint32_t usable, std::uint32_t k, KeyKind kind) noexcept {
    constexpr std::uint32_t kTypicalKey[kKeyKinds] = {0, 4, 8, 16, 24};
    ListGeometry g{usable, k, 1};
    const std::uint32_t row =
        kind == KeyKind::kNone ? 0 : row_entry_bytes(kTypicalKey[static_cast<int>(kind)]);
    g.slots_per_list_page =
        (usable - static_cast<std::uint32_t>(sizeof(ChainHead))) / (g.list_bytes() + row);
    return g;
}

// Null when a list metapage makes sense, else what is wrong.
inline const char* check_list_meta(const ListMeta& m, std::uint32_t usable) noexcept {
    if (m.magic != kListMagic)
        return "the list metapage has a wrong magic number";
    if (m.version != kListVersion)
        return "the list metapage has an unknown format version";
    if (m.k < 1 || m.k > kMaxListLength || m.key_kind >= kKeyKinds)
        return "the list metapage has impossible options";
    if (m.generations < 1 || m.generations > kMaxGenerations)
        return "the list metapage has an impossible number of bucket generations";
    for (std::size_t i = 0; i < m.generations; ++i) {
        if (m.generation_bits[i] > kMaxGenerationBits)
            return "the list metapage has an impossible number of buckets";
    }
    if (m.slots_per_list_page !=
        plan_lists(usable, m.k, static_cast<KeyKind>(m.key_kind)).slots_per_list_page)
        return "the list metapage has an impossible page layout";
    if (m.list_root == 0 || m.bucket_root == 0)
        return "the list metapage names no maps";
    return nullptr;
}

// Number of the bucket page for a hash in generation g: generations follow one another.
inline std::uint32_t bucket_of(const ListMeta& m, std::size_t g, std::uint32_t hash) noexcept {
    std::uint32_t first = 0;
    for (std::size_t i = 0; i < g; ++i)
        first += 1u << m.generation_bits[i];
    return first + (hash & ((1u << m.generation_bits[g]) - 1));
}

}  // namespace vg::node
