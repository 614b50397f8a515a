// The fork-join loop and the seeded generator.
#include "core/base/parallel.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace vg {
namespace {

using Clock = std::chrono::steady_clock;

void nap(int milliseconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

class Parallel : public testing::TestWithParam<unsigned> {};

TEST_P(Parallel, CoversEveryIndexOnce) {
    const unsigned threads = GetParam();
    for (const std::size_t n : {0u, 1u, 2u, 7u, 64u, 1000u, 4097u}) {
        for (const std::size_t chunk : {0u, 1u, 3u, 64u, 5000u}) {
            std::vector<std::atomic<int>> hits(n);
            std::atomic<bool> sound{true};
            parallel_for(threads, n, chunk, {},
                         [&](std::size_t begin, std::size_t end, unsigned w) {
                             if (begin >= end || end > n ||
                                 end - begin > std::max<std::size_t>(chunk, 1) || w >= threads)
                                 sound = false;
                             for (std::size_t i = begin; i < end; ++i)
                                 ++hits[i];
                         });
            EXPECT_TRUE(sound);
            for (std::size_t i = 0; i < n; ++i)
                ASSERT_EQ(hits[i], 1) << "n " << n << " chunk " << chunk << " index " << i;
        }
    }
}

TEST_P(Parallel, WorkersAreDistinctThreadsAndTheCallerIsWorkerZero) {
    const unsigned threads = GetParam();
    std::vector<std::atomic<int>> busy(threads);
    std::atomic<unsigned> started{0};
    std::atomic<bool> sound{true};
    const std::thread::id caller = std::this_thread::get_id();
    parallel_for(threads, threads, 1, {}, [&](std::size_t, std::size_t, unsigned w) {
        if (busy[w]++ != 0 || (w == 0) != (std::this_thread::get_id() == caller))
            sound = false;
        ++started;
        while (started < threads)  // nobody takes a second chunk before all have one
            std::this_thread::yield();
    });
    EXPECT_TRUE(sound);
    EXPECT_EQ(started, threads);
}

INSTANTIATE_TEST_SUITE_P(Threads, Parallel, testing::Range(1u, 9u));

TEST(ParallelFor, ZeroThreadsMeansTheCallerAlone) {
    std::size_t seen = 0;
    parallel_for(0, 100, 7, {}, [&](std::size_t b, std::size_t e, unsigned) { seen += e - b; });
    EXPECT_EQ(seen, 100u);
}

TEST(ParallelFor, AnExceptionOfTheCallerEndsTheLoop) {
    std::atomic<std::size_t> after{0};
    std::atomic<bool> thrown{false};
    try {
        parallel_for(3, 100000, 1, {}, [&](std::size_t, std::size_t, unsigned w) {
            if (thrown)
                ++after;
            if (w == 0) {
                thrown = true;
                throw std::runtime_error("caller");
            }
            nap(1);
        });
        FAIL() << "nothing thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_STREQ(e.what(), "caller");
    }
    EXPECT_LT(after, 1000u);
}

TEST(ParallelFor, AnExceptionOfAHelperReachesTheCaller) {
    const std::thread::id caller = std::this_thread::get_id();
    std::atomic<std::size_t> done{0};
    try {
        parallel_for(4, 100000, 1, {}, [&](std::size_t, std::size_t, unsigned w) {
            if (w != 0)
                throw std::runtime_error("helper " + std::to_string(w));
            ++done;
            nap(1);
        });
        FAIL() << "nothing thrown";
    } catch (const std::runtime_error& e) {
        EXPECT_EQ(std::string(e.what()).substr(0, 7), "helper ");
        EXPECT_EQ(std::this_thread::get_id(), caller);
    }
    EXPECT_LT(done, 1000u);
}

TEST(ParallelFor, OneOfManyExceptionsIsThrownAndTheLoopCanRunAgain) {
    for (int round = 0; round < 50; ++round) {
        EXPECT_THROW(parallel_for(4, 1000, 1, {},
                                  [](std::size_t i, std::size_t, unsigned) {
                                      if (i >= 10)
                                          throw std::out_of_range("late");
                                  }),
                     std::out_of_range);
    }
}

struct PollState {
    std::atomic<int> calls{0};
    int throw_at = -1;
    std::thread::id thread;
    bool wrong_thread = false;
};
void count_poll(void* arg) {
    auto* s = static_cast<PollState*>(arg);
    s->wrong_thread |= std::this_thread::get_id() != s->thread;
    if (++s->calls == s->throw_at)
        throw std::domain_error("cancelled");
}

TEST(ParallelFor, PollsInTheCallersThreadAfterEachOfItsChunks) {
    PollState s;
    s.thread = std::this_thread::get_id();
    std::atomic<int> own{0};
    parallel_for(3, 200, 1, {count_poll, &s}, [&](std::size_t, std::size_t, unsigned w) {
        own += w == 0;
        nap(1);
    });
    EXPECT_GT(s.calls, 10);
    EXPECT_EQ(s.calls, own);
    EXPECT_FALSE(s.wrong_thread);
}

TEST(ParallelFor, APollThatThrowsStopsPromptly) {
    PollState s;
    s.thread = std::this_thread::get_id();
    s.throw_at = 3;
    std::atomic<std::size_t> chunks{0};
    const auto start = Clock::now();
    EXPECT_THROW(parallel_for(4, 1000000, 1, {count_poll, &s},
                              [&](std::size_t, std::size_t, unsigned) {
                                  ++chunks;
                                  nap(2);
                              }),
                 std::domain_error);
    EXPECT_LT(Clock::now() - start, std::chrono::seconds(5));
    EXPECT_LT(chunks, 1000u);
    EXPECT_EQ(s.calls, 3);
}

sigset_t current_mask() {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return mask;
}

TEST(ParallelFor, HelpersRunWithEverySignalBlockedAndTheCallerAsBefore) {
    sigset_t one, before;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &one, &before);
    std::atomic<int> helpers{0}, open{0}, caller_changed{0};
    std::atomic<unsigned> started{0};
    constexpr int kSignals[] = {SIGINT,  SIGTERM, SIGHUP,  SIGUSR1, SIGUSR2,
                                SIGALRM, SIGCHLD, SIGQUIT, SIGPIPE, SIGURG};
    parallel_for(4, 4, 1, {}, [&](std::size_t, std::size_t, unsigned w) {
        ++started;
        while (started < 4)
            std::this_thread::yield();
        const sigset_t mask = current_mask();
        helpers += w != 0;
        for (const int signal : kSignals) {
            const bool blocked = sigismember(&mask, signal) == 1;
            if (w != 0)
                open += !blocked;
            else
                caller_changed += blocked != (signal == SIGUSR2);
        }
    });
    const sigset_t after = current_mask();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    EXPECT_EQ(helpers, 3);
    EXPECT_EQ(open, 0);
    EXPECT_EQ(caller_changed, 0);
    for (const int signal : kSignals)
        EXPECT_EQ(sigismember(&after, signal), signal == SIGUSR2 ? 1 : 0);
}

TEST(RandomGenerator, IsFixedForEverOnEveryMachine) {
    // SplitMix64 with state 0: the first output of the published reference sequence.
    EXPECT_EQ(mix64(0), 0xE220A8397B1DCDAFull);
    Random a(42), b(42), c(43);
    EXPECT_EQ(a.next(), b.next());
    EXPECT_NE(a.next(), c.next());
}

TEST(RandomGenerator, IsUniform) {
    Random rng(1);
    std::vector<int> cells(100);
    for (int i = 0; i < 100000; ++i) {
        const double u = rng.uniform();
        ASSERT_GE(u, 0.0);
        ASSERT_LT(u, 1.0);
        ++cells[static_cast<std::size_t>(u * 100)];
        ASSERT_LT(rng.below(7), 7u);
    }
    double chi = 0;
    for (const int c : cells)
        chi += (c - 1000.0) * (c - 1000.0) / 1000.0;
    EXPECT_LT(chi, 150.0);  // 99 degrees of freedom: p < .001
    EXPECT_GT(chi, 50.0);
    EXPECT_EQ(rng.below(1), 0u);
}

TEST(RandomGenerator, ShufflesPermute) {
    Random rng(9);
    std::vector<std::vector<int>> at(5, std::vector<int>(5));
    for (int round = 0; round < 5000; ++round) {
        std::vector<int> v = {0, 1, 2, 3, 4};
        shuffle(v, rng);
        EXPECT_EQ(std::set<int>(v.begin(), v.end()).size(), 5u);
        for (std::size_t i = 0; i < 5; ++i)
            ++at[i][static_cast<std::size_t>(v[i])];
    }
    for (const auto& row : at)
        for (const int count : row)
            EXPECT_NEAR(count, 1000, 150);
    std::vector<int> none;
    shuffle(none, rng);
    EXPECT_TRUE(none.empty());
}

}  // namespace
}  // namespace vg
