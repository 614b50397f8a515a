// A store (core/store/store.h) whose pages are those of an index: in shared buffers, share-locked
// while they are looked at, changed by WAL-logged edits (page.h). One for every statement, vacuum
// or scan that needs one; it owns nothing but what an edit or a walk has open, which an error gives
// back with the transaction.
#pragma once

#include "pg/boundary/pg.h"

#include "core/store/store.h"
#include "pg/boundary/compat.h"
#include "pg/page/page.h"

namespace vg::pg::page {

class BufferStore final : public store::Store {
  public:
    // build_id: of the index that is meant; another one in the metapage is an error. direct: no WAL
    // per change, see Edits. strategy: for the buffers of large reads, may be null.
    BufferStore(Relation index, const node::Geometry& geometry, std::uint64_t build_id,
                bool direct = false, BufferAccessStrategy strategy = nullptr)
        : Store(geometry, kPageUsable),
          index_(index),
          build_id_(build_id),
          direct_(direct),
          strategy_(strategy) {}

    node::MetaData meta() override;
    store::Block blocks() override;
    using Store::look;
    const std::byte* look(store::Block block, node::PageKind kind) override;
    void let_go() override;
    bool copy(store::Block block, store::SlotsCopy* out) override;
    void begin_walk(store::Block end) override;
    bool next_of_walk(store::Block* block, store::SlotsCopy* out) override;
    void end_walk() override;
    void prefetch(node::SlotId id) override;

    void begin() override;
    store::PageEdit edit(store::Block block, node::PageKind kind) override;
    const std::byte* consider(store::Block block, node::PageKind kind) override;
    void drop() override;
    store::PageEdit add(node::PageKind kind, store::Block* block) override;
    bool has_room(store::Block block) const override;
    void commit() override;
    void rollback() override;

    void poll() override;
    void pause() override;
    void wait_for_inserts() override;

  private:
    void raise_corrupt(store::Block block, const char* what) override;
    void raise_full() override;

    Relation index_;
    std::uint64_t build_id_;
    bool direct_;
    BufferAccessStrategy strategy_;
    Buffer looked_at_ = InvalidBuffer;
    Edits edits_{};
    PageWalk walk_{};
};

}  // namespace vg::pg::page
