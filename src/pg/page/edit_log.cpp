#include "pg/boundary/pg.h"

#include "pg/page/edit_log.h"

#include <cstring>

#include "core/node/page_delta.h"

namespace vg::pg::page {

namespace {

struct alignas(MAXIMUM_ALIGNOF) WorkingPage {
    char image[BLCKSZ];
    std::byte delta[node::max_delta_bytes(BLCKSZ)];
    std::size_t delta_bytes;
};

WorkingPage working[kMaxEditPages];

const std::byte* bytes(const void* page) {
    return static_cast<const std::byte*>(page);
}

}  // namespace

Page copy_for_edit(int slot, Buffer buffer) {
    std::memcpy(working[slot].image, BufferGetPage(buffer), BLCKSZ);
    return working[slot].image;
}

void log_edit(Relation index, const EditedPage* pages, int count) {
    const bool logged = RelationNeedsWAL(index);
    for (int i = 0; i < count && logged; ++i) {
        WorkingPage& w = working[i];
        w.delta_bytes = pages[i].is_new
                            ? 0
                            : node::write_page_delta(bytes(BufferGetPage(pages[i].buffer)),
                                                     bytes(w.image), BLCKSZ, w.delta);
    }
    if (logged)
        XLogBeginInsert();

    START_CRIT_SECTION();
    for (int i = 0; i < count; ++i) {
        const WorkingPage& w = working[i];
        const Buffer buffer = pages[i].buffer;
        if (logged && !pages[i].is_new)
            node::apply_page_delta(w.delta, w.delta_bytes,
                                   reinterpret_cast<std::byte*>(BufferGetPage(buffer)));
        else
            std::memcpy(BufferGetPage(buffer), w.image, BLCKSZ);
        MarkBufferDirty(buffer);
    }
    if (logged) {
        for (int i = 0; i < count; ++i) {
            WorkingPage& w = working[i];
            const auto id = static_cast<uint8>(i);
            if (pages[i].is_new) {
                XLogRegisterBuffer(id, pages[i].buffer, REGBUF_FORCE_IMAGE | REGBUF_STANDARD);
                continue;
            }
            XLogRegisterBuffer(id, pages[i].buffer, REGBUF_STANDARD);
            XLogRegisterBufData(id, reinterpret_cast<char*>(w.delta),
                                static_cast<uint32>(w.delta_bytes));
        }
        const XLogRecPtr at = XLogInsert(RM_GENERIC_ID, 0);
        for (int i = 0; i < count; ++i)
            PageSetLSN(BufferGetPage(pages[i].buffer), at);
    }
    END_CRIT_SECTION();
}

}  // namespace vg::pg::page
