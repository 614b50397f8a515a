// The only file that includes hnswlib. What it works around in release 0.6.2:
//  * Levels come from a generator shared without a lock, and a level of 0 cannot be asked for. With
//    mult_ = 0 the generator's answer is always 0, and explicit levels above 0 are honoured.
//  * Its own kernels know no FMA and no run-time dispatch: a SpaceInterface of ours calls
//    vg::distance.
//  * searchKnn() bumps two shared, uninitialised atomics per hop. The base-layer search is also
//  public
//    as a template without them, so search() descends by itself and calls that.
//  * linkLists_ is left uninitialised and freed by level: an allocation that fails in the middle of
//  an
//    insert would free a wild pointer. It is zeroed right after construction.
//  * The constructor leaks what it already allocated when a later allocation fails; a trial
//  allocation
//    of the big block comes first.
//  * label_lookup_ rehashes while growing; it is reserved to its final size.
#include "core/hnsw/hnswlib_graph.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

// Its prefetches read the id behind the last one of a list: at most three bytes past a heap block
// of 4k + 1 bytes, which malloc's rounding always covers, but AddressSanitizer rightly objects.
// They are worth 5 % of the build and more under load, so only sanitised builds go without them.
#if defined(__SANITIZE_ADDRESS__)
#define NO_MANUAL_VECTORIZATION
#endif
#include <hnswlib/hnswlib.h>

#include "core/base/status.h"
#include "core/distance/distance.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

float squared_distance(const void* a, const void* b, const void* dims) {
    return distance::l2_squared(static_cast<const float*>(a), static_cast<const float*>(b),
                                *static_cast<const std::size_t*>(dims));
}

class EuclideanSpace final : public hnswlib::SpaceInterface<float> {
  public:
    explicit EuclideanSpace(std::size_t dims) : dims_(dims) {}
    std::size_t get_data_size() override { return dims_ * sizeof(float); }
    hnswlib::DISTFUNC<float> get_dist_func() override { return squared_distance; }
    void* get_dist_func_param() override { return &dims_; }

  private:
    std::size_t dims_;
};

using Index = hnswlib::HierarchicalNSW<float>;

std::size_t element_bytes(std::size_t dims, std::uint32_t m) noexcept {
    return 4 + std::size_t{8} * m + 4 * dims + sizeof(hnswlib::labeltype);
}

void require_room(std::size_t bytes) {
    void* trial = std::malloc(bytes);
    std::free(trial);
    if (trial == nullptr)
        throw Error(StatusCode::kOutOfMemory,
                    "graph under construction needs " + std::to_string(bytes) + " bytes");
}

}  // namespace

struct HnswlibGraph::Impl {
    Impl(const Rows& r, std::uint32_t m, std::uint32_t ef_construction)
        : rows(r), space(r.dims), index(&space, r.n, m, ef_construction) {}

    const float* row(std::uint32_t i) const noexcept { return rows.data + i * rows.stride; }

    Rows rows;
    EuclideanSpace space;
    Index index;
};

HnswlibGraph::HnswlibGraph(const Rows& rows, std::uint32_t m, std::uint32_t ef_construction) {
    require_room(bytes(rows.n, rows.dims, m, 1));
    try {
        impl_ = std::make_unique<Impl>(rows, m, ef_construction);
    } catch (const std::runtime_error& e) {
        throw Error(StatusCode::kOutOfMemory, std::string("hnswlib: ") + e.what());
    }
    Index& index = impl_->index;
    std::memset(static_cast<void*>(index.linkLists_), 0, rows.n * sizeof(char*));
    index.mult_ = 0.0;
    index.metric_distance_computations = 0;
    index.metric_hops = 0;
    index.label_lookup_.reserve(rows.n);
}

HnswlibGraph::~HnswlibGraph() = default;

void HnswlibGraph::insert(std::uint32_t row, unsigned level) {
    try {
        impl_->index.addPoint(impl_->row(row), row, static_cast<int>(level));
    } catch (const std::runtime_error& e) {
        throw Error(StatusCode::kInternal, std::string("hnswlib: ") + e.what());
    }
}

