// /proc and /dev/shm readers; see memory_probe.h.
#include "memory_probe.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace vg::bench {

namespace {

namespace fs = std::filesystem;

// Value in bytes of a "Name:   123 kB" line of /proc/<pid>/status, 0 when absent.
std::int64_t status_bytes(const fs::path& process, const std::string& name) {
    std::ifstream in(process / "status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(name + ":"))
            return std::stoll(line.substr(name.size() + 1)) * 1024;
    return 0;
}

bool is_process(const fs::path& path) {
    const std::string name = path.filename();
    return std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c); });
}

// The server names its workers in their process title.
bool is_worker_of(const fs::path& process, int leader) {
    std::ifstream in(process / "cmdline");
    std::string title;
    std::getline(in, title, '\0');
    return title.find("parallel worker for PID " + std::to_string(leader)) != std::string::npos;
}

// Allocated bytes of all dynamic shared memory segments, of any server on the machine: the growth
// during the build is ours as long as no other server builds at the same time.
std::int64_t dynamic_shared_bytes() {
    std::int64_t total = 0;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/dev/shm", error)) {
        struct stat info;
        if (entry.path().filename().string().starts_with("PostgreSQL.") &&
            ::stat(entry.path().c_str(), &info) == 0)
            total += static_cast<std::int64_t>(info.st_blocks) * 512;
    }
    return total;
}

}  // namespace

MemoryProbe::MemoryProbe(int backend_pid)
    : pid_(backend_pid),
      dynamic_at_start_(dynamic_shared_bytes()),
      thread_([this](std::stop_token stop) {
          while (!stop.stop_requested()) {
              sample();
              std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }
      }) {}

MemoryPeaks MemoryProbe::stop() {
    thread_.request_stop();
    thread_.join();
    sample();
    return peaks_;
}

void MemoryProbe::sample() {
    const fs::path backend = fs::path("/proc") / std::to_string(pid_);
    std::int64_t anonymous = status_bytes(backend, "RssAnon");
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error))
        if (is_process(entry.path()) && is_worker_of(entry.path(), pid_))
            anonymous += status_bytes(entry.path(), "RssAnon");
    peaks_.private_bytes = std::max(peaks_.private_bytes, anonymous);
    peaks_.dynamic_bytes =
        std::max(peaks_.dynamic_bytes, dynamic_shared_bytes() - dynamic_at_start_);
    peaks_.high_water_bytes = std::max(peaks_.high_water_bytes, status_bytes(backend, "VmHWM"));
}

}  // namespace vg::bench
