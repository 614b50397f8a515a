// The list store's part of vectorgraph_index_check: shows every page to core/node/list_audit.h.
// Locks: the caller's lock against writers. Ownership: all containers are members of Check, which
// lives in a memory context.

#include "pg/boundary/pg.h"

#include "pg/semantic_graph/semantic_graph.h"

#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "core/node/list_audit.h"
#include "pg/boundary/boundary.h"
#include "pg/boundary/context.h"
#include "pg/index/report.h"
#include "pg/lid_hnsw/inspect.h"
#include "pg/page/page.h"

namespace vg::pg::semantic_graph {
namespace {

class Check final : public lid_hnsw::ListCheck {
  public:
    explicit Check(const index::OpenIndex& open) : open_(open) {}

    void walk(const node::Audit& nodes, const std::vector<node::PageKind>& kinds,
              std::span<const node::HeldTid> tids) override {
        lists_ = open_lists(open_.index, false);
        const node::ListMeta meta = read_list_meta(lists_);
        if (lists_->key_kind != key_kind_of(open_.index))
            index::report_corrupt(open_.index, lists_->block,
                                  "the list metapage names another type of key than the index has");
        audit_.emplace(meta, lists_->g, static_cast<std::uint32_t>(kinds.size()), nodes,
                       kInterruptPoll);
        const BufferAccessStrategy strategy = GetAccessStrategy(BAS_BULKREAD);
        show_map(node::PageKind::kLists, meta.list_root);
        show_map(node::PageKind::kBuckets, meta.bucket_root);
        for (BlockNumber block = 0; block < kinds.size(); ++block) {
            CHECK_FOR_INTERRUPTS();
            if (kinds[block] < node::PageKind::kLists)
                continue;
            page::copy_page(open_.index, block, strategy, &page_);
            require(audit_->add_page(block, kinds[block], page::data_of(page_.data), hash_key));
        }
        require(audit_->finish(tids));
    }

    void check_row(const ItemPointerData& tid, const Datum* values, const bool* nulls) override {
        if (lists_->key_kind == node::KeyKind::kNone)
            return;
        std::uint32_t hash = 0;
        const bool has_key = audit_->key_hash(index::to_tid(tid).key(), &hash);
        bool same = nulls[1] ? !has_key : has_key;
        if (same && has_key) {
            encode_key(open_.index, lists_->key_kind, values[1], &key_);
            same = hash == hash_key(key_.bytes, key_.size);
        }
        if (!same)
            index::report_corrupt_index(
                open_.index,
                "The key of the row (%u,%u) of table \"%s\" is not the one in the "
                "index.",
                ItemPointerGetBlockNumber(&tid), ItemPointerGetOffsetNumber(&tid),
                RelationGetRelationName(open_.heap));
    }

  private:
    void require(const node::ListFault& f) {
        if (unlikely(f.what != nullptr))
            index::report_corrupt(open_.index, f.block == node::kNoBlock ? lists_->block : f.block,
                                  f.what);
    }

    void copy_map(BlockNumber block) {
        const Buffer buffer =
            page::read_page(open_.index, block, node::PageKind::kMap, BUFFER_LOCK_SHARE);
        std::memcpy(page_.data, BufferGetPage(buffer), BLCKSZ);
        UnlockReleaseBuffer(buffer);
    }

    void show_map(node::PageKind of, BlockNumber root) {
        copy_map(root);
        leaves_.assign(page_map(page_.data), page_map(page_.data) + kMapEntries);
        require(audit_->add_map(root, of, true, 0, leaves_));
        for (std::uint32_t i = 0; i < kMapEntries; ++i) {
            if (leaves_[i] == node::kNoBlock)
                continue;
            copy_map(leaves_[i]);
            require(audit_->add_map(leaves_[i], of, false, i, {page_map(page_.data), kMapEntries}));
        }
    }

    index::OpenIndex open_;
    ListStore* lists_ = nullptr;
    std::optional<node::ListAudit> audit_;
    PGAlignedBlock page_;
    std::vector<std::uint32_t> leaves_;
    KeyBytes key_{};
};

}  // namespace

lid_hnsw::ListCheck* make_semantic_graph_check(const index::OpenIndex& open, const node::MetaData&,
                                               MemoryContext context) {
    return new_in_context<Check>(context, open);
}

}  // namespace vg::pg::semantic_graph
