#include "core/cur/format.h"

#include <cmath>

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
        if (!std::isfinite(m.noise) || m.noise <= 0 || !std::isfinite(m.variance))
            return "the metapage holds an impossible noise";
    }
    return nullptr;
}

}  // namespace vg::cur
