// Choosing a committee of k items from many rankings of them (multiwinner voting), with lower and
// upper quotas per group. Scores as in "Subset Selection Based on Multiple Rankings in the Presence
// of Bias" (Boehmer et al., ICML 2023); README.md has the formulas.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/poll.h"
#include "core/select/greedy.h"

namespace vg::select {

enum class Rule : std::uint8_t { kBorda, kSntv, kBloc, kChamberlinCourant, kPav };
inline constexpr std::array<std::string_view, 5> kRuleNames{"borda", "sntv", "bloc",
                                                            "chamberlin_courant", "pav"};

// One item's place in one ranking. Items and rankings are numbered from 0 without gaps.
struct Ballot {
    std::uint32_t ranking;
    std::uint32_t item;
    std::int64_t position;  // smaller is better; gaps are closed
};

// Numbers of the chosen items in order of choice, at most limits.k. Equal items: the smaller number
// first. Exact for the separable rules (borda, sntv, bloc), greedy for the others: (1 - 1/e) of the
// best without quotas. An item that a ranking leaves out gets nothing from it.
//   item_groups   group number of each item, -1 for none; as long as there are items
// Throws Error when a ranking has an item twice or two items in one place, and as greedy() does.
std::pmr::vector<std::uint32_t> elect(std::span<const Ballot> ballots, Rule rule,
                                      std::span<const int> item_groups, const Limits& limits,
                                      std::pmr::memory_resource* memory, Poll poll);

}  // namespace vg::select