void HnswlibGraph::search(const float* query, std::size_t ef, std::size_t k,
                          std::vector<Hit>& out) const {
    const Index& index = impl_->index;
    const std::size_t dims = impl_->rows.dims;
    const auto distance_to = [&](hnswlib::tableint id) {
        return distance::l2_squared(
            query, reinterpret_cast<const float*>(index.getDataByInternalId(id)), dims);
    };
    hnswlib::tableint current = index.enterpoint_node_;
    float best = distance_to(current);
    for (int level = index.maxlevel_; level > 0; --level) {
        for (bool moved = true; moved;) {
            moved = false;
            hnswlib::linklistsizeint* list = index.get_linklist(current, level);
            const std::size_t count = index.getListCount(list);
            for (std::size_t j = 1; j <= count; ++j) {
                const float d = distance_to(list[j]);
                if (d < best) {
                    best = d;
                    current = list[j];
                    moved = true;
                }
            }
        }
    }
    auto found = index.searchBaseLayerST<false, false>(current, query, std::max(ef, k));
    while (found.size() > k)
        found.pop();
    out.resize(found.size());
    for (std::size_t i = found.size(); i-- > 0; found.pop())
        out[i] = {found.top().first,
                  static_cast<std::uint32_t>(index.getExternalLabel(found.top().second))};
}

unsigned HnswlibGraph::top_level() const noexcept {
    return static_cast<unsigned>(impl_->index.maxlevel_);
}

std::uint32_t HnswlibGraph::entry() const noexcept {
    return static_cast<std::uint32_t>(impl_->index.getExternalLabel(impl_->index.enterpoint_node_));
}

Layer HnswlibGraph::layer(unsigned level, std::vector<std::uint32_t> members) const {
    const Index& index = impl_->index;
    const auto position = [&](std::uint32_t row) {
        if (members.empty())
            return row;
        return static_cast<std::uint32_t>(std::lower_bound(members.begin(), members.end(), row) -
                                          members.begin());
    };
    Layer out;
    out.capacity = static_cast<std::uint32_t>(level == 0 ? index.maxM0_ : index.maxM_);
    const std::size_t count = members.empty() ? index.cur_element_count : members.size();
    out.degree.assign(count, 0);
    out.links.assign(count * out.capacity, kNoNode);
    for (hnswlib::tableint id = 0; id < index.cur_element_count; ++id) {
        if (index.element_levels_[id] < static_cast<int>(level))
            continue;
        const std::size_t member = position(static_cast<std::uint32_t>(index.getExternalLabel(id)));
        hnswlib::linklistsizeint* list = index.get_linklist_at_level(id, static_cast<int>(level));
        const std::uint16_t degree = index.getListCount(list);
        out.degree[member] = degree;
        for (std::uint16_t j = 0; j < degree; ++j)
            out.list(member)[j] =
                position(static_cast<std::uint32_t>(index.getExternalLabel(list[j + 1])));
    }
    out.members = std::move(members);
    return out;
}

std::size_t HnswlibGraph::bytes(std::size_t n, std::size_t dims, std::uint32_t m,
                                unsigned threads) noexcept {
    // Per row: element block, std::mutex, linkLists_ pointer, level, hash node (malloc rounds its
    // 24 bytes to 32) and hash bucket (reserve() takes the next prime, at most about 1.3 n
    // buckets).
    const std::size_t per_row = element_bytes(dims, m) + sizeof(std::mutex) + 8 + 4 + 32 + 11;
    // Upper lists: n / (m - 1) of them on average; 4 standard deviations are covered by the
    // constant and the eighth added. malloc adds up to 32 bytes to each block.
    const std::size_t mean_lists = n / std::max(m - 1, 1u);
    const std::size_t lists = mean_lists + mean_lists / 8 + 64;
    const std::size_t upper = lists * (4 + std::size_t{4} * m + 33);
    // Visited lists, one per thread and one spare; the 65,536 update locks; heaps of running
    // searches.
    const std::size_t fixed = Index::max_update_element_locks * sizeof(std::mutex) + (1 << 20);
    return n * per_row + upper + (threads + std::size_t{1}) * 2 * n + fixed;
}

}  // namespace vg::hnsw
