#include "core/base/parallel.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/no_postgres.h"

namespace vg {
namespace {

// Blocks every signal in the calling thread for its lifetime, so that threads started meanwhile
// inherit a full mask and PostgreSQL's handlers can only ever run in the backend's own thread.
class SignalsBlocked {
  public:
    SignalsBlocked() noexcept {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &saved_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &saved_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

  private:
    sigset_t saved_;
};

class Helpers {
  public:
    explicit Helpers(std::atomic<bool>& stop) noexcept : stop_(stop) {}
    ~Helpers() {
        for (std::thread& t : threads_)
            t.join();
    }
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;

    // A machine out of threads is not an error: the loop goes on with those that started.
    template <typename Fn>
    void start(unsigned count, const Fn& fn) {
        const SignalsBlocked blocked;
        threads_.reserve(count);
        for (unsigned i = 0; i < count; ++i) {
            try {
                threads_.emplace_back(fn, i + 1);
            } catch (const std::system_error&) {
                return;
            } catch (...) {
                stop_ = true;
                throw;
            }
        }
    }

  private:
    std::atomic<bool>& stop_;
    std::vector<std::thread> threads_;
};

}  // namespace

void parallel_for(unsigned threads, std::size_t n, std::size_t chunk, const Poll& poll,
                  const std::function<void(std::size_t, std::size_t, unsigned)>& body) {
    chunk = std::max<std::size_t>(chunk, 1);
    std::atomic<std::size_t> cursor{0};
    std::atomic<bool> stop{false};
    std::exception_ptr failure;
    std::mutex failure_mutex;

    const auto fail = [&](std::exception_ptr e) noexcept {
        const std::lock_guard<std::mutex> guard(failure_mutex);
        if (failure == nullptr)
            failure = std::move(e);
        stop = true;
    };
    const auto work = [&](unsigned worker) noexcept {
        try {
            while (!stop.load(std::memory_order_relaxed)) {
                const std::size_t begin = cursor.fetch_add(chunk, std::memory_order_relaxed);
                if (begin >= n)
                    break;
                body(begin, std::min(n, begin + chunk), worker);
                if (worker == 0)
                    poll();
            }
        } catch (...) {
            fail(std::current_exception());
        }
    };

    {
        Helpers helpers(stop);
        const std::size_t chunks = (n + chunk - 1) / chunk;
        const std::size_t wanted = std::min<std::size_t>(threads, chunks);
        if (wanted > 1)
            helpers.start(static_cast<unsigned>(wanted - 1), work);
        work(0);
    }
    if (failure != nullptr)
        std::rethrow_exception(failure);
}

}  // namespace vg
