// Cosine similarities between candidates: a row of the matrix at a time, computed when asked for,
// or the whole matrix kept where it will be read over and over and there is memory for it.
#pragma once

#include <cstddef>
#include <memory_resource>
#include <vector>

#include "core/base/poll.h"
#include "core/select/candidates.h"

namespace vg::select {

class Similarities {
  public:
    // The candidates are finished and outlive this object.
    Similarities(const Candidates& candidates, std::pmr::memory_resource* memory, Poll poll);

    // Computes the whole matrix if it fits into so many bytes.
    void keep_all(std::size_t budget_bytes);

    // Similarities of row i to every row. Valid until the next call, for ever after keep_all() has
    // kept them. Polls at least once. Symmetric to the last bit; a row's similarity to itself may
    // miss 1 by rounding.
    const float* row(std::size_t i);

    // Row i joins the chosen ones.
    void choose(std::size_t i);
    // Similarities of row i to the chosen rows from number `from` on, in order of choice. Valid
    // until the next call. The same bits as row(i) has.
    const float* to_chosen(std::size_t i, std::size_t from);

  private:
    const Candidates& candidates_;
    Poll poll_;
    std::pmr::vector<float> matrix_;
    std::pmr::vector<float> scratch_;
    std::size_t in_scratch_;
    std::pmr::vector<std::size_t> chosen_;
    std::pmr::vector<float> chosen_vectors_;  // unless the matrix is kept
    std::pmr::vector<float> few_;
    std::size_t work_ = 0;  // since the last poll of to_chosen
};

}  // namespace vg::select
