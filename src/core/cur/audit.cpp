#include "core/cur/audit.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/pace.h"
#include "core/no_postgres.h"

namespace vg::cur {
namespace {

bool all_finite(const std::byte* bytes, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        float value;
        std::memcpy(&value, bytes + i * sizeof value, sizeof value);
        if (!std::isfinite(value))
            return false;
    }
    return true;
}

const char* check_stats(const std::byte* data) noexcept {
    StatsData s;
    std::memcpy(&s, data, sizeof s);
    const bool sound = std::isfinite(s.mean_square) && s.mean_square >= 0 && std::isfinite(s.bias);
    return sound ? nullptr : "the statistics hold impossible residuals";
}

}  // namespace

Audit::Audit(const MetaData& meta, std::uint32_t blocks, std::size_t usable, Poll poll)
    : meta_(meta),
      usable_(usable),
      poll_(poll),
      layout_(items_layout(meta.row_bytes, usable)),
      codec_{static_cast<Storage>(meta.storage), meta.dims, std::vector<float>(meta.dims),
             std::vector<float>(meta.dims, 1.0f)},
      kinds_(blocks),
      next_(blocks, kNoBlock),
      latent_(meta.dims) {
    if (blocks > 0)
        kinds_[kMetaBlock] = static_cast<std::uint8_t>(kMetaPage);
}

bool Audit::is(std::uint32_t block, node::PageKind kind) const noexcept {
    return block < kinds_.size() && kinds_[block] == static_cast<std::uint8_t>(kind);
}

void Audit::add_tid(const node::Tid& tid) {
    tids_.push_back(tid.key());
    last_heap_block_ = std::max(last_heap_block_,
                                std::uint32_t{tid.block_high} << 16 | std::uint32_t{tid.block_low});
}

Fault Audit::add_items(std::uint32_t block, const std::byte* data, std::uint32_t used) {
    if (meta_.dims == 0)
        return {block, "the index has items but no model"};
    if (used > layout_.slots)
        return {block, "the page has more items than slots"};
    for (std::uint32_t i = 0; i < used; ++i) {
        node::Tid tid;
        std::memcpy(&tid, data + i * sizeof tid, sizeof tid);
        if (tid.offset == 0)
            continue;
        if (!all_finite(data + layout_.means + i * sizeof(float), 1))
            return {block, "the mean of an item is not a number"};
        codec_.decode(data + layout_.rows + std::size_t{i} * layout_.row_bytes, latent_.data());
        for (const float x : latent_) {
            if (!std::isfinite(x))
                return {block, "a coordinate of an item is not a number"};
        }
        ++items_;
        add_tid(tid);
    }
    return {};
}

Fault Audit::add_pending(std::uint32_t block, const std::byte* data, std::uint32_t used) {
    PendingHeader header;
    std::memcpy(&header, data, sizeof header);
    if (used > (usable_ - sizeof header) / sizeof(node::Tid))
        return {block, "the page has more pending rows than room"};
    next_[block] = header.next;
    ++pending_pages_;
    for (std::uint32_t i = 0; i < used; ++i) {
        node::Tid tid;
        std::memcpy(&tid, data + sizeof header + i * sizeof tid, sizeof tid);
        if (tid.offset == 0)
            return {block, "a pending row has no place in the table"};
        add_tid(tid);
    }
    return {};
}

Fault Audit::add_page(std::uint32_t block, node::PageKind kind, const std::byte* data,
                      std::uint32_t used) {
    kinds_[block] = static_cast<std::uint8_t>(kind);
    if (kind == kItemsPage)
        return add_items(block, data, used);
    if (kind == kPendingPage)
        return add_pending(block, data, used);
    if (kind == kStatsPage && block == kStatsBlock)
        return {block, check_stats(data)};
    // A crash while the index grew may leave a page that was never written.
    if (kind == kModelPage || kind == node::PageKind{})
        return {};
    return {block, "the page is of another kind than expected"};
}

Fault Audit::add_model(std::span<std::byte> model) const {
    const ModelLayout l = model_layout(meta_.anchors, meta_.dims, meta_.anchor_items);
    if (!all_finite(model.data() + l.low, 2 * std::size_t{meta_.dims}))
        return {meta_.model_block, "a range of the model is not a number"};
    if (!all_finite(model.data() + l.components, std::size_t{meta_.anchors} * meta_.dims))
        return {meta_.model_block, "a component of the model is not a number"};
    for (std::uint32_t i = 0; i < meta_.anchor_items; ++i) {
        AnchorRef ref;
        std::memcpy(&ref, model.data() + l.anchor_refs + i * sizeof ref, sizeof ref);
        if (!is(ref.block, kItemsPage) || ref.slot >= layout_.slots)
            return {meta_.model_block, "an anchor item lies on no page of items"};
    }
    PackedQueries queries{model.data() + l.queries, model.size() - l.queries};
    std::size_t length;
    for (std::uint32_t i = 0; i < meta_.anchors; ++i) {
        if (queries.next(&length) == nullptr)
            return {meta_.model_block, "the model is shorter than its anchor queries"};
    }
    if (queries.left != 0)
        return {meta_.model_block, "the model is longer than its anchor queries"};
    return {};
}

// Every pending page hangs in the list once. A page that was added since the walk ends the list.
Fault Audit::check_list(std::uint32_t blocks) const {
    std::uint64_t met = 0;
    bool insert_met = false;
    for (std::uint32_t block = kPendingHead; block != kNoBlock; block = next_[block]) {
        if (block >= kinds_.size() && block < blocks)
            break;
        if (!is(block, kPendingPage))
            return {block, "the list of pending pages leads to another page"};
        if (++met > pending_pages_)
            return {block, "the list of pending pages runs in a circle"};
        insert_met |= block == meta_.pending_insert;
    }
    if (met != pending_pages_)
        return {kPendingHead, "a pending page is not in the list"};
    if (!insert_met)
        return {kMetaBlock, "the metapage names no pending page for new rows"};
    return {};
}

Fault Audit::check_places() const {
    if (!is(kStatsBlock, kStatsPage))
        return {kStatsBlock, "the page of statistics is missing"};
    if (meta_.dims == 0)
        return {};
    const std::uint64_t pages = (meta_.model_bytes + usable_ - 1) / usable_;
    for (std::uint64_t i = 0; i < pages; ++i) {
        if (meta_.model_block + i >= kinds_.size())
            return {kMetaBlock, "the model ends beyond the index"};
        const auto block = static_cast<std::uint32_t>(meta_.model_block + i);
        if (!is(block, kModelPage))
            return {block, "a page of the model is missing"};
    }
    if (meta_.item_tail != kNoBlock && !is(meta_.item_tail, kItemsPage))
        return {kMetaBlock, "the metapage names a page for new items that holds none"};
    if (items_ != meta_.live_items ||
        meta_.built_items + meta_.flushed_items - meta_.removed_items != meta_.live_items)
        return {kMetaBlock, "the metapage counts other items than there are"};
    return {};
}

Fault Audit::finish(std::uint32_t blocks) {
    if (const Fault f = check_places(); f.what != nullptr)
        return f;
    if (const Fault f = check_list(blocks); f.what != nullptr)
        return f;
    sort_paced(tids_.begin(), tids_.end(), poll_);
    if (std::adjacent_find(tids_.begin(), tids_.end()) != tids_.end())
        return {kMetaBlock, "a row of the table is in the index more than once"};
    return {};
}

bool Audit::holds(const node::Tid& tid) const noexcept {
    return std::binary_search(tids_.begin(), tids_.end(), tid.key());
}

}  // namespace vg::cur
