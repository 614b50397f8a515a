// Error vocabulary of the core. The core reports a failed call by throwing vg::Error; the
// PostgreSQL side maps StatusCode to an SQLSTATE once, in src/pg/boundary/boundary.h. No core code
// aborts, exits or prints.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace vg {

enum class StatusCode : std::uint8_t {
    kInvalidArgument,  // caller's values are out of range             -> 22023
    kOutOfMemory,      // budget or allocator exhausted                -> 53200
    kLimitExceeded,    // a format limit (dimensions, nodes) is hit    -> 54000
    kCorrupt,          // bytes read do not obey the on-disk format    -> XX002
    kUnsupported,      // legal request that this build cannot serve   -> 0A000
    kInternal,         // broken invariant; always a bug               -> XX000
};

class Error final : public std::exception {
  public:
    Error(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}
    const char* what() const noexcept override { return message_.c_str(); }
    StatusCode code() const noexcept { return code_; }

  private:
    StatusCode code_;
    std::string message_;
};

}  // namespace vg
