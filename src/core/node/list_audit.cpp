#include "core/node/list_audit.h"

#include <algorithm>
#include <cmath>

#include "core/base/pace.h"
#include "core/no_postgres.h"

namespace vg::node {
namespace {

constexpr std::size_t kPollEvery = 4096;

std::size_t fixed_key_bytes(KeyKind kind) noexcept {
    switch (kind) {
        case KeyKind::kInt4:
            return 4;
        case KeyKind::kInt8:
            return 8;
        case KeyKind::kUuid:
            return 16;
        default:
            return 0;
    }
}

}  // namespace

ListAudit::ListAudit(const ListMeta& meta, const ListGeometry& geometry, std::uint32_t blocks,
                     const Audit& nodes, Poll poll)
    : meta_(meta), g_(geometry), nodes_(nodes), poll_(poll), pages_(blocks) {}

ListFault ListAudit::add_map(std::uint32_t block, PageKind of, bool root, std::uint32_t position,
                             std::span<const std::uint32_t> entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (entries[i] == kNoBlock)
            continue;
        if (entries[i] >= pages_.size())
            return {"a map points past the end of the index", block};
        if (!root)
            numbered_.push_back(
                {of, static_cast<std::uint32_t>(position * entries.size() + i), entries[i]});
    }
    return {};
}

ListFault ListAudit::add_page(std::uint32_t block, PageKind kind, const std::byte* data,
                              Hash hash) {
    const auto& head = *reinterpret_cast<const ChainHead*>(data);
    const auto of = static_cast<PageKind>(head.of);
    pages_[block] = {head.owner, head.next, kind, of, kind != PageKind::kOverflow};
    if (head.used > g_.entries_room(kind))
        return {"the page claims more entries than it can hold", block};
    if (kind == PageKind::kOverflow && head.owner == kNoBlock)
        return head.used == 0 ? ListFault{} : ListFault{"a free overflow page has entries", block};
    if (kind != PageKind::kOverflow && of != kind)
        return {"the page belongs to a chain of another kind", block};
    if (kind == PageKind::kLists) {
        const SlotId first = head.owner * g_.slots_per_list_page;
        for (SlotId slot = first; slot < first + g_.slots_per_list_page; ++slot) {
            if (ListFault f = add_list(block, slot, data + g_.list_offset(slot)))
                return f;
        }
    }
    const std::byte* entries = data + g_.entries_offset(kind);
    return of == PageKind::kLists ? add_rows(block, head.owner, entries, head.used, hash)
                                  : add_bucket(block, head.owner, entries, head.used);
}

ListFault ListAudit::add_list(std::uint32_t block, SlotId slot, const std::byte* bytes) {
    const auto& head = *reinterpret_cast<const ListHead*>(bytes);
    const auto* list = reinterpret_cast<const ListNeighbour*>(bytes + sizeof(ListHead));
    if (head.count == 0)
        return {};
    ++lists_;
    if (head.count > g_.k)
        return {"a list is longer than lists can be", block};
    if (!nodes_.is_base(slot))
        return {"there is a list of a slot that is no base node", block};
    const bool live = nodes_.is_live_base(slot) && nodes_.dead_nodes() == 0;
    for (std::size_t i = 0; i < head.count; ++i) {
        if (!std::isfinite(list[i].similarity))
            return {"a similarity is not finite", block};
        if (list[i].node == slot)
            return {"a node is in its own list", block};
        if (live ? !nodes_.is_live_base(list[i].node) : !nodes_.is_base(list[i].node))
            return {"a list names a slot that is no live base node", block};
        if (i > 0 &&
            (list[i - 1].similarity < list[i].similarity ||
             (list[i - 1].similarity == list[i].similarity && list[i - 1].node >= list[i].node)))
            return {"a list is out of order", block};
        for (std::size_t j = 0; j < i; ++j) {
            if (list[j].node == list[i].node)
                return {"a list names a node twice", block};
        }
    }
    return {};
}

ListFault ListAudit::add_rows(std::uint32_t block, std::uint32_t number, const std::byte* entries,
                              std::size_t bytes, Hash hash) {
    const auto kind = static_cast<KeyKind>(meta_.key_kind);
    for (std::size_t at = 0; at < bytes;) {
        const auto& e = *reinterpret_cast<const RowEntry*>(entries + at);
        if (bytes - at < sizeof e || row_entry_bytes(e.key_bytes) > bytes - at)
            return {"an entry reaches past the end of the page", block};
        if (kind == KeyKind::kNone || e.key_bytes > kMaxKeyBytes ||
            (kind != KeyKind::kText && e.key_bytes != fixed_key_bytes(kind)))
            return {"a key has an impossible size", block};
        if (g_.list_page_of(e.slot) != number)
            return {"a row lies in the chain of another list page", block};
        if (!nodes_.is_base(e.slot))
            return {"a row belongs to a slot that is no base node", block};
        rows_.push_back({e.tid.key(), hash(entries + at + sizeof e, e.key_bytes), e.slot});
        at += row_entry_bytes(e.key_bytes);
    }
    return {};
}

