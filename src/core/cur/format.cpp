#include "core/cur/format.h"

#include <cmath>
#include <cstring>

#include "core/cur/model.h"
#include "core/no_postgres.h"

namespace vg::cur {

const char* check_meta(const MetaData& m, std::uint32_t page_bytes, std::size_t usable) noexcept {
    if (m.magic != kMagic)
        return "the metapage is not that of a cur index";
    if (m.version != kFormatVersion)
        return "the index has another format version";
    if (m.page_bytes != page_bytes)
        return "the index was made for another block size";
    if (m.anchors > kMaxAnchors || m.dims > m.anchors)
        return "the metapage holds impossible numbers of anchor queries or dimensions";
    if (m.storage >= kStorageCount ||
        m.row_bytes != row_bytes(static_cast<Storage>(m.storage), m.dims))
        return "the metapage holds an impossible storage";
    if (m.dims > 0) {
        if (m.slots_per_page == 0 || m.slots_per_page != items_layout(m.row_bytes, usable).slots)
            return "the metapage holds an impossible number of slots per page";
        const ModelLayout l = model_layout(m.anchors, m.dims, m.anchor_items);
        if (m.anchor_items > kMaxAnchors || m.model_bytes < l.queries)
            return "the metapage holds an impossible size of the model";
        if (!std::isfinite(m.noise) || m.noise <= 0)
            return "the metapage holds an impossible noise";
        if (!std::isfinite(m.variance) || m.variance <= 0)
            return "the metapage holds an impossible variance";
    }
    return nullptr;
}

std::byte* PackedQueries::next(std::size_t* length) noexcept {
    const auto padded = [](std::size_t bytes) { return (bytes + 7) / 8 * 8; };
    std::uint32_t bytes;
    if (left < padded(sizeof bytes))
        return nullptr;
    std::memcpy(&bytes, at, sizeof bytes);
    if (padded(bytes) > left - padded(sizeof bytes))
        return nullptr;
    std::byte* query = at + padded(sizeof bytes);
    at = query + padded(bytes);
    left -= padded(sizeof bytes) + padded(bytes);
    *length = bytes;
    return query;
}

}  // namespace vg::cur
