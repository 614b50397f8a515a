// Command line parsing; see options.h.
#include "options.h"

#include <charconv>
#include <functional>
#include <map>
#include <string_view>

#include "core/base/status.h"

namespace vg::bench {

const char kUsage[] =
    "usage: bench_e2e --train FILE --test FILE [options]\n"
    "  --conn STRING          libpq connection string (default: PG* environment)\n"
    "  --dataset glove|mnist  cosine over 100 or L2 over 784 dimensions (default glove)\n"
    "  --train FILE --test FILE   raw float32 matrices\n"
    "  --labels FILE          one byte per training row, for --heap-order category\n"
    "  --methods LIST         of lid_hnsw,hnsw,seqscan,hnswlib (default all; absent ones are "
    "skipped)\n"
    "  --queries N            queries per pass (default 1000)\n"
    "  --seqscan-queries N    queries per pass of the sequential scan (default 30)\n"
    "  --m N --efc N          graph parameters of every index (default 16, 64)\n"
    "  --efs LIST             values of ef_search\n"
    "  --repeats N            timed passes, interleaved between methods (default 3)\n"
    "  --workers N            parallel workers beside the leader during builds (default 1)\n"
    "  --heap-order shuffled|file|cluster|category|sorted|lid\n"
    "  --duplicates N         extra copies of the first row\n"
    "  --seed N               of every random choice (default 1)\n"
    "  --reuse                keep tables and indexes of an earlier run with the same parameters\n"
    "  --out FILE             results, tab-separated (default results.tsv)\n";

namespace {

[[noreturn]] void fail(const std::string& message) {
    throw Error(StatusCode::kInvalidArgument, message);
}

template <typename Int>
Int parse_int(std::string_view name, std::string_view text, Int low, Int high) {
    Int value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
        fail(std::string(name) + " is out of range: " + std::string(text));
    return value;
}

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        parts.emplace_back(text.substr(0, comma));
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return parts;
}

void set_dataset(Options& options, const std::string& name) {
    if (name != "glove" && name != "mnist")
        fail("--dataset must be glove or mnist");
    options.dataset = name;
    options.metric = name == "glove" ? Metric::kCosine : Metric::kL2;
    options.dim = name == "glove" ? 100 : 784;
}

void set_methods(Options& options, const std::string& list) {
    options.methods = split(list);
    for (const std::string& name : options.methods)
        if (name != "lid_hnsw" && name != "hnsw" && name != "seqscan" && name != "hnswlib")
            fail("unknown method: " + name);
}

void set_heap_order(Options& options, const std::string& name) {
    static const std::map<std::string, HeapOrder> kNames = {
        {"shuffled", HeapOrder::kShuffled}, {"file", HeapOrder::kFile},
        {"cluster", HeapOrder::kCluster},   {"category", HeapOrder::kCategory},
        {"sorted", HeapOrder::kNorm},       {"lid", HeapOrder::kLid},
    };
    const auto found = kNames.find(name);
    if (found == kNames.end())
        fail("unknown heap order: " + name);
    options.heap_order_name = name;
    options.heap_order = found->second;
}

void set_efs(Options& options, const std::string& list) {
    options.efs.clear();
    for (const std::string& ef : split(list))
        options.efs.push_back(parse_int("--efs", ef, 1, 1000));
    if (options.efs.empty())
        fail("--efs needs at least one value");
}

using Setter = std::function<void(Options&, const std::string&)>;

Setter int_setter(const char* name, int Options::*field, int low, int high) {
    return [=](Options& o, const std::string& v) { o.*field = parse_int(name, v, low, high); };
}

Setter text_setter(std::string Options::*field) {
    return [=](Options& o, const std::string& v) { o.*field = v; };
}

std::map<std::string, Setter> make_setters() {
    return {
        {"--conn", text_setter(&Options::conn)},
        {"--dataset", set_dataset},
        {"--train", text_setter(&Options::train)},
        {"--test", text_setter(&Options::test)},
        {"--labels", text_setter(&Options::labels)},
        {"--out", text_setter(&Options::out)},
        {"--methods", set_methods},
        {"--heap-order", set_heap_order},
        {"--efs", set_efs},
        {"--queries", int_setter("--queries", &Options::queries, 1, 1000000)},
        {"--seqscan-queries",
         int_setter("--seqscan-queries", &Options::seqscan_queries, 1, 1000000)},
        {"--m", int_setter("--m", &Options::m, 2, 100)},
        {"--efc", int_setter("--efc", &Options::ef_construction, 4, 1000)},
        {"--repeats", int_setter("--repeats", &Options::repeats, 1, 1000)},
        {"--workers", int_setter("--workers", &Options::workers, 0, 63)},
        {"--duplicates", int_setter("--duplicates", &Options::duplicates, 0, 10000000)},
        {"--seed",
         [](Options& o, const std::string& v) {
             o.seed = parse_int<std::uint64_t>("--seed", v, 0, UINT64_MAX);
         }},
    };
}

}  // namespace

Options parse_options(int argc, char** argv) {
    const std::map<std::string, Setter> setters = make_setters();
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--reuse") {
            options.reuse = true;
            continue;
        }
        const auto setter = setters.find(name);
        if (setter == setters.end())
            fail("unknown option: " + name);
        if (i + 1 == argc)
            fail(name + " needs a value");
        setter->second(options, argv[++i]);
    }
    if (options.train.empty() || options.test.empty())
        fail("--train and --test are required");
    if (options.heap_order == HeapOrder::kCategory && options.labels.empty())
        fail("--heap-order category needs --labels");
    return options;
}

}  // namespace vg::bench
