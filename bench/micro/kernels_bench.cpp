// Micro-benchmarks of the distance and code kernels, each float kernel beside the plain loop it
// replaces. The context line "vector_target" says which instruction set was used; ask for another
// with VECTORGRAPH_TARGET=AVX2 (or AVX3, SSE4, SSSE3, SCALAR).
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/distance/targets.h"

#include <hwy/targets.h>

#include "core/base/random.h"
#include "core/code/link_code.h"
#include "core/code/rotation.h"
#include "core/distance/distance.h"
#include "core/distance/dot_rows.h"
#include "core/distance/link_kernels.h"

namespace {

using vg::Random;
namespace distance = vg::distance;
namespace code = vg::code;

constexpr std::uint64_t kSeed = 20240527;

std::vector<float> random_floats(std::size_t n, std::uint64_t seed) {
    Random rng(seed);
    std::vector<float> v(n);
    for (float& x : v)
        x = static_cast<float>(2.0 * rng.uniform() - 1.0);
    return v;
}

float plain_l2(const float* a, const float* b, std::size_t n) {
    float sum = 0;
    for (std::size_t i = 0; i < n; ++i)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}
float plain_ip(const float* a, const float* b, std::size_t n) {
    float sum = 0;
    for (std::size_t i = 0; i < n; ++i)
        sum += a[i] * b[i];
    return sum;
}
float plain_l1(const float* a, const float* b, std::size_t n) {
    float sum = 0;
    for (std::size_t i = 0; i < n; ++i)
        sum += std::fabs(a[i] - b[i]);
    return sum;
}
distance::CosineSums plain_cosine(const float* a, const float* b, std::size_t n) {
    distance::CosineSums s{0, 0, 0};
    for (std::size_t i = 0; i < n; ++i) {
        s.ab += a[i] * b[i];
        s.aa += a[i] * a[i];
        s.bb += b[i] * b[i];
    }
    return s;
}

template <auto Kernel>
void float_pair(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::vector<float> a = random_floats(n, kSeed), b = random_floats(n, kSeed + 1);
    for (auto _ : state) {
        const float* pa = a.data();
        benchmark::DoNotOptimize(pa);  // keeps the call inside the loop
        auto r = Kernel(pa, b.data(), n);
        benchmark::DoNotOptimize(r);
    }
}

template <auto Kernel>
void sq8_pair(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::vector<float> a = random_floats(n, kSeed);
    std::vector<std::uint8_t> codes(n);
    Random rng(kSeed);
    for (std::uint8_t& c : codes)
        c = static_cast<std::uint8_t>(rng.below(256));
    const distance::Sq8 b{codes.data(), -1.0f, 2.0f / 255};
    for (auto _ : state) {
        const float* pa = a.data();
        benchmark::DoNotOptimize(pa);
        float r = Kernel(pa, b, n);
        benchmark::DoNotOptimize(r);
    }
}

using FloatKernel = float (*)(const float*, const float*, std::size_t) noexcept;
using Sq8Kernel = float (*)(const float*, const distance::Sq8&, std::size_t) noexcept;
constexpr FloatKernel kL2 = distance::l2_squared;
constexpr FloatKernel kIp = distance::inner_product;
constexpr FloatKernel kL1 = distance::l1;
constexpr Sq8Kernel kSq8L2 = distance::l2_squared;
constexpr Sq8Kernel kSq8Ip = distance::inner_product;
constexpr Sq8Kernel kSq8L1 = distance::l1;

void dimensions(benchmark::internal::Benchmark* b) {
    for (int n : {100, 128, 768, 1536})
        b->Arg(n);
}
BENCHMARK(float_pair<kL2>)->Name("l2/vector")->Apply(dimensions);
BENCHMARK(float_pair<plain_l2>)->Name("l2/plain_loop")->Apply(dimensions);
BENCHMARK(float_pair<kIp>)->Name("ip/vector")->Apply(dimensions);
BENCHMARK(float_pair<plain_ip>)->Name("ip/plain_loop")->Apply(dimensions);
BENCHMARK(float_pair<distance::cosine_sums>)->Name("cosine/vector")->Apply(dimensions);
BENCHMARK(float_pair<plain_cosine>)->Name("cosine/plain_loop")->Apply(dimensions);
BENCHMARK(float_pair<kL1>)->Name("l1/vector")->Apply(dimensions);
BENCHMARK(float_pair<plain_l1>)->Name("l1/plain_loop")->Apply(dimensions);
BENCHMARK(sq8_pair<kSq8L2>)->Name("sq8_l2/vector")->Apply(dimensions);
BENCHMARK(sq8_pair<kSq8Ip>)->Name("sq8_ip/vector")->Apply(dimensions);
BENCHMARK(sq8_pair<kSq8L1>)->Name("sq8_l1/vector")->Apply(dimensions);

// Argument: dimensions; 64 rows, which stay in the second level of cache.
void dot_rows(benchmark::State& state) {
    constexpr std::size_t kRows = 64;
    const auto n = static_cast<std::size_t>(state.range(0));
    const std::vector<float> a = random_floats(n, kSeed);
    const std::vector<float> rows = random_floats(n * kRows, kSeed + 1);
    std::vector<float> out(kRows);
    for (auto _ : state) {
        distance::dot_rows(a.data(), rows.data(), kRows, n, out.data());
        benchmark::DoNotOptimize(out.data());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
}
BENCHMARK(dot_rows)->Name("dot_rows/64")->Arg(112)->Arg(128)->Arg(768)->Arg(1536);

// Arguments: words per code, neighbours, groups of query planes.
void estimate_links(benchmark::State& state) {
    const auto words = static_cast<std::size_t>(state.range(0));
    const auto count = static_cast<std::size_t>(state.range(1));
    const auto groups = static_cast<std::size_t>(state.range(2));
    Random rng(kSeed);
    std::vector<std::uint64_t> planes(groups * distance::kQueryPlanes * words);
    std::vector<std::uint64_t> codes(count * words);
    for (std::uint64_t& w : planes)
        w = rng.next();
    for (std::uint64_t& w : codes)
        w = rng.next();
    const std::vector<float> bias = random_floats(count, kSeed);
    std::vector<std::uint16_t> scale(count);
    for (std::uint16_t& s : scale)
        s = distance::bf16_from_float(static_cast<float>(rng.uniform()));
    std::vector<float> out(count);
    const distance::QueryPlanes query{planes.data(), words, 0.01f, groups};
    const distance::LinkCodes links{codes.data(), bias.data(), scale.data(), count};
    for (auto _ : state) {
        distance::estimate_links(query, 1.0f, links, out.data());
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(estimate_links)
    ->Args({1, 32, 1})
    ->Args({2, 32, 1})
    ->Args({4, 32, 1})
    ->Args({6, 32, 1})
    ->Args({8, 32, 1})
    ->Args({12, 32, 1})
    ->Args({13, 42, 1})
    ->Args({24, 32, 1})
    ->Args({32, 20, 1})
    ->Args({2, 32, 2})
    ->Args({2, 32, 3})
    ->Args({2, 32, 4})
    ->Args({13, 42, 2})
    ->Args({13, 42, 3})
    ->Args({13, 42, 4});

void hamming(benchmark::State& state) {
    const auto words = static_cast<std::size_t>(state.range(0));
    Random rng(kSeed);
    std::vector<std::uint64_t> codes(2 * words);
    for (std::uint64_t& w : codes)
        w = rng.next();
    for (auto _ : state) {
        std::uint32_t r = distance::hamming(codes.data(), codes.data() + words, words);
        benchmark::DoNotOptimize(r);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(hamming)->Arg(2)->Arg(13)->Arg(24);

void rotation_apply(benchmark::State& state) {
    const auto dims = static_cast<std::size_t>(state.range(0));
    const code::Rotation rotation(dims, kSeed);
    const std::vector<float> in = random_floats(dims, kSeed),
                             centre = random_floats(dims, kSeed + 1);
    std::vector<float> out(rotation.padded_dims());
    for (auto _ : state) {
        rotation.apply(in.data(), centre.data(), out.data());
        benchmark::DoNotOptimize(out.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(rotation_apply)->Arg(100)->Arg(128)->Arg(784)->Arg(1536);

void encode_link(benchmark::State& state) {
    const auto words = static_cast<std::size_t>(state.range(0));
    const std::vector<float> p = random_floats(words * 64, kSeed);
    const std::vector<float> n = random_floats(words * 64, kSeed + 1);
    std::vector<std::uint64_t> bits(words);
    for (auto _ : state) {
        code::LinkFactors f = code::encode_link(p.data(), n.data(), {words, words}, bits.data());
        benchmark::DoNotOptimize(f);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(encode_link)->Arg(2)->Arg(13)->Arg(24);

void query_table_set(benchmark::State& state) {
    const auto dims = static_cast<std::size_t>(state.range(0));
    const code::Rotation rotation(dims, kSeed);
    code::QueryTable table(rotation, rotation.words());
    const std::vector<float> q = random_floats(dims, kSeed),
                             centre = random_floats(dims, kSeed + 1);
    for (auto _ : state) {
        table.set(q.data(), centre.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(query_table_set)->Arg(100)->Arg(128)->Arg(784)->Arg(1536);

// Leaves only the named instruction set enabled; an unknown or unsupported name changes nothing.
void choose_target(const char* name) {
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets())
        if (std::strcmp(name, hwy::TargetName(target)) == 0)
            hwy::SetSupportedTargetsForTest(target);
}

}  // namespace

int main(int argc, char** argv) {
    if (const char* name = std::getenv("VECTORGRAPH_TARGET"))
        choose_target(name);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 1;
    benchmark::AddCustomContext("vector_target", distance::target_name());
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
