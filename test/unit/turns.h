// Several tasks that take turns: one runs at a time, and who goes on is decided by a seed wherever
// the one that runs says yield(). So a test that fails can be run again, and a fault that needs two
// writers at the same moment is found without waiting for that moment.
//
//   Turns turns(seed); turns.add([&] { ... turns.yield(); ... }); turns.add(...); turns.run();
//
// Tasks are not threads but stacks of one thread: a change costs a tenth of a microsecond, and as
// much on a busy machine. They must not yield in a catch block.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/random.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace vg::test {

class Turns {
  public:
    // At a yield the turn passes to somebody else once in `stay` times.
    explicit Turns(std::uint64_t seed, std::uint64_t stay = 4) : random_(seed), stay_(stay) {}

    void add(std::function<void()> body) {
        tasks_.push_back(std::make_unique<Task>());
        tasks_.back()->body = std::move(body);
        tasks_.back()->stack = std::make_unique<std::byte[]>(kStackBytes);
    }

    // Runs all tasks to their ends. The first exception that left one is thrown again then.
    void run() {
        for (const auto& task : tasks_)
            prepare(task.get());
        running_ = somebody();
        if (running_ != nullptr)
            change(&main_, running_, false);
        for (const auto& t : tasks_) {
            if (t->error != nullptr)
                std::rethrow_exception(t->error);
        }
    }

    // By the task that runs.
    void yield() {
        if (running_ != nullptr && random_.below(stay_) == 0)
            pass_on();
    }
    // Lets others go on until the condition holds. It must come to hold.
    template <typename Condition>
    void wait_until(Condition&& holds) {
        while (!holds())
            pass_on();
    }

  private:
    static constexpr std::size_t kStackBytes = std::size_t{512} << 10;

    struct Task {
        std::function<void()> body;
        ucontext_t context{};
        std::unique_ptr<std::byte[]> stack;
        const void* bottom = nullptr;  // of the stack; the sanitizer wants to know
        std::size_t bytes = 0;
        bool done = false;
        std::exception_ptr error;
    };

    void prepare(Task* task) {
        getcontext(&task->context);
        task->bottom = task->context.uc_stack.ss_sp = task->stack.get();
        task->bytes = task->context.uc_stack.ss_size = kStackBytes;
        const auto self = reinterpret_cast<std::uintptr_t>(this);
        // makecontext hands on ints.
        makecontext(&task->context, reinterpret_cast<void (*)()>(start), 2,
                    static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
    }

    static void start(unsigned high, unsigned low) {
        auto* self = reinterpret_cast<Turns*>(std::uintptr_t{high} << 32 | low);
        self->arrived(nullptr);
        self->live(self->running_);
    }

    void live(Task* me) {
        try {
            me->body();
        } catch (...) {
            me->error = std::current_exception();
        }
        me->done = true;
        running_ = somebody();
        change(me, running_ != nullptr ? running_ : &main_, true);
    }

    void pass_on() {
        Task* me = running_;
        running_ = somebody();
        if (running_ != me)
            change(me, running_, false);
    }

    // One that is not done, if there is one.
    Task* somebody() {
        open_.clear();
        for (const auto& t : tasks_) {
            if (!t->done)
                open_.push_back(t.get());
        }
        return open_.empty() ? nullptr : open_[random_.below(open_.size())];
    }

    // Goes on with `to` and returns when somebody goes on with `from`.
    void change(Task* from, Task* to, bool for_good) {
        void* fake_stack = nullptr;
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_start_switch_fiber(for_good ? nullptr : &fake_stack, to->bottom, to->bytes);
#endif
        (void)for_good;
        swapcontext(&from->context, &to->context);
        arrived(fake_stack);
    }
    void arrived(void* fake_stack) {
        (void)fake_stack;
#if defined(__SANITIZE_ADDRESS__)
        const void* bottom;
        std::size_t bytes;
        __sanitizer_finish_switch_fiber(fake_stack, &bottom, &bytes);
        if (main_.bottom == nullptr) {  // the first change came from there
            main_.bottom = bottom;
            main_.bytes = bytes;
        }
#endif
    }

    Random random_;
    std::uint64_t stay_;
    std::vector<std::unique_ptr<Task>> tasks_;
    std::vector<Task*> open_;
    Task* running_ = nullptr;
    Task main_;
};

}  // namespace vg::test
