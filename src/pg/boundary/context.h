// C++ objects owned by PostgreSQL memory contexts.
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <memory_resource>
#include <new>
#include <utility>

namespace vg::pg {

// std::pmr memory from a MemoryContext, so that it counts where PostgreSQL counts. Failure is
// std::bad_alloc, never a longjmp.
class ContextResource final : public std::pmr::memory_resource {
  public:
    explicit ContextResource(MemoryContext context) noexcept : context_(context) {}

  private:
    void* do_allocate(std::size_t bytes, std::size_t align) override {
        const std::size_t extra = align > MAXIMUM_ALIGNOF ? align : 0;
        void* p = MemoryContextAllocExtended(context_, bytes + extra,
                                             MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
        if (p == nullptr)
            throw std::bad_alloc();
        return extra != 0 ? reinterpret_cast<void*>(TYPEALIGN(align, p)) : p;
    }
    void do_deallocate(void* p, std::size_t, std::size_t align) override {
        if (align <= MAXIMUM_ALIGNOF)
            pfree(p);  // over-aligned blocks go with the context
    }
    bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
    MemoryContext context_;
};

// Creates a T whose destructor runs when the context is reset or deleted, also after an ERROR. The
// destructor must not throw and must not call PostgreSQL. Callbacks run in reverse order of
// creation.
template <typename T, typename... Args>
T* new_in_context(MemoryContext context, Args&&... args) {
    struct Box {
        MemoryContextCallback callback;
        alignas(T) unsigned char object[sizeof(T)];
    };
    static_assert(alignof(Box) <= MAXIMUM_ALIGNOF);
    auto* box =
        static_cast<Box*>(MemoryContextAllocExtended(context, sizeof(Box), MCXT_ALLOC_NO_OOM));
    if (box == nullptr)
        throw std::bad_alloc();
    T* object = ::new (static_cast<void*>(box->object)) T(std::forward<Args>(args)...);
    box->callback.func = [](void* arg) { static_cast<T*>(arg)->~T(); };
    box->callback.arg = object;
    MemoryContextRegisterResetCallback(context, &box->callback);
    return object;
}

}  // namespace vg::pg