bool ListAudit::is_bucket_of(std::uint32_t number, std::uint32_t hash) const noexcept {
    for (std::size_t g = 0; g < meta_.generations; ++g) {
        if (bucket_of(meta_, g, hash) == number)
            return true;
    }
    return false;
}

ListFault ListAudit::add_bucket(std::uint32_t block, std::uint32_t number, const std::byte* entries,
                                std::size_t bytes) {
    if (bytes % sizeof(BucketEntry) != 0)
        return {"an entry reaches past the end of the page", block};
    const auto* e = reinterpret_cast<const BucketEntry*>(entries);
    for (std::size_t i = 0; i < bytes / sizeof *e; ++i) {
        if (!is_bucket_of(number, e[i].hash))
            return {"a key lies in the bucket of another hash", block};
        entries_.push_back({e[i].tid.key(), e[i].hash, e[i].slot});
    }
    return {};
}

// The maps and the pages themselves agree on numbers.
ListFault ListAudit::check_numbers() const {
    std::vector<bool> named(pages_.size());
    for (const Numbered& n : numbered_) {
        const Link& page = pages_[n.block];
        if (page.kind != n.kind || page.owner != n.number)
            return {"a map names a page of another number or kind", n.block};
        named[n.block] = true;
    }
    for (std::uint32_t block = 0; block < pages_.size(); ++block) {
        const PageKind kind = pages_[block].kind;
        if ((kind == PageKind::kLists || kind == PageKind::kBuckets) && !named[block])
            return {"no map names the page", block};
    }
    return {};
}

ListFault ListAudit::check_chains() {
    const auto follow = [this](std::uint32_t from, std::uint32_t at, std::uint32_t owner,
                               PageKind of) -> ListFault {
        for (; at != kNoBlock; from = at, at = pages_[at].next) {
            if (at >= pages_.size() || pages_[at].kind != PageKind::kOverflow)
                return {"a chain leads to a page that is no overflow page", from};
            if (pages_[at].chained)
                return {"an overflow page is chained twice", at};
            if (pages_[at].owner != owner || (owner != kNoBlock && pages_[at].of != of))
                return {"an overflow page belongs to another chain", at};
            pages_[at].chained = true;
        }
        return {};
    };
    for (std::uint32_t block = 0; block < pages_.size(); ++block) {
        poll_();
        const Link page = pages_[block];
        if (page.kind != PageKind::kLists && page.kind != PageKind::kBuckets)
            continue;
        if (ListFault f = follow(block, page.next, page.owner, page.kind))
            return f;
    }
    if (ListFault f = follow(0, meta_.free_page, kNoBlock, PageKind{}))
        return f;
    for (std::uint32_t block = 0; block < pages_.size(); ++block) {
        if (pages_[block].kind == PageKind::kOverflow && !pages_[block].chained)
            return {"an overflow page is in no chain", block};
    }
    return {};
}

ListFault ListAudit::check_rows(std::span<const HeldTid> tids) {
    if (meta_.sweep != 0) {
        // What is left of forgotten rows, in one place or the other.
        Pace pace(poll_);
        const auto forgotten = [tids, &pace](const Row& r) {
            pace();
            return find_tid(tids, r.tid) == nullptr;
        };
        std::erase_if(rows_, forgotten);
        std::erase_if(entries_, forgotten);
    }
    sort_paced(rows_.begin(), rows_.end(), poll_);
    sort_paced(entries_.begin(), entries_.end(), poll_);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        if (i % kPollEvery == 0)
            poll_();
        if (i > 0 && rows_[i].tid == rows_[i - 1].tid)
            return {"a row has more than one key"};
        const HeldTid* held = find_tid(tids, rows_[i].tid);
        if (held == nullptr)
            return {"a key belongs to a row that the index does not hold"};
        if (held->slot != rows_[i].slot)
            return {"a key belongs to a row of another node"};
    }
    if (rows_ != entries_)
        return {"keys and buckets do not hold the same rows"};
    return {};
}

ListFault ListAudit::finish(std::span<const HeldTid> tids) {
    if (ListFault f = check_numbers())
        return f;
    if (ListFault f = check_chains())
        return f;
    return check_rows(tids);
}

bool ListAudit::key_hash(std::uint64_t tid, std::uint32_t* hash) const noexcept {
    const auto at = std::lower_bound(rows_.begin(), rows_.end(), tid,
                                     [](const Row& r, std::uint64_t t) { return r.tid < t; });
    if (at == rows_.end() || at->tid != tid)
        return false;
    *hash = at->hash;
    return true;
}

}  // namespace vg::node
