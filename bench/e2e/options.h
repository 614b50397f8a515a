// Command line of the end-to-end benchmark. Values are checked here once; everything else trusts
// them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vg::bench {

enum class Metric { kL2, kCosine };

// Order in which rows reach the heap (and hnswlib's inserts keep the shuffled order whatever this
// is).
enum class HeapOrder {
    kShuffled,  // seeded random permutation
    kFile,      // as in the file
    kCluster,   // grouped by the nearest of 256 random rows
    kCategory,  // grouped by label; needs a .labels file
    kNorm,  // ascending vector norm: a sort key that drifts smoothly ("sorted" on the command line)
    kLid,   // ascending local intrinsic dimensionality, the order known to hurt HNSW most
};

struct Options {
    std::string conn;  // libpq connection string; empty: the PG* environment variables
    std::string dataset = "glove";
    std::string train, test, labels;
    std::string out = "results.tsv";
    std::vector<std::string> methods = {"lid_hnsw", "hnsw", "seqscan", "hnswlib"};
    std::vector<int> efs = {10, 20, 40, 80, 120, 160, 240, 320, 480, 800};
    Metric metric = Metric::kCosine;
    int dim = 100;
    int k = 10;
    int m = 16;
    int ef_construction = 64;
    int queries = 1000;
    int seqscan_queries = 30;
    int repeats = 3;
    int workers =
        1;  // parallel maintenance workers beside the leader; hnswlib builds with workers + 1
    int duplicates = 0;
    std::string heap_order_name = "shuffled";
    HeapOrder heap_order = HeapOrder::kShuffled;
    std::uint64_t seed = 1;
    bool reuse = false;
};

// Throws vg::Error (kInvalidArgument) with a one-line explanation on bad input.
Options parse_options(int argc, char** argv);

extern const char kUsage[];

}  // namespace vg::bench
