#include "pg/boundary/pg.h"

#include "pg/page/buffer_store.h"

#include "pg/index/locks.h"
#include "pg/page/slot_reads.h"

namespace vg::pg::page {

static store::PageEdit page_edit(Page page) {
    return {data_of(page), trailer_of(page)};
}

// ---- reading ----

node::MetaData BufferStore::meta() {
    const node::MetaData meta = read_meta(index_);
    if (meta.build_id != build_id_)
        elog(ERROR, "index \"%s\" was built anew while it was in use",
             RelationGetRelationName(index_));
    return meta;
}

store::Block BufferStore::blocks() {
    return RelationGetNumberOfBlocks(index_);
}

const std::byte* BufferStore::look(store::Block block, node::PageKind kind) {
    Assert(!BufferIsValid(looked_at_));
    looked_at_ = read_page(index_, block, kind, BUFFER_LOCK_SHARE, strategy_);
    return data_of(BufferGetPage(looked_at_));
}

void BufferStore::let_go() {
    UnlockReleaseBuffer(looked_at_);
    looked_at_ = InvalidBuffer;
}

// Copies a pinned page and lets it go; false when it is no slots page.
static bool copy_pinned_slots(Buffer buffer, store::SlotsCopy* out) {
    LockBuffer(buffer, BUFFER_LOCK_SHARE);
    const Page page = BufferGetPage(buffer);
    const bool ours = fault_of(page, node::PageKind::kSlots) == nullptr;
    if (ours)
        out->take(data_of(page), trailer_of(page)->used);
    UnlockReleaseBuffer(buffer);
    return ours;
}

bool BufferStore::copy(store::Block block, store::SlotsCopy* out) {
    check_block(index_, block);
    return copy_pinned_slots(ReadBufferExtended(index_, MAIN_FORKNUM, block, RBM_NORMAL, strategy_),
                             out);
}

void BufferStore::begin_walk(store::Block end) {
    begin_page_walk(&walk_, index_, node::kMetaBlock + 1, end, strategy_, true);
}

bool BufferStore::next_of_walk(store::Block* block, store::SlotsCopy* out) {
    for (;;) {
        pause();
        const Buffer buffer = next_page(&walk_);
        if (!BufferIsValid(buffer))
            return false;
        *block = BufferGetBlockNumber(buffer);
        if (copy_pinned_slots(buffer, out))
            return true;
    }
}

void BufferStore::end_walk() {
    end_page_walk(&walk_);
}

void BufferStore::prefetch(node::SlotId id) {
    prefetch_slot(index_, geometry(), id);
}

// ---- changing ----

void BufferStore::begin() {
    begin_edits(&edits_, index_, direct_);
}

store::PageEdit BufferStore::edit(store::Block block, node::PageKind kind) {
    return page_edit(edit_page(&edits_, block, kind));
}

const std::byte* BufferStore::consider(store::Block block, node::PageKind kind) {
    const Page page = look_at_page(&edits_, block, kind);
    return page == nullptr ? nullptr : data_of(page);
}

void BufferStore::drop() {
    drop_look(&edits_);
}

store::PageEdit BufferStore::add(node::PageKind kind, store::Block* block) {
    return page_edit(edit_new_page(&edits_, kind, block));
}

bool BufferStore::has_room(store::Block block) const {
    return edits_have_room(&edits_, block);
}

void BufferStore::commit() {
    commit_edits(&edits_);
}

void BufferStore::rollback() {
    abort_edits(&edits_);
}

// ---- the others ----

void BufferStore::poll() {
    CHECK_FOR_INTERRUPTS();
}

void BufferStore::pause() {
    delay_point();
}

void BufferStore::wait_for_inserts() {
    index::wait_for_inserts(index_);
}

void BufferStore::raise_corrupt(store::Block block, const char* what) {
    index::report_corrupt(index_, block, what);
}

void BufferStore::raise_full() {
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("index \"%s\" has too many nodes", RelationGetRelationName(index_)),
                    errdetail("An index can have %u slots.", node::kMaxSlotId),
                    errhint("Partition the table.")));
}

}  // namespace vg::pg::page
