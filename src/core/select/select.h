// Diversity-aware selection of k rows: the methods by name, what each maximises, and how much
// memory it takes. README.md has the formulas.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <string_view>
#include <vector>

#include "core/base/poll.h"
#include "core/select/candidates.h"
#include "core/select/greedy.h"

namespace vg::select {

enum class Method : std::uint8_t {
    kMmr,
    kDpp,
    kFacilityLocation,
    kSaturated,
    kGraphCut,
    kMaxMin,
    kMaxSum,
    kCompression,  // relevance + coverage + diversity; weights of its own
    kTopK,         // relevance alone; what `diversity` 0 makes of every other method
};

// The names users know (names.h), in the order of the enumeration, without kTopK.
inline constexpr std::array<std::string_view, 8> kMethodNames{
    "mmr",       "dpp",     "facility_location", "saturated",
    "graph_cut", "max_min", "max_sum",           "compression"};

// The diversity part of kCompression.
enum class Dispersion : std::uint8_t { kLogDet, kGraphCut, kMaxSum };
inline constexpr std::array<std::string_view, 3> kDispersionNames{"log_det", "graph_cut",
                                                                  "max_sum"};

// Weights of relevance, coverage and diversity, finite and not negative.
struct CompressionWeights {
    double relevance;
    double coverage;
    double diversity;
    Dispersion dispersion = Dispersion::kLogDet;
};

// Parts in which kCompression divides a single `diversity` between coverage and diversity.
CompressionWeights compression_weights(double diversity) noexcept;

struct Request {
    Method method = Method::kTopK;
    double diversity = 0.0;          // in [0, 1]; not read for kTopK and kCompression
    CompressionWeights compression;  // read for kCompression
};

// Whether the method reads all similarities over and over, and so is quadratic in the rows.
bool needs_all_pairs(const Request& request) noexcept;

// Bytes the selection needs beside the candidates. More are used where they save time.
std::size_t working_bytes(const Request& request, std::size_t rows, std::size_t dims,
                          std::size_t k) noexcept;

// Picks in order of choice. spare_bytes may be used to keep similarities. Throws Error, bad_alloc
// and what poll throws.
std::pmr::vector<Pick> select(const Candidates& candidates, const Request& request,
                              const Limits& limits, std::size_t spare_bytes,
                              std::pmr::memory_resource* memory, Poll poll);

}  // namespace vg::select
