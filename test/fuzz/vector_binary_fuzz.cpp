// Binary receive of vectors, with the length checks that the server's message functions make
// between. What is accepted must be finite and encode to the same bytes.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/input/vector_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vg::input;
    if (size < kBinaryHeaderBytes)
        return 0;
    const BinaryHeader header = read_binary_header(data);
    if (header.dim == 0 || header.dim > 16000 || header.reserved != 0 ||
        size - kBinaryHeaderBytes < header.dim * kBinaryElementBytes)
        return 0;
    const std::unique_ptr<float[]> out(new float[header.dim]);
    const std::size_t read = read_binary_elements(data + kBinaryHeaderBytes, header.dim, out.get());
    if (read > header.dim || (read < header.dim && std::isfinite(out[read])))
        std::abort();
    for (std::size_t i = 0; i < read; ++i) {
        const std::uint8_t* bytes = data + kBinaryHeaderBytes + kBinaryElementBytes * i;
        const auto bits = std::bit_cast<std::uint32_t>(out[i]);
        for (int b = 0; b < 4; ++b)
            if (bytes[b] != static_cast<std::uint8_t>(bits >> (24 - 8 * b)))
                std::abort();
        if (!std::isfinite(out[i]))
            std::abort();
    }
    return 0;
}
