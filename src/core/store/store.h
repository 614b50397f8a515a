// The pages of one index, as those see them who change its graph: an insert, a vacuum. What they do
// is written once against this class. There are two kinds of it: pg/page/buffer_store keeps the
// pages in PostgreSQL's buffers, locks them and logs what changes; test/unit/memory_store keeps
// them in memory, can fail at every commit, and lets several writers take turns under a seed.
//
// Reading. look() gives a page under a share lock until let_go(): one at a time. copy() takes a
// copy and keeps no lock, so what it shows may be out of date when it is used.
//
// Changing. Changes are made in edits, and an edit happens as a whole or not at all, whatever
// fails:
//   store.begin(); SlotEdit s = store.edit_slot(id); ... change s ...; store.commit();
// An edit locks the pages that it opens until it ends. It may open four, and asks for them in this
// order, which rules out deadlocks between edits: the metapage, slots pages by ascending block,
// chunk pages by ascending block, a page that it adds itself. So what was read before an edit is
// read again in it, and if it is no longer what it was, rollback() ends the edit before anything is
// changed. While an edit is open one may look() at pages that come later in the order.
//
// Errors. Most functions can fail. In PostgreSQL an error passes the caller's frames by longjmp:
// whoever calls a store owns no object with a destructor (src/pg/boundary/README.md, R2).
// Containers are members of the long-lived objects of this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/node/format.h"
#include "core/node/geometry.h"
#include "core/node/slot.h"
#include "core/store/reader.h"

namespace vg::store {

using Block = std::uint32_t;

using node::kMetaBlock;

// A page that is open for change.
struct PageEdit {
    std::byte* data;
    node::PageTrailer* trailer;
};

// The slots of a page as they were when it was copied.
class SlotsCopy {
  public:
    explicit SlotsCopy(const node::Geometry& g)
        : g_(&g), bytes_(std::size_t{g.slots_per_page} * g.slot_bytes) {}

    // Takes the data of a slots page, `used` slots of it.
    void take(const std::byte* data, std::uint32_t used) noexcept;

    std::uint32_t used() const noexcept { return used_; }
    node::SlotView slot(std::uint32_t i) const noexcept {
        return {*g_, bytes_.data() + std::size_t{i} * g_->slot_bytes};
    }

  private:
    const node::Geometry* g_;
    std::vector<std::byte> bytes_;
    std::uint32_t used_ = 0;
};

class Store {
  public:
    // usable: bytes of a page between its header and its trailer. The geometry outlives the store.
    Store(const node::Geometry& geometry, std::uint32_t usable) noexcept
        : g_(&geometry), chunks_per_page_(usable / sizeof(node::TidChunk)) {}
    virtual ~Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    const node::Geometry& geometry() const noexcept { return *g_; }

    // ---- reading ----

    // The validated contents of the metapage.
    virtual node::MetaData meta() = 0;
    // Pages that the index has.
    virtual Block blocks() = 0;
    // The data of a page under a share lock; an error where it is of another kind.
    virtual const std::byte* look(Block block, node::PageKind kind) = 0;
    virtual void let_go() = 0;
    // Copies a page; false, and the copy unusable, when it is no slots page.
    virtual bool copy(Block block, SlotsCopy* out) = 0;
    // A walk over all slots pages before block `end`, in order, with copies of them. One at a time.
    virtual void begin_walk(Block end) = 0;
    virtual bool next_of_walk(Block* block, SlotsCopy* out) = 0;
    virtual void end_walk() = 0;
    // A hint that a slot will be looked at soon.
    virtual void prefetch(node::SlotId id) = 0;

    // ---- changing ----

    virtual void begin() = 0;
    // A page for change; the same page again when it is open already.
    virtual PageEdit edit(Block block, node::PageKind kind) = 0;
    // A page that the edit may want to change, locked, to look at: edit() then opens it for change,
    // and drop() lets go of it. Null, and nothing to drop, when it is open for change already.
    // Cheaper than edit() for pages that mostly stay as they are. One at a time.
    virtual const std::byte* consider(Block block, node::PageKind kind) = 0;
    virtual void drop() = 0;
    // Adds an empty page behind the last one.
    virtual PageEdit add(node::PageKind kind, Block* block) = 0;
    // Whether the edit can open this page besides those that it has open.
    virtual bool has_room(Block block) const = 0;
    virtual void commit() = 0;
    // Requires: nothing was changed.
    virtual void rollback() = 0;

    // ---- the others ----

    // Where long loops ask whether they are to end; no lock is held.
    virtual void poll() = 0;
    // The same for work in the background, which also makes the pauses that it is told to make.
    virtual void pause() = 0;
    // Returns when every insert that is under way is over.
    virtual void wait_for_inserts() = 0;

    // Ends in an error: a page is not as the format says, or the index has as many slots as there
    // are ids.
    [[noreturn]] void report_corrupt(Block block, const char* what) {
        raise_corrupt(block, what);
        __builtin_unreachable();
    }
    [[noreturn]] void report_full() {
        raise_full();
        __builtin_unreachable();
    }

    // ---- slots (store.cpp) ----

    // As look() and copy(), with the slot checked: an error where it does not obey the format.
    node::SlotView look(node::SlotId id);
    node::SlotView copy_slot(node::SlotId id, SlotsCopy* out);

    node::MetaData* edit_meta();
    node::SlotEdit edit_slot(node::SlotId id);
    // Opens the pages of two slots in lock order, whatever the order of the arguments.
    void open_slots(node::SlotId a, node::SlotId b);
    // Opens, in lock order, the metapage, the page of slot `with` and the page that the next new
    // slot will come from, if there is one.
    node::MetaData* open_for_slot(node::SlotId with);
    // Room for a slot; the caller fills it. It comes from the free list, else from the unused rest
    // of the last page, else from a new page. The metapage stays open until the edit ends, so no
    // two writers get the same room. Requires: open_for_slot, or no other slots page is open.
    node::SlotId take_slot();

    // ---- overflow chunks (store.cpp) ----

    Block chunk_block(node::ChunkId id) const noexcept {
        return static_cast<Block>(id / chunks_per_page_);
    }
    std::uint32_t chunks_per_page() const noexcept { return chunks_per_page_; }
    node::TidChunk copy_chunk(node::ChunkId id);
    node::TidChunk* edit_chunk(node::ChunkId id);
    // A chunk without TIDs for `owner`. Opens its page, so slots pages must be open already.
    node::TidChunk* take_chunk(node::SlotId owner, node::ChunkId* id);
    // Puts a chunk on the free list. Requires: the metapage is open.
    void free_chunk(node::MetaData* meta, node::ChunkId id);

  protected:
    // Do not return.
    virtual void raise_corrupt(Block block, const char* what) = 0;
    virtual void raise_full() = 0;

  private:
    node::SlotView view_of(const std::byte* data, node::SlotId id) const noexcept {
        return {*g_, data + std::size_t{g_->index_of(id)} * g_->slot_bytes};
    }
    node::SlotId first_slot_of_new_page(node::MetaData* meta);
    void require_ids(Block block);

    const node::Geometry* g_;
    std::uint32_t chunks_per_page_;
};

}  // namespace vg::store
