#include "core/node/geometry.h"

#include <algorithm>
#include <string>

#include "core/base/status.h"
#include "core/no_postgres.h"

namespace vg::node {
namespace {

constexpr std::uint32_t kFewestLinks = 4;

// Most links that fit `bytes` of one slot; even, so that the codes stay 8-byte aligned.
std::uint32_t links_that_fit(const Geometry& g, std::uint32_t bytes) noexcept {
    const std::uint32_t fixed = g.ids_offset();
    if (bytes < fixed)
        return 0;
    return (bytes - fixed) / g.link_bytes() / 2 * 2;
}

// Fewer links than 2m open a few more nodes a search, which lie on fewer pages.
std::uint32_t fewest_links(std::uint32_t m) noexcept {
    return (13 * m / 8 + 1) / 2 * 2;
}

// Makes the codes as long as `links` links of a slot of that many bytes may have them, within
// `least` and `most` words.
void lengthen_codes(Geometry* g, std::uint32_t links, std::uint32_t bytes, std::uint32_t least,
                    std::uint32_t most) noexcept {
    g->words = most;
    while (g->words > least && links_that_fit(*g, bytes) < links)
        --g->words;
}

Storage chosen_storage(Geometry g, std::uint32_t m, std::uint32_t usable,
                       StorageChoice choice) noexcept {
    if (choice == StorageChoice::kFloat32 || choice == StorageChoice::kSq8)
        return choice == StorageChoice::kSq8 ? Storage::kSq8 : Storage::kFloat32;
    g.storage = Storage::kFloat32;
    return links_that_fit(g, usable) < 3 * m / 2 ? Storage::kSq8 : Storage::kFloat32;
}

}  // namespace

Geometry plan_geometry(std::uint32_t dims, std::uint32_t m, std::uint32_t usable,
                       GeometryChoice choice) {
    if (dims == 0 || dims > kMaxDims)
        throw Error(StatusCode::kLimitExceeded, "column cannot have more than " +
                                                    std::to_string(kMaxDims) +
                                                    " dimensions for lid_hnsw index");
    Geometry g;
    g.dims = dims;
    g.words = full_words(dims);
    g.storage = chosen_storage(g, m, usable, choice.storage);
    const std::uint32_t most_words =
        choice.code_words == 0 ? g.words : std::min(choice.code_words, g.words);
    const std::uint32_t least_words =
        choice.code_words == 0 ? std::min(kFewestWords, g.words) : most_words;

    // Floats leave room for one node a page mostly; 8-bit rows for several, if codes are short.
    const std::uint32_t links = fewest_links(m);
    if (g.exact())
        lengthen_codes(&g, links, usable, least_words, most_words);
    else
        g.words = least_words;
    g.capacity = std::min(g.exact() ? 2 * m : links, links_that_fit(g, usable));
    if (g.capacity < kFewestLinks)
        throw Error(StatusCode::kLimitExceeded,
                    "a page cannot hold a node of " + std::to_string(dims) + " dimensions" +
                        (choice.storage == StorageChoice::kFloat32 ? " in float32" : ""));
    g.slots_per_page = usable / g.used_bytes();
    // Up to 2m links are worth an eighth more bytes a node.
    if (g.slots_per_page > 8 && g.capacity < 2 * m)
        --g.slots_per_page;
    g.slot_bytes = usable / g.slots_per_page / 8 * 8;
    // Page slack buys bits, which make estimates better, then links, up to half as many again: each
    // saves page reads at search time.
    lengthen_codes(&g, g.capacity, g.slot_bytes, g.words, most_words);
    const std::uint32_t most = 3 * m / 2 * 2;
    g.capacity = std::max(g.capacity, std::min(links_that_fit(g, g.slot_bytes), most));
    g.slot_bytes = std::max(g.used_bytes(), g.slot_bytes);
    return g;
}

Geometry geometry_of(const MetaData& meta) noexcept {
    Geometry g;
    g.dims = meta.dims;
    g.words = meta.words;
    g.capacity = meta.capacity;
    g.slots_per_page = meta.slots_per_page;
    g.slot_bytes = meta.slot_bytes;
    g.storage = static_cast<Storage>(meta.storage);
    return g;
}

const char* check_meta(const MetaData& meta, std::uint32_t page_bytes,
                       std::uint32_t usable) noexcept {
    if (meta.magic != kMagic)
        return "the metapage has a wrong magic number";
    if (meta.version != kFormatVersion)
        return "the metapage has an unknown format version";
    if (meta.page_bytes != page_bytes)
        return "the metapage was written with another page size";
    if (meta.dims == 0 || meta.dims > kMaxDims)
        return "the metapage has an impossible number of dimensions";
    if (meta.metric >= kMetricCount || !is_storage(meta.storage))
        return "the metapage has an unknown metric or storage";
    if (meta.capacity < kFewestLinks || meta.capacity > 1000 || meta.capacity % 2 != 0)
        return "the metapage has an impossible list capacity";
    if (meta.words == 0 || meta.words > full_words(meta.dims))
        return "the metapage has an impossible length of codes";
    if (meta.slots_per_page == 0 || meta.slots_per_page > usable || meta.slot_bytes > usable ||
        meta.slot_bytes % 8 != 0 ||
        static_cast<std::uint64_t>(meta.slots_per_page) * meta.slot_bytes > usable ||
        geometry_of(meta).used_bytes() > meta.slot_bytes)
        return "the metapage has an impossible slot size";
    if (meta.m < 2 || meta.m > 1000 || meta.ef_construction == 0)
        return "the metapage has impossible build parameters";
    if (meta.centre_block == 0)
        return "the metapage has an impossible centre page";
    if (meta.list_block == 0)
        return "the metapage has an impossible list store";
    if (meta.entry != kNoSlot && (meta.entry > kMaxSlotId || meta.entry_level > kMaxLevel))
        return "the metapage has an impossible entry point";
    if ((meta.root == kNoSlot) != (meta.entry == kNoSlot) ||
        (meta.root != kNoSlot && meta.root > kMaxSlotId))
        return "the metapage has an impossible root";
    return nullptr;
}

}  // namespace vg::node
