// Protocols whose judge picks one document of a window: setwise heap, setwise bubble, eliminate.
//
// A window is shown in the order of the first stage (to eliminate: in reverse), so that the answer
// 1 always means "as it was". Judges lean towards the first document they see; here that costs
// nothing.
#include <algorithm>

#include "core/base/random.h"
#include "core/rerank/heap.h"
#include "core/rerank/protocols.h"

#include "core/no_postgres.h"

namespace vg::rerank {
namespace {

// Finds the best of a window, by one answer or by the majority of several.
class Picker {
  public:
    Picker(Session* session, std::size_t votes, std::uint64_t seed,
           std::pmr::memory_resource* memory)
        : session_(session), votes_(votes), random_(seed), shown_(memory), tally_(memory) {}

    // Its place in the window; nullopt when the calls are spent.
    std::optional<std::size_t> operator()(Documents window) {
        if (!session_->affords(votes_))
            return std::nullopt;
        shown_.assign(window.begin(), window.end());
        std::sort(shown_.begin(), shown_.end());
        const Document winner =
            votes_ == 1 ? shown_[session_->pick(Documents(shown_)).value_or(0)] : majority(window);
        return static_cast<std::size_t>(std::find(window.begin(), window.end(), winner) -
                                        window.begin());
    }

  private:
    // A tie goes to the first in the order of the first stage; without a valid vote that one wins.
    Document majority(Documents window) {
        Document winner = shown_[0];
        std::size_t most = 0;
        tally_.assign(window.size(), 0);
        for (std::size_t vote = 0; vote < votes_; ++vote) {
            shuffle(shown_, random_);
            const std::optional<std::size_t> place = session_->pick(Documents(shown_));
            if (place)
                ++tally_[place_in(window, shown_[*place])];
        }
        for (std::size_t i = 0; i < window.size(); ++i) {
            if (tally_[i] > most || (tally_[i] == most && window[i] < winner)) {
                most = tally_[i];
                winner = window[i];
            }
        }
        return winner;
    }

    static std::size_t place_in(Documents window, Document document) noexcept {
        return static_cast<std::size_t>(std::find(window.begin(), window.end(), document) -
                                        window.begin());
    }

    Session* session_;
    std::size_t votes_;
    Random random_;
    Order shown_;
    std::pmr::vector<std::size_t> tally_;
};

}  // namespace

void order_setwise_heap(Session* session, const Shape& shape, std::uint64_t seed, Order* order) {
    heap_order(order, shape.k, shape.fanout,
               Picker(session, shape.votes, seed, order->get_allocator().resource()));
}

// The plain bubble sort. The published "optimised" one skips windows it believes sorted and loses
// top documents that way.
void order_setwise_bubble(Session* session, const Shape& shape, std::uint64_t seed, Order* order) {
    Picker best(session, shape.votes, seed, order->get_allocator().resource());
    const std::size_t n = order->size();
    const std::size_t places = std::min(shape.k, n - 1);
    for (std::size_t place = 0; place < places; ++place) {
        for (std::size_t end = n; end > place + 1;) {
            const std::size_t begin = end - std::min(end - place, shape.fanout + 1);
            const auto winner = best(Documents(*order).subspan(begin, end - begin));
            if (!winner)
                return;
            std::swap((*order)[begin], (*order)[begin + *winner]);
            end = begin + 1;
        }
    }
}

void order_eliminate(Session* session, Order* order) {
    std::pmr::memory_resource* memory = order->get_allocator().resource();
    Order alive(order->rbegin(), order->rend(), memory);
    // order[size - 1] is filled by the next one to go.
    while (alive.size() > 1 && session->affords(1)) {
        const std::size_t worst = session->pick(Documents(alive)).value_or(0);
        (*order)[alive.size() - 1] = alive[worst];
        alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(worst));
    }
    std::copy(alive.rbegin(), alive.rend(), order->begin());
}

}  // namespace vg::rerank
