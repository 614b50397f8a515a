// Whether the pages of a cur index hang together: shown one by one, then as a whole. What is shown
// may be damaged in any way; nothing is believed before it was compared with something else.
//
//   Audit a(meta, blocks, usable, poll);
//   for all blocks but the first: a.add_page(...)
//   a.finish(blocks); a.add_model(bytes);
//
// Throws std::bad_alloc, and finish what the poll throws. A fault names the first thing found
// wrong; what == nullptr stands for none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/poll.h"
#include "core/cur/format.h"

namespace vg::cur {

struct Fault {
    std::uint32_t block = 0;
    const char* what = nullptr;
};

class Audit {
  public:
    // meta: check_meta found nothing. usable: bytes of data of a page.
    Audit(const MetaData& meta, std::uint32_t blocks, std::size_t usable, Poll poll);

    // A page after the metapage. kind: 0 for one that was never written. used: of the trailer.
    Fault add_page(std::uint32_t block, node::PageKind kind, const std::byte* data,
                   std::uint32_t used);
    // After all pages: whether they are all there is to be. blocks: those of the index by now,
    // which new rows may have made longer since the walk began.
    Fault finish(std::uint32_t blocks);
    // The model, meta.model_bytes of it, once finish found nothing.
    Fault add_model(std::span<std::byte> model) const;

    std::uint64_t items() const noexcept { return items_; }
    std::uint64_t pending() const noexcept { return tids_.size() - items_; }
    std::uint32_t last_heap_block() const noexcept { return last_heap_block_; }
    // Whether a heap TID is in the index. After finish.
    bool holds(const node::Tid& tid) const noexcept;

  private:
    Fault add_items(std::uint32_t block, const std::byte* data, std::uint32_t used);
    Fault add_pending(std::uint32_t block, const std::byte* data, std::uint32_t used);
    void add_tid(const node::Tid& tid);
    Fault check_list(std::uint32_t blocks) const;
    Fault check_places() const;
    bool is(std::uint32_t block, node::PageKind kind) const noexcept;

    MetaData meta_;
    std::size_t usable_;
    Poll poll_;
    ItemsLayout layout_;
    Codec codec_;                      // ranges of 1: for finding values that are no numbers
    std::vector<std::uint8_t> kinds_;  // by block
    std::vector<std::uint32_t> next_;  // of pending pages, by block
    std::uint64_t pending_pages_ = 0;
    std::uint64_t items_ = 0;
    std::uint32_t last_heap_block_ = 0;
    std::vector<std::uint64_t> tids_;  // keys; sorted by finish
    std::vector<float> latent_;        // scratch
};

}  // namespace vg::cur
