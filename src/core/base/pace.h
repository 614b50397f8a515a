// An interrupt poll for loops and sorts whose steps are too short to poll at each one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>

#include "core/base/poll.h"

namespace vg {

// Calls the poll at every 16384th step: about 0.1 ms apart where a step is a few nanoseconds.
class Pace {
  public:
    explicit Pace(Poll poll) noexcept : poll_(poll) {}

    void operator()() {
        if ((++steps_ & 0x3FFFu) == 0)
            poll_();
    }

  private:
    Poll poll_;
    std::uint32_t steps_ = 0;
};

// std::sort that polls. Where the poll throws, the contents are unspecified.
template <typename Iterator, typename Less = std::less<>>
void sort_paced(Iterator first, Iterator last, Pace& pace, Less less = {}) {
    // By reference, since sorts copy their comparators.
    std::sort(first, last, [&pace, &less](const auto& a, const auto& b) {
        pace();
        return less(a, b);
    });
}
template <typename Iterator, typename Less = std::less<>>
void sort_paced(Iterator first, Iterator last, Poll poll, Less less = {}) {
    Pace pace(poll);
    sort_paced(first, last, pace, less);
}

}  // namespace vg
