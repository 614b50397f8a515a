// Interrupt poll: long core loops call it at least every few milliseconds. Inside PostgreSQL it
// runs ProcessInterrupts under a guard and may therefore throw; callers must be exception-safe.
#pragma once

namespace vg {

struct Poll {
    void (*fn)(void*) = nullptr;
    void* arg = nullptr;

    void operator()() const {
        if (fn != nullptr)
            fn(arg);
    }
};

}  // namespace vg
