// An interrupt poll for loops and sort comparators whose steps are too short to poll at each one.
#pragma once

#include <cstdint>

#include "core/base/poll.h"

namespace vg::metric {

// Calls the poll at every 16384th step: about 0.1 ms apart where a step is a few nanoseconds. Give
// sorts a comparator that holds a reference: they copy their comparators.
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

}  // namespace vg::metric
