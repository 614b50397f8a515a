// Graph-augmented retrieval: from the rows nearest to a query along links and similarity arcs to
// rows that are related without being similar, ranked by both.
//
//   score = (1 - beta) * (1 + (similarity - s1) / scale) + beta * sqrt(g / g1)
//
// s1 is the similarity of the nearest row, scale the largest absolute similarity among seeds and
// pool, but at least `unit`: where none is negative and s1 at least a unit, the first term is
// (1 - beta) * similarity / s1. A score never falls when similarity or g rises, whatever their
// signs, and a small change of the similarities is a small change of the scores, also where s1
// passes zero. g is what the graph says of a row, g1 its largest value:
//   kPpr, kNeighbours   personalised PageRank (walk.h), seeds weighted exp(10 (s - s1)); the square
//                       root because the seeds would outweigh everything else. kNeighbours is kPpr
//                       over similarity arcs alone
//   kHopDecay           the strongest trail (trails.h, kDecay) over links from the seeds, weighted
//                       the same
//   kExpand             1 for every row within max_hops links of a seed, 0 for others: what is
//                       within reach, by similarity
// beta = 0 is exactly the nearest rows, and asks nothing of the graph.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/poll.h"
#include "core/graph/source.h"

namespace vg::graph {

enum class Method : std::uint8_t { kPpr, kHopDecay, kExpand, kNeighbours };
inline constexpr std::array<std::string_view, 4> kMethodNames{"ppr", "hop_decay", "expand", "knn"};

struct RetrieveOptions {
    Method method = Method::kPpr;
    std::size_t k = 10;
    unsigned max_hops = 2;
    double beta = 0.5;
    double restart = 0.5;
    double hop_decay = 0.7;
    double epsilon = 1e-4;
    double link_share = 0.8;  // of kPpr; 1: links alone, 0: similarity arcs alone
    double unit = 0.0;        // similarities nearer to zero than this are about zero
    // Less similar rows are not returned; they are walked through.
    double min_similarity = -std::numeric_limits<double>::infinity();
    std::size_t max_vertices = 20000;
};

// Which layers of arcs a method reads. Sources and retrieve() both ask here.
struct LayersRead {
    bool links;
    bool neighbours;
};
LayersRead layers_of(const RetrieveOptions& options) noexcept;

// A row and its similarity to the query, larger is more similar.
struct Similar {
    Vertex vertex;
    double similarity;
};

// What is known of a vertex that the graph has led to.
struct Described {
    bool returnable = false;  // false: there is no such row, or it must not be returned
    double similarity = 0.0;
};

class Rows {
  public:
    virtual ~Rows() = default;
    // out is as long as asked. Vertices are distinct, and none is asked for twice.
    virtual void describe(std::span<const Vertex> asked, std::span<Described> out) = 0;
};

struct Step {
    Vertex vertex;
    Layer layer;         // of the arc that leads here; of the first vertex without meaning
    std::uint16_t kind;  // likewise
};

struct Hit {
    Vertex vertex;
    double score;
    double similarity;
    double graph_score;       // sqrt(g / g1)
    std::vector<Step> trail;  // the strongest from a seed to the row; empty: the graph does not
                              // lead there
};

struct Retrieved {
    std::vector<Hit> hits;    // best first; equal scores: the more similar, then the smaller vertex
    std::size_t touched = 0;  // vertices seen
    unsigned rounds = 0;      // questions asked of the source
    bool truncated = false;   // max_vertices kept something out
};

// seeds: the rows to start from, nearest first. pool: the rows that may be returned whatever the
// graph says, nearest first; usually the k nearest, and the seeds among them. Throws what source,
// rows and poll throw.
Retrieved retrieve(std::span<const Similar> seeds, std::span<const Similar> pool,
                   NeighbourSource& source, Rows& rows, const RetrieveOptions& options,
                   std::pmr::memory_resource* memory, Poll poll);

// Weights of seeds with these similarities, of which the first is the largest.
double seed_weight(double similarity, double largest) noexcept;

}  // namespace vg::graph
