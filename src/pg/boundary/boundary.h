// The wall between C++ and PostgreSQL's longjmp-based errors. The rules (docs/architecture.md lists
// all of them):
//   - every function PostgreSQL calls goes through VG_FUNCTION or enter_cpp;
//   - ereport(ERROR) only where no object with a destructor is alive below the nearest guard;
//   - C++ that owns such objects calls PostgreSQL only inside call_pg;
//   - only enter_cpp catches PgError.
#pragma once

#include "pg/boundary/pg.h"

#include <cstring>
#include <exception>
#include <new>
#include <type_traits>
#include <utility>

#include "core/base/poll.h"
#include "core/base/status.h"

namespace vg::pg {

// A PostgreSQL error on its way up through C++ frames. Owns nothing: the ErrorData lives in the
// memory context that was current when it was raised.
class PgError final : public std::exception {
  public:
    explicit PgError(ErrorData* edata) noexcept : edata_(edata) {}
    const char* what() const noexcept override { return edata_->message; }
    ErrorData* edata() const noexcept { return edata_; }

  private:
    ErrorData* edata_;
};

// C++ -> PostgreSQL: runs fn and turns an ereport(ERROR) inside it into a PgError. fn may hold only
// trivially destructible locals. Costs about 15 ns: guard a page or a batch, not a distance.
template <typename Fn>
auto call_pg(Fn&& fn) -> std::invoke_result_t<Fn> {
    using R = std::invoke_result_t<Fn>;
    static_assert(std::is_trivially_destructible_v<std::remove_reference_t<Fn>>);
    static_assert(std::is_void_v<R> || std::is_trivially_destructible_v<R>);
    sigjmp_buf* const save_stack = PG_exception_stack;
    ErrorContextCallback* const save_context = error_context_stack;
    MemoryContext const context = CurrentMemoryContext;
    sigjmp_buf jump;
    if (sigsetjmp(jump, 0) == 0) {
        PG_exception_stack = &jump;
        if constexpr (std::is_void_v<R>) {
            fn();
            PG_exception_stack = save_stack;
            error_context_stack = save_context;
            return;
        } else {
            R result = fn();
            PG_exception_stack = save_stack;
            error_context_stack = save_context;
            return result;
        }
    }
    PG_exception_stack = save_stack;
    error_context_stack = save_context;
    MemoryContextSwitchTo(context);
    // Out of memory inside CopyErrorData propagates as a plain PostgreSQL error past the C++
    // frames: the documented last resort.
    ErrorData* edata = CopyErrorData();
    FlushErrorState();
    throw PgError(edata);
}

inline int sqlstate_of(StatusCode code) noexcept {
    switch (code) {
        case StatusCode::kInvalidArgument:
            return ERRCODE_INVALID_PARAMETER_VALUE;
        case StatusCode::kOutOfMemory:
            return ERRCODE_OUT_OF_MEMORY;
        case StatusCode::kLimitExceeded:
            return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
        case StatusCode::kCorrupt:
            return ERRCODE_INDEX_CORRUPTED;
        case StatusCode::kUnsupported:
            return ERRCODE_FEATURE_NOT_SUPPORTED;
        case StatusCode::kInternal:
            break;
    }
    return ERRCODE_INTERNAL_ERROR;
}

// What a C++ exception is reduced to before its handler is left: ereport inside a catch block would
// leak the exception object.
struct Failure {
    int sqlstate;
    char message[512];
    ErrorData* edata;
};

// What helps against damage.
inline constexpr char kRebuildHint[] = "Rebuild the index with REINDEX.";

[[noreturn]] inline void raise_failure(const Failure& f) {
    if (f.edata != nullptr)
        ReThrowError(f.edata);
    if (f.sqlstate == ERRCODE_INDEX_CORRUPTED)
        ereport(ERROR, (errcode(f.sqlstate), errmsg("%s", f.message), errhint("%s", kRebuildHint)));
    ereport(ERROR, (errcode(f.sqlstate), errmsg("%s", f.message)));
    pg_unreachable();
}

// PostgreSQL -> C++: runs fn and turns whatever it throws into an ereport(ERROR), after every C++
// object below is destroyed. No object with a destructor may live in the calling frame.
template <typename Fn>
auto enter_cpp(Fn&& fn) -> std::invoke_result_t<Fn> {
    Failure f{};
    sigjmp_buf* const save_stack = PG_exception_stack;
    ErrorContextCallback* const save_context = error_context_stack;
    try {
        return fn();
    } catch (const PgError& e) {
        f.edata = e.edata();
    } catch (const Error& e) {
        f.sqlstate = sqlstate_of(e.code());
        strlcpy(f.message, e.what(), sizeof f.message);
    } catch (const std::bad_alloc&) {
        f.sqlstate = ERRCODE_OUT_OF_MEMORY;
        strlcpy(f.message, "out of memory", sizeof f.message);
    } catch (const std::exception& e) {
        f.sqlstate = ERRCODE_INTERNAL_ERROR;
        strlcpy(f.message, e.what(), sizeof f.message);
    } catch (...) {
        f.sqlstate = ERRCODE_INTERNAL_ERROR;
        strlcpy(f.message, "unknown C++ exception", sizeof f.message);
    }
    // A C++ exception may have left a PG_TRY frame behind.
    PG_exception_stack = save_stack;
    error_context_stack = save_context;
    raise_failure(f);
}

// CHECK_FOR_INTERRUPTS for code that owns C++ objects: one volatile read when idle, PgError on
// cancel.
inline void poll_interrupts(void* = nullptr) {
    if (unlikely(INTERRUPTS_PENDING_CONDITION()))
        call_pg([] { ProcessInterrupts(); });
}

inline constexpr Poll kInterruptPoll{poll_interrupts, nullptr};

}  // namespace vg::pg

// Defines an SQL-callable function with the guard around it:
//   VG_FUNCTION(vector_dims) { ... return Int32GetDatum(...); }
#define VG_FUNCTION(name)                                                \
    extern "C" {                                                         \
    extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                     \
    PG_FUNCTION_INFO_V1(name);                                           \
    }                                                                    \
    static Datum name##_impl(PG_FUNCTION_ARGS);                          \
    Datum name(PG_FUNCTION_ARGS) {                                       \
        return ::vg::pg::enter_cpp([&] { return name##_impl(fcinfo); }); \
    }                                                                    \
    static Datum name##_impl(PG_FUNCTION_ARGS)

// The same for one that only returns what an expression of its arguments gives:
//   VG_FUNCTION_RETURNS(vg_mmr_rank, rank_by(fcinfo, Method::kMmr))
#define VG_FUNCTION_RETURNS(name, ...) \
    VG_FUNCTION(name) {                \
        return __VA_ARGS__;            \
    }
