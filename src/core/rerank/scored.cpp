// Protocols whose judge scores documents: pointwise and groupwise.
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/random.h"
#include "core/rerank/protocols.h"

#include "core/no_postgres.h"

namespace vg::rerank {

void score_batches(Session* session, const Shape& shape, Scores* scores) {
    const std::size_t n = scores->size();
    Order order(n, scores->get_allocator().resource());
    std::iota(order.begin(), order.end(), Document{0});
    for (std::size_t at = 0; at < n && session->affords(1); at += shape.batch) {
        const std::size_t size = std::min(shape.batch, n - at);
        const std::span<const double> answer = session->score(Documents(order).subspan(at, size));
        std::copy(answer.begin(), answer.end(), scores->begin() + static_cast<std::ptrdiff_t>(at));
    }
}

// The published code counts a group without an answer as zeros, which ranks its documents last for
// another's fault; here it is left out of the mean.
void score_groups(Session* session, const Shape& shape, std::uint64_t seed, Scores* scores) {
    const std::size_t n = scores->size();
    Order order(n, scores->get_allocator().resource());
    std::iota(order.begin(), order.end(), Document{0});
    std::pmr::vector<std::uint32_t> counts(n, 0, scores->get_allocator().resource());
    Random random(seed);
    for (std::size_t epoch = 0; epoch < shape.epochs; ++epoch) {
        shuffle(order, random);
        for (std::size_t at = 0; at < n; at += shape.group_size) {
            if (!session->affords(1))
                return;
            const Documents group =
                Documents(order).subspan(at, std::min(shape.group_size, n - at));
            const std::span<const double> answer = session->score(group);
            for (std::size_t i = 0; i < group.size(); ++i) {
                if (std::isnan(answer[i]))
                    continue;
                double& mean = (*scores)[group[i]];
                const std::uint32_t count = ++counts[group[i]];
                mean = count == 1 ? answer[i] : mean + (answer[i] - mean) / count;
            }
        }
    }
}

}  // namespace vg::rerank
