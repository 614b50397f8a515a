// Readers of slots (core/store/reader.h) for those who change nothing: scans and graph functions.
// Each holds a share lock on one page at a time, and none from one slot to the next.
#pragma once

#include "pg/boundary/pg.h"

#include <algorithm>
#include <cstring>

#include "core/store/rounds.h"
#include "pg/boundary/boundary.h"
#include "pg/page/buffer_hints.h"
#include "pg/page/page.h"

namespace vg::pg::page {

inline void prefetch_slot(Relation index, const node::Geometry& g, node::SlotId id) {
    // GloVe (100 dimensions, slots of 1.4 kB): the more of a slot, the better; MNIST (784, 8 kB):
    // no difference from half of it on, where the processor sees by itself how it goes on.
    constexpr std::size_t kMost = 4096;
    prefetch_block(index, g.block_of(id), kPageDataOffset + g.index_of(id) * g.slot_bytes,
                   std::min<std::size_t>(g.slot_bytes, kMost));
}

// A slot of a locked page; XX002 unless page and slot obey the format.
inline node::SlotView checked_slot(Relation index, const node::Geometry& g, Buffer locked,
                                   node::SlotId id) {
    const Page page = BufferGetPage(locked);
    const char* fault = fault_of(page, node::PageKind::kSlots);
    const node::SlotView slot(g, slot_bytes(g, page, g.index_of(id)));
    if (fault == nullptr)
        fault = slot.check();
    if (unlikely(fault != nullptr))
        index::report_corrupt(index, g.block_of(id), fault);
    return slot;
}

// What the readers that lock have in common. The functions may ereport.
class LockingReader {
  public:
    void prefetch(node::SlotId id) { prefetch_slot(index_, *g_, id); }
    void poll() { CHECK_FOR_INTERRUPTS(); }

  protected:
    LockingReader(Relation index, const node::Geometry& g) : index_(index), g_(&g) {}

    // Locks the page of a slot; a page that buffer_ has pinned is let go of, if it is another one.
    node::SlotView lock(node::SlotId id) {
        const BlockNumber block = g_->block_of(id);
        check_block(index_, block);
        buffer_ = release_and_read_block(buffer_, index_, block);
        LockBuffer(buffer_, BUFFER_LOCK_SHARE);
        return checked_slot(index_, *g_, buffer_, id);
    }

    Relation index_;
    const node::Geometry* g_;
    Buffer buffer_ = InvalidBuffer;  // pinned
};

// Pins and locks a page for every slot.
class LockedReader : public LockingReader {
  public:
    LockedReader(Relation index, const node::Geometry& g) : LockingReader(index, g) {}

    node::SlotView look(node::SlotId id) { return lock(id); }
    void let_go() {
        UnlockReleaseBuffer(buffer_);
        buffer_ = InvalidBuffer;
    }
};

// Keeps the last page pinned: the next slot is often on the same one.
class PinnedReader : public LockingReader {
  public:
    PinnedReader(Relation index, const node::Geometry& g) : LockingReader(index, g) {}

    node::SlotView look(node::SlotId id) { return lock(id); }
    void let_go() { LockBuffer(buffer_, BUFFER_LOCK_UNLOCK); }
    // Before the scan ends or begins anew.
    void release() {
        if (BufferIsValid(buffer_))
            ReleaseBuffer(buffer_);
        buffer_ = InvalidBuffer;
    }
};

// Copies a slot, inside call_pg: for callers that own C++ objects. What is no slot in use, because
// the link that led there is out of date, is given as a free one. The functions throw.
class CopyReader {
  public:
    CopyReader(Relation index, const node::Geometry& g) : index_(index), g_(&g) {}

    node::SlotView look(node::SlotId id) {
        call_pg([&] { copy(id); });
        return last();
    }
    // What look gave last.
    node::SlotView last() const { return {*g_, bytes_}; }
    void let_go() {}
    void prefetch(node::SlotId id) { prefetch_slot(index_, *g_, id); }
    void poll() {}  // look has

  private:
    void copy(node::SlotId id) {
        CHECK_FOR_INTERRUPTS();
        reinterpret_cast<node::SlotHeader*>(bytes_)->state =
            static_cast<std::uint8_t>(node::SlotState::kFree);
        const BlockNumber block = g_->block_of(id);
        if (block >= blocks_known(index_) && block >= RelationGetNumberOfBlocks(index_))
            return;
        const Buffer buffer = read_block(index_, block);
        LockBuffer(buffer, BUFFER_LOCK_SHARE);
        const Page page = BufferGetPage(buffer);
        if (fault_of(page, node::PageKind::kSlots) == nullptr &&
            g_->index_of(id) < trailer_of(page)->used)
            std::memcpy(bytes_, slot_bytes(*g_, page, g_->index_of(id)), g_->slot_bytes);
        UnlockReleaseBuffer(buffer);
        if (const char* fault = node::SlotView(*g_, bytes_).check())
            index::report_corrupt(index_, block, fault);
    }

    Relation index_;
    const node::Geometry* g_;
    alignas(8) std::byte bytes_[BLCKSZ];
};

}  // namespace vg::pg::page
