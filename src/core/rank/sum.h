// A sum of doubles that does not depend on the order of its terms, but for rare last bits: it
// carries the rounding errors of its additions along (compensated summation; Ogita, Rump & Oishi
// 2005, algorithm Sum2). Equal documents then stay equal, whatever order their rows arrive in.
// A plain value: copyable, and made of two doubles so that an SQL state can hold it.
#pragma once

namespace vg::rank {

struct Sum {
    double high = 0.0;
    double low = 0.0;

    void add(double x) noexcept {
        const double sum = high + x;
        const double part = sum - high;
        low += (high - (sum - part)) + (x - part);  // what the addition lost, exactly
        high = sum;
    }
    void add(const Sum& other) noexcept {
        add(other.high);
        low += other.low;
    }
    // Not finite when the sum has overflowed.
    double value() const noexcept { return high + low; }
};

}  // namespace vg::rank
