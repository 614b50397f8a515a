// A distance and a slot in one integer that sorts by the distance, equal ones by the slot: what a
// sort of many nodes moves about.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/node/format.h"

namespace vg::node {

// order: not NaN. -0 sorts before +0.
inline std::int64_t order_key(float order, SlotId slot) noexcept {
    std::uint32_t bits;
    std::memcpy(&bits, &order, sizeof bits);
    // Floats of one sign sort as their bits do; negative ones the other way round.
    bits ^= (bits >> 31) != 0 ? 0xFFFFFFFFu : 0x80000000u;
    const std::uint64_t key = (static_cast<std::uint64_t>(bits) << 32 | slot) ^ (1ull << 63);
    return static_cast<std::int64_t>(key);
}

inline SlotId slot_of_key(std::int64_t key) noexcept {
    return static_cast<SlotId>(static_cast<std::uint64_t>(key));
}

inline float order_of_key(std::int64_t key) noexcept {
    std::uint32_t bits = static_cast<std::uint32_t>(static_cast<std::uint64_t>(key) >> 32);
    bits ^= 0x80000000u;
    bits ^= (bits >> 31) != 0 ? 0x80000000u : 0xFFFFFFFFu;
    float order;
    std::memcpy(&order, &bits, sizeof order);
    return order;
}

}  // namespace vg::node
