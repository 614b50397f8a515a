// Uses of a node store whose bytes may be anything, as the access method makes them: the check's
// walks, a scan to its end, an insert, a vacuum's judging of lists. None may crash, hang or trip a
// sanitizer. Shared by the fuzzers and by the test with fixed seeds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "core/hnsw/code_prune.h"
#include "core/hnsw/node_insert.h"
#include "core/node/audit.h"
#include "core/node/chunk_audit.h"
#include "core/node/reach.h"
#include "memory_index.h"

namespace vg::test {

// Pages as the check sees them, without page headers: block 0 is the metapage, then a page of the
// centre, slots pages, and one page of overflow chunks at the end.
struct StoreImage {
    struct Page {
        node::PageKind kind;
        std::uint32_t used;
        std::vector<std::uint64_t> words;  // kUsable bytes, aligned
        std::byte* data() { return reinterpret_cast<std::byte*>(words.data()); }
        const std::byte* data() const { return reinterpret_cast<const std::byte*>(words.data()); }
    };
    std::vector<Page> pages;

    node::MetaData meta() const {
        node::MetaData m;
        std::memcpy(&m, pages[0].data(), sizeof m);
        return m;
    }
    std::uint32_t blocks() const { return static_cast<std::uint32_t>(pages.size()); }
    std::size_t bytes() const { return pages.size() * kUsable; }
};

inline StoreImage::Page empty_page(node::PageKind kind) {
    return {kind, 0, std::vector<std::uint64_t>(kUsable / 8)};
}

// An index of `rows` rows and its overflow chunks: the first node has two, one is free.
inline StoreImage make_image(std::uint32_t dims, Metric metric, std::uint32_t m, std::size_t rows) {
    MemoryIndex index(dims, metric, m, 16);
    index.build(uniform_rows(rows, dims, 3));
    const node::Geometry& g = index.geometry();
    StoreImage image;
    image.pages.push_back(empty_page(node::PageKind::kMeta));
    image.pages.push_back(empty_page(node::PageKind::kCentre));
    image.pages[1].used = 1;
    std::memcpy(image.pages[1].data(), index.centre(), std::min<std::size_t>(4 * dims, kUsable));
    for (const SlotId id : index.all_slots()) {
        if (g.index_of(id) == 0)
            image.pages.push_back(empty_page(node::PageKind::kSlots));
        StoreImage::Page& page = image.pages.back();
        std::memcpy(page.data() + std::size_t{g.index_of(id)} * g.slot_bytes,
                    index.edit(id).bytes(), g.slot_bytes);
        if (index.slot(id).live())
            page.used = g.index_of(id) + 1;
    }
    const std::uint32_t per_page = kUsable / sizeof(node::TidChunk);
    const std::uint32_t chunk_block = image.blocks();
    image.pages.push_back(empty_page(node::PageKind::kChunks));
    image.pages.back().used = 3;
    auto* chunks = reinterpret_cast<node::TidChunk*>(image.pages.back().data());
    const SlotId owner = index.base_slots().front();
    chunks[0] = {owner, 2, 0, chunk_block * per_page + 1, {{1, 2, 3}, {1, 2, 4}}};
    chunks[1] = {owner, 1, 0, node::kNoChunk, {{1, 2, 5}}};
    chunks[2] = {kNoSlot, 0, 0, node::kNoChunk, {}};
    reinterpret_cast<node::SlotHeader*>(image.pages[g.block_of(owner)].data() +
                                        std::size_t{g.index_of(owner)} * g.slot_bytes)
        ->chunk = chunk_block * per_page;

    node::MetaData meta{};
    meta.magic = node::kMagic;
    meta.version = node::kFormatVersion;
    meta.page_bytes = 8192;
    meta.dims = dims;
    meta.words = g.words;
    meta.capacity = g.capacity;
    meta.slot_bytes = g.slot_bytes;
    meta.slots_per_page = g.slots_per_page;
    meta.m = static_cast<std::uint16_t>(m);
    meta.ef_construction = 16;
    meta.metric = static_cast<std::uint8_t>(metric);
    meta.storage = static_cast<std::uint8_t>(g.storage);
    meta.centre_block = 1;
    meta.seed = kIndexSeed;
    meta.entry = index.entry();
    meta.entry_level = index.entry_level();
    meta.free_slot = kNoSlot;
    meta.tail_block = kFirstBlock;
    meta.free_chunk = chunk_block * per_page + 2;
    meta.chunk_tail_block = chunk_block;
    meta.root = index.root();
    meta.list_block = node::kNoBlock;
    std::memcpy(image.pages[0].data(), &meta, sizeof meta);
    return image;
}

// ---- the check's walks --------------------------------------------------------------------------

// The first fault, or null.
inline const char* audit_slots(const StoreImage& image, const node::Geometry& g, node::Audit* audit,
                               node::ChunkAudit* chunks) {
    const std::uint32_t chunks_per_page = kUsable / sizeof(node::TidChunk);
    for (std::uint32_t block = 1; block < image.blocks(); ++block) {
        const StoreImage::Page& page = image.pages[block];
        if (page.kind == node::PageKind::kSlots) {
            if (const auto f = audit->add_page(block, page.used))
                return f.what;
            for (std::uint32_t i = 0; i < page.used; ++i) {
                const node::SlotView slot(g, page.data() + std::size_t{i} * g.slot_bytes);
                if (const auto f = audit->add_slot(g.slot_id(block, i), slot))
                    return f.what;
                if (slot.header().state != 0 && slot.header().level == 0 &&
                    slot.header().chunk != node::kNoChunk)
                    chunks->add_list(g.slot_id(block, i), slot.header().chunk);
            }
        } else if (page.kind == node::PageKind::kChunks) {
            if (page.used > chunks_per_page)
                return "too many chunks";
            for (std::uint32_t i = 0; i < page.used; ++i) {
                node::TidChunk chunk;
                std::memcpy(&chunk, page.data() + sizeof chunk * i, sizeof chunk);
                if (const auto f = chunks->add_chunk(block * chunks_per_page + i, chunk))
                    return f.what;
            }
        }
    }
    return nullptr;
}

inline const char* check_store(const StoreImage& image) {
    const node::MetaData meta = image.meta();
    if (const char* what = node::check_meta(meta, 8192, kUsable))
        return what;
    const node::Geometry g = node::geometry_of(meta);
    node::Audit audit(meta, image.blocks(), {});
    node::ChunkAudit chunks({});
    if (const char* what = audit_slots(image, g, &audit, &chunks))
        return what;
    if (const auto f = audit.finish_slots())
        return f.what;
    if (const auto f = chunks.finish(meta.free_chunk))
        return f.what;
    node::Reach reach(g, image.blocks());
    reach.seed(meta.entry);
    reach.seed(meta.root);
    for (bool first = true; first || reach.open() > 0; first = false) {
        for (std::uint32_t block = 0; block < image.blocks(); ++block) {
            const StoreImage::Page& page = image.pages[block];
            const bool slots = page.kind == node::PageKind::kSlots;
            for (std::uint32_t i = 0; first && slots && i < page.used; ++i) {
                const node::SlotView slot(g, page.data() + std::size_t{i} * g.slot_bytes);
                if (const auto f = audit.add_links(g.slot_id(block, i), slot))
                    return f.what;
            }
            reach.expand_page(block, slots ? page.used : 0, page.data());
        }
    }
    return audit.finish_links(reach).what;
}

// ---- one slot ----------------------------------------------------------------------------------

// Everything that reads or changes one slot in place. bytes: slot_bytes, copied.
inline void use_slot(const node::Geometry& g, const node::NodeQuery& query,
                     const std::byte* bytes) {
    // A block of exactly its size, so that a sanitizer sees every step beyond it.
    const std::unique_ptr<std::byte[]> copy(new std::byte[g.slot_bytes]);
    std::memcpy(copy.get(), bytes, g.slot_bytes);
    const node::SlotEdit slot(g, copy.get());
    if (slot.check() != nullptr || slot.header().state == 0)
        return;
    std::vector<float> values(std::max(g.dims, g.capacity));
    query.estimate(slot, query.distance(slot).graph, values.data());
    slot.read_vector(values.data());
    slot.vector().holds(values.data());
    const std::vector<std::uint64_t> code(g.words, 0x5555555555555555u);
    for (const bool force : {false, true}) {
        const std::size_t victim = hnsw::choose_victim(slot, code.data(), 1.0f, force);
        if (victim != hnsw::kNoVictim && victim < slot.degree())
            slot.set_protected(victim, true);
    }
    while (slot.degree() > 0)
        slot.remove_link(slot.degree() / 2);
}

// ---- search and insert -------------------------------------------------------------------------

// What read_page gives the access method: a sound slot of the store, or an error.
inline node::SlotView slot_of(const StoreImage& image, const node::Geometry& g, SlotId id) {
    const std::uint32_t block = g.block_of(id);
    if (block >= image.blocks() || image.pages[block].kind != node::PageKind::kSlots)
        throw std::runtime_error("no such page");
    const node::SlotView slot(
        g, image.pages[block].data() + std::size_t{g.index_of(id)} * g.slot_bytes);
    if (const char* fault = slot.check())
        throw std::runtime_error(fault);
    return slot;
}

// Each slot is read once at most, on every level of the descent.
class StepLimit {
  public:
    explicit StepLimit(std::size_t slots) : left_(slots * (node::kMaxLevel + 1) + 1) {}
    void step() {
        if (left_-- == 0)
            throw std::logic_error("the search reads more slots than there are");
    }

