// Watches the memory of a backend on this machine while it builds an index. Reads /proc from a
// thread of its own, every 20 ms; touches nothing of the caller's. Where there is no such process
// in /proc (a server elsewhere), the figures stay 0.
#pragma once

#include <cstdint>
#include <stop_token>
#include <thread>

namespace vg::bench {

struct MemoryPeaks {
    std::int64_t private_bytes = 0;     // RssAnon, summed over the backend and its parallel workers
    std::int64_t dynamic_bytes = 0;     // PostgreSQL's files in /dev/shm, above their size at start
    std::int64_t high_water_bytes = 0;  // VmHWM of the backend itself
};

class MemoryProbe {
  public:
    explicit MemoryProbe(int backend_pid);
    // Ends the watch, with a last look, and returns the peaks. Call once.
    MemoryPeaks stop();

  private:
    void sample();

    int pid_;
    std::int64_t dynamic_at_start_;
    MemoryPeaks peaks_;
    std::jthread thread_;  // last member: it uses the others
};

}  // namespace vg::bench
