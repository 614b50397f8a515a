// Consistency of a list store, without I/O: the caller shows every map, list, bucket and overflow
// page once, the node store's audit finished before. Finds the first fault of what it is shown, and
// in finish() of what must fit together:
//   - maps and pages name each other; every overflow page is in one chain, or on the free list
//   - lists: only of base nodes; by falling similarity, no node twice, not the node itself; of live
//     nodes only live ones, unless the store has dead nodes
//   - rows: of base nodes, in the chain of their list page, of the right size, each of a heap TID
//     that the node store has in the same node, no TID twice
//   - rows and bucket entries are the same rows, each entry in a bucket of its hash
// The remains of a vacuum that did not finish are legal where ListMeta::sweep or dead nodes say so.
// Memory: 16 bytes per page and 24 per row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/node/audit.h"
#include "core/node/list_format.h"

namespace vg::node {

// What is wrong and in which block; `what` is null when nothing is.
struct ListFault {
    const char* what = nullptr;
    std::uint32_t block = kNoBlock;
    explicit operator bool() const noexcept { return what != nullptr; }
};

class ListAudit {
  public:
    // Requires: check_list_meta(meta) is null. Throws std::bad_alloc.
    ListAudit(const ListMeta& meta, const ListGeometry& geometry, std::uint32_t blocks,
              const Audit& nodes, Poll poll);

    // A map page: of lists or buckets, the root or the leaf of root entry `position`.
    ListFault add_map(std::uint32_t block, PageKind of, bool root, std::uint32_t position,
                      std::span<const std::uint32_t> entries);
    // A list, bucket or overflow page: its data area. hash(bytes, size) is that of keys.
    using Hash = std::uint32_t (*)(const std::byte* bytes, std::size_t size);
    ListFault add_page(std::uint32_t block, PageKind kind, const std::byte* data, Hash hash);
    // tids: those of the node store, sorted by Tid::key().
    ListFault finish(std::span<const HeldTid> tids);

    // Hash of the key of a row; false where its key is null. After finish().
    bool key_hash(std::uint64_t tid, std::uint32_t* hash) const noexcept;
    std::uint64_t lists() const noexcept { return lists_; }

  private:
    struct Row {
        std::uint64_t tid;
        std::uint32_t hash;
        SlotId slot;
        bool operator==(const Row&) const noexcept = default;
        bool operator<(const Row& o) const noexcept {
            return tid != o.tid ? tid < o.tid : hash != o.hash ? hash < o.hash : slot < o.slot;
        }
    };
    struct Link {
        std::uint32_t owner = kNoBlock;
        std::uint32_t next = kNoBlock;
        PageKind kind{};
        PageKind of{};
        bool chained = false;
    };
    struct Numbered {
        PageKind kind;
        std::uint32_t number;
        std::uint32_t block;
    };
    ListFault add_list(std::uint32_t block, SlotId slot, const std::byte* bytes);
    ListFault add_rows(std::uint32_t block, std::uint32_t number, const std::byte* entries,
                       std::size_t bytes, Hash hash);
    ListFault add_bucket(std::uint32_t block, std::uint32_t number, const std::byte* entries,
                         std::size_t bytes);
    ListFault check_numbers() const;
    ListFault check_chains();
    ListFault check_rows(std::span<const HeldTid> tids);
    bool is_bucket_of(std::uint32_t number, std::uint32_t hash) const noexcept;

    ListMeta meta_;
    ListGeometry g_;
    const Audit& nodes_;
    Poll poll_;
    std::vector<Link> pages_;         // by block
    std::vector<Numbered> numbered_;  // from the maps
    std::vector<Row> rows_;
    std::vector<Row> entries_;
    std::uint64_t lists_ = 0;
};

}  // namespace vg::node
