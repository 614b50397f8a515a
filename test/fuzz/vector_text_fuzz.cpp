// Text input of vectors. Whatever is read must be finite, and a literal that is read must hold as
// many elements as were counted.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/input/vector_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::unique_ptr<char[]> literal(new char[size + 1]);
    std::copy_n(data, size, literal.get());
    literal[size] = '\0';
    for (const std::size_t limit : {std::size_t{16000}, std::size_t{3}}) {
        const std::size_t room = vg::input::count_elements(literal.get(), limit);
        const std::unique_ptr<float[]> out(new float[room]);
        const vg::input::TextResult r = vg::input::read_text(literal.get(), out.get(), room);
        if (room == 0 || room > limit || r.count > room)
            std::abort();
        if (r.fault == vg::input::TextFault::kOutOfRange &&
            (r.at < literal.get() || r.length == 0 || r.at + r.length > literal.get() + size))
            std::abort();
        if (r.fault != vg::input::TextFault::kNone)
            continue;
        if (r.count != room)
            std::abort();
        for (std::size_t i = 0; i < r.count; ++i)
            if (!std::isfinite(out[i]))
                std::abort();
    }
    return 0;
}
