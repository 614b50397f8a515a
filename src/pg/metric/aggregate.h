// What all aggregates of this room share: their arguments, their memory, and arrays that grow.
//
// Ownership: a state and all it points to is palloc'd in the aggregate's memory context and goes
// with it. States are plain data, so every function here may raise a PostgreSQL error (R2): call
// them where no C++ object with a destructor is alive.
#pragma once

#include "pg/boundary/pg.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/metric/judged.h"
#include "pg/boundary/arguments.h"

namespace vg::pg::metric {

// The name under which the user called, for messages.
const char* aggregate_name(FunctionCallInfo fcinfo);

// 53400 when the aggregate would take more than a state may (boundary/memory.h).
void check_memory(FunctionCallInfo fcinfo, double bytes);

// Zeroed memory, also beyond 1 GB.
template <typename T>
T* allocate_zeroed(MemoryContext context, std::size_t count) {
    const Size bytes = count * sizeof(T);
    void* p = MemoryContextAllocHuge(context, bytes);
    memset(p, 0, bytes);
    return static_cast<T*>(p);
}

// A growing array.
template <typename T>
struct Buffer {
    T* items;
    std::int64_t count;
    std::int64_t capacity;

    std::span<const T> view() const {
        return std::span<const T>(items, static_cast<std::size_t>(count));
    }
};

// Makes room for `more` items and returns the first of them; the caller counts them in. `copies` is
// how often the memory is charged: 2 where the final function works on a copy.
template <typename T>
T* reserve(FunctionCallInfo fcinfo, MemoryContext context, Buffer<T>* buffer, std::int64_t more,
           int copies = 1) {
    const std::int64_t needed = buffer->count + more;
    if (needed > buffer->capacity) {
        std::int64_t capacity = buffer->capacity == 0 ? 16 : buffer->capacity;
        while (capacity < needed)
            capacity *= 2;
        check_memory(fcinfo, static_cast<double>(capacity) * sizeof(T) * copies);
        const Size bytes = sizeof(T) * static_cast<Size>(capacity);
        buffer->items =
            static_cast<T*>(buffer->items == nullptr ? MemoryContextAllocHuge(context, bytes)
                                                     : repalloc_huge(buffer->items, bytes));
        buffer->capacity = capacity;
    }
    return buffer->items + buffer->count;
}

// The state in argument 0, as it is.
inline Datum unchanged(FunctionCallInfo fcinfo) {
    if (PG_ARGISNULL(0))
        PG_RETURN_NULL();
    return PG_GETARG_DATUM(0);
}

// ---- arguments; all raise an error when the value is NULL or out of range

// A rank, or 0 for NULL.
std::int32_t read_rank(FunctionCallInfo fcinfo, int arg, const char* name);
[[noreturn]] void report_zero_vector();

// Raises an error unless the options are the same in all rows of a group.
inline void check_options(bool same) {
    if (unlikely(!same))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("options must be the same in all rows of a group"),
                        errdetail("Options are k, gain, rel_threshold, seed and the like: all "
                                  "arguments that are not data.")));
}

// Raises an error that explains a fault of the ranks in argument `name`.
void report_rank_fault(const vg::metric::RankFault& fault, const char* name);

// ---- bytes of a state on its way between parallel workers

inline bytea* make_bytes(Size size) {
    auto* bytes =
        static_cast<bytea*>(MemoryContextAllocHuge(CurrentMemoryContext, VARHDRSZ + size));
    SET_VARSIZE(bytes, VARHDRSZ + size);
    return bytes;
}

inline char* put_bytes(char* to, const void* from, Size size) {
    if (size > 0)
        memcpy(to, from, size);
    return to + size;
}

inline const char* get_bytes(const char* from, void* to, Size size) {
    if (size > 0)
        memcpy(to, from, size);
    return from + size;
}

}  // namespace vg::pg::metric
