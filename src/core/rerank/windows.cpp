// Protocols whose judge compares two documents (pairwise heap) or sorts a window (listwise).
#include <algorithm>

#include "core/rerank/heap.h"
#include "core/rerank/protocols.h"

#include "core/no_postgres.h"

namespace vg::rerank {

void order_pairwise_heap(Session* session, const Shape& shape, Order* order) {
    constexpr std::size_t kArity = 2;
    heap_order(order, shape.k, kArity, [session](Documents window) -> std::optional<std::size_t> {
        std::size_t champion = 0;
        for (std::size_t i = 1; i < window.size(); ++i) {
            if (!session->affords(1))
                return std::nullopt;
            if (session->beats(window[i], window[champion]))
                champion = i;
        }
        return champion;
    });
}

// The last window of a pass is moved to start at the front: stepping over it, as published code
// does where n - win is no multiple of step, would leave the first documents unseen.
void order_listwise(Session* session, const Shape& shape, Order* order) {
    const std::size_t n = order->size();
    const std::size_t size = std::min(shape.win, n);
    if (n < 2)
        return;
    for (std::size_t pass = 0; pass < shape.passes; ++pass) {
        for (std::size_t begin = n - size;; begin -= std::min(begin, shape.step)) {
            if (!session->affords(1))
                return;
            session->sort(std::span(*order).subspan(begin, size));
            if (begin == 0)
                break;
        }
    }
}

}  // namespace vg::rerank
