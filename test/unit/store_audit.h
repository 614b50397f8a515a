// The audits of core/node over the pages of a store in memory.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/node/audit.h"
#include "core/node/chunk_audit.h"
#include "core/node/reach.h"
#include "memory_store.h"

namespace vg::test {

// Where the audit of core/node/audit.h finds fault with the pages; empty when it does not. `held`
// takes the heap TIDs.
inline std::string audit(const MemoryPages& pages, std::map<std::uint64_t, int>* held) {
    const node::MetaData& meta = pages.meta();
    const auto blocks = static_cast<std::uint32_t>(pages.pages.size());
    const node::Geometry& g = pages.geometry;
    node::Audit nodes(meta, blocks, Poll{});
    node::ChunkAudit chunks(Poll{});
    node::Reach reach(g, blocks);
    const auto words = [](const node::Fault& f) {
        return std::string(f.what) + ": slot " + std::to_string(f.slot) + ", " +
               std::to_string(f.target);
    };
    const auto take = [held](const node::Tid* tids, std::size_t n) {
        for (std::size_t i = 0; i < n; ++i)
            ++(*held)[tids[i].key()];
    };
    const auto slot_of = [&](const MemoryPage& page, std::uint32_t i) {
        return node::SlotView(g, page.data.data() + std::size_t{i} * g.slot_bytes);
    };
    for (std::uint32_t block = 1; block < blocks; ++block) {
        const MemoryPage& page = *pages.pages[block];
        for (std::uint32_t i = 0; page.kind() == node::PageKind::kSlots && i < page.trailer.used;
             ++i) {
            const node::SlotId id = g.slot_id(block, i);
            const node::SlotView slot = slot_of(page, i);
            if (const node::Fault f = nodes.add_slot(id, slot))
                return words(f);
            const node::SlotHeader& h = slot.header();
            if (h.state == static_cast<std::uint8_t>(node::SlotState::kFree) || h.level > 0)
                continue;
            take(h.tids, h.tid_count);
            if (h.chunk != node::kNoChunk)
                chunks.add_list(id, h.chunk);
        }
        const std::uint32_t per_page = pages.usable_bytes / sizeof(node::TidChunk);
        for (std::uint32_t i = 0; page.kind() == node::PageKind::kChunks && i < page.trailer.used;
             ++i) {
            const auto& chunk = reinterpret_cast<const node::TidChunk*>(page.data.data())[i];
            if (const node::ChunkFault f =
                    chunks.add_chunk(node::ChunkId{block} * per_page + i, chunk))
                return f.what;
            if (chunk.owner != node::kNoSlot)
                take(chunk.tids, chunk.count);
        }
    }
    if (const node::Fault f = nodes.finish_slots())
        return words(f);
    if (const node::ChunkFault f = chunks.finish(meta.free_chunk))
        return f.what;
    for (std::uint32_t block = 1; block < blocks; ++block) {
        const MemoryPage& page = *pages.pages[block];
        for (std::uint32_t i = 0; page.kind() == node::PageKind::kSlots && i < page.trailer.used;
             ++i) {
            if (const node::Fault f = nodes.add_links(g.slot_id(block, i), slot_of(page, i)))
                return words(f);
        }
    }
    reach.seed(meta.entry);
    reach.seed(meta.root);
    while (reach.open() > 0) {
        for (std::uint32_t block = 0; block < blocks; ++block) {
            const MemoryPage& page = *pages.pages[block];
            const bool slots = page.kind() == node::PageKind::kSlots;
            if (reach.wants(block))
                reach.expand_page(block, slots ? page.trailer.used : 0, page.data.data());
        }
    }
    const node::Fault f = nodes.finish_links(reach);
    return f ? words(f) : std::string();
}

}  // namespace vg::test