  private:
    std::size_t left_;
};

// A scan to its end and an insert up to the bytes that it would write. Throws std::runtime_error
// where the access method reports corruption, std::logic_error for what must not happen.
inline void use_store(const StoreImage& image, const float* row) {
    const node::MetaData meta = image.meta();
    if (const char* what = node::check_meta(meta, 8192, kUsable))
        throw std::runtime_error(what);
    const node::Geometry g = node::geometry_of(meta);
    const Metric metric = static_cast<Metric>(meta.metric);
    const code::Rotation rotation(g.dims, meta.seed);
    std::vector<float> centre(g.dims);
    std::memcpy(centre.data(), image.pages[1].data(), std::min<std::size_t>(4 * g.dims, kUsable));

    std::vector<float> vector(g.dims, 0.25f);
    std::memcpy(vector.data(), row, sizeof(float));
    node::NodeQuery query(g, metric, rotation, centre.data());
    query.set_query(vector.data());
    hnsw::BeamSearch search(query);
    search.set_root(meta.root);
    search.start(meta.entry, meta.entry_level, 0, 20);
    StepLimit scan(std::size_t{image.blocks()} * g.slots_per_page);
    hnsw::Found found;
    do {
        for (SlotId id; (id = search.next()) != kNoSlot; scan.step())
            search.expand(id, slot_of(image, g, id));
        while (search.pop(&found)) {
        }
    } while (search.grow());

    hnsw::NodeInsert work(g, metric, rotation, centre.data());
    if (!work.set_row(vector.data()))
        return;
    for (int level = static_cast<int>(std::min(meta.entry_level, 1u)); level >= 0; --level) {
        work.clear_candidates();
        work.search().set_root(meta.root);
        work.search().start(meta.entry, meta.entry_level, static_cast<unsigned>(level), 32);
        StepLimit insert(std::size_t{image.blocks()} * g.slots_per_page);
        for (SlotId id; (id = work.search().next()) != kNoSlot; insert.step())
            work.expand(id, slot_of(image, g, id));
        work.choose();
        work.duplicate();
    }
    std::vector<std::uint64_t> bytes(g.slot_bytes / 8);
    work.write_slot(0, reinterpret_cast<std::byte*>(bytes.data()));
    for (std::size_t i = 0; i < work.chosen(); ++i) {
        const node::SlotView neighbour = slot_of(image, g, work.chosen_slot(i));
        work.is_chosen(i, 0, neighbour);
        const auto link = work.back_link(i, 1, false);
        hnsw::choose_victim(neighbour, link.code, distance::bf16_to_float(link.length), i % 2 == 0);
    }
}

}  // namespace vg::test
