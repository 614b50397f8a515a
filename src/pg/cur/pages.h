// Pages of a cur index: the metapage, the model, the statistics, items and pending rows. Lock rules
// in cur.h. Everything here may ereport (R2).
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <cstdint>

#include "pg/cur/cur.h"

namespace vg::pg::cur {

inline vg::cur::MetaData* cur_page_meta(Page page) {
    return reinterpret_cast<vg::cur::MetaData*>(page::data_of(page));
}
inline vg::cur::ItemsLayout items_of(const vg::cur::MetaData& m) {
    return vg::cur::items_layout(m.row_bytes, page::kPageUsable);
}
inline node::Tid* item_tids(Page page) {
    return reinterpret_cast<node::Tid*>(page::data_of(page));
}
inline float* item_means(const vg::cur::ItemsLayout& l, Page page) {
    return reinterpret_cast<float*>(page::data_of(page) + l.means);
}
inline std::byte* item_rows(const vg::cur::ItemsLayout& l, Page page) {
    return page::data_of(page) + l.rows;
}
inline std::uint32_t items_used(const vg::cur::ItemsLayout& l, Page page) {
    return page::trailer_of(page)->used < l.slots ? page::trailer_of(page)->used : l.slots;
}
inline constexpr std::uint32_t kPendingPerPage =
    (page::kPageUsable - sizeof(vg::cur::PendingHeader)) / sizeof(node::Tid);
inline vg::cur::PendingHeader* pending_header(Page page) {
    return reinterpret_cast<vg::cur::PendingHeader*>(page::data_of(page));
}
inline node::Tid* pending_tids(Page page) {
    return reinterpret_cast<node::Tid*>(page::data_of(page) + sizeof(vg::cur::PendingHeader));
}
inline std::uint32_t pending_used(Page page) {
    return page::trailer_of(page)->used < kPendingPerPage ? page::trailer_of(page)->used
                                                          : kPendingPerPage;
}

// The validated contents of the metapage.
vg::cur::MetaData read_cur_meta(Relation index);

// Copies bytes [offset, offset + bytes) of the model.
void read_model(Relation index, const vg::cur::MetaData& m, std::size_t offset, std::size_t bytes,
                void* out);

// What a scan needs of the model, kept in the relation cache: codec and anchor items.
struct Cache {
    std::uint32_t dims;
    std::uint32_t anchor_items;
    const float* low() const { return reinterpret_cast<const float*>(this + 1); }
    const float* step() const { return low() + dims; }
    const vg::cur::AnchorRef* anchors() const {
        return reinterpret_cast<const vg::cur::AnchorRef*>(
            reinterpret_cast<const std::byte*>(this + 1) +
            vg::cur::model_layout(0, dims, 0).anchor_refs);
    }
};
static_assert(sizeof(Cache) == 8);
// Null for an index without a model. Valid while the relation is open and nothing invalidates it:
// copy what must outlive a call of SQL.
const Cache* cache_of(Relation index, const vg::cur::MetaData& m);

// A page whether or not it is new, in share lock; its kind, or 0 when a crash left it empty.
Buffer read_any_page(Relation index, BlockNumber block, std::uint16_t* kind);
// The next page of a walk in the same way; InvalidBuffer at the end. Asks for interrupts first:
// under the lock of a page that would have no effect.
Buffer next_any_page(PageWalk* walk, std::uint16_t* kind);

// Formats the metapage, the page of statistics and the first pending page of `fork`; the caller
// logs them.
void write_cur_head(Relation index, ForkNumber fork, const vg::cur::MetaData& m);
// Writes the model behind the head, without WAL.
void write_model(Relation index, const std::byte* bytes, std::size_t count);

// Adds a row without a latent vector; logged unless `direct`.
void add_pending(Relation index, const node::Tid& tid, bool direct);

// Adds what a scan learnt to the statistics, as a hint: not on a standby, not when somebody else is
// at it.
struct ScanStats {
    std::uint64_t calls;
    std::uint64_t residuals;
    double squares;
    double sum;
};
void note_scan(Relation index, const ScanStats& s);
vg::cur::StatsData read_scan_stats(Relation index);

// Where a flush with a limit goes on, and with how many rows at once, as a hint.
void note_flush(Relation index, std::uint32_t block, std::uint32_t at, std::uint32_t rows);

}  // namespace vg::pg::cur
