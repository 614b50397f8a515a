// The only file that includes hnswlib. Its graph, its link selection and its back-links are used as
// they are. The search that finds the candidates of an insert is ours, because that is where a
// build spends its time: hnswlib's compares as it goes, so that every comparison waits for memory,
// and holds a list's lock meanwhile. What else is worked around in releases 0.6.2 to 0.9:
//  * Levels come from a generator shared without a lock, and a level of 0 cannot be asked for.
//    insert() sets the level itself.
//  * A SpaceInterface of ours compares records of RowCodes.
//  * hnswlib would keep a copy of every record beside its list. Here the block of lists and records
//    is the one of RowCodes, and a row's number is its id in hnswlib, so that labels are not needed
//    either: the block that the constructor asks for is made small and given back.
//  * linkLists_ is left uninitialised and freed by level: an allocation that fails in the middle of
//    an insert would free a wild pointer. It is zeroed right after construction.
//  * The constructor leaks what it already allocated when a later allocation fails; a trial
//    allocation of as much comes first.
//  * label_lookup_ would cost a hash node per row and is not needed: no row is inserted twice.
//
// Lock order of inserts: `global` (entry point) first, then the inserted node's own list lock, held
// until all its lists are there, then one other list lock at a time. Two inserts cannot wait for
// each other: all searches of an insert come before it takes its own lock, so each links only to
// nodes whose lists were there by then.
#include "core/hnsw/hnswlib_graph.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <queue>
#include <stdexcept>
#include <string>
#include <utility>

// hnswlib's own prefetches read the id behind the last one of a list; its searches are not used.
#include <hnswlib/hnswlib.h>

#include "core/base/large_blocks.h"
#include "core/base/status.h"

#include "core/no_postgres.h"

namespace vg::hnsw {
namespace {

float code_distance(const void* a, const void* b, const void* codes) {
    return static_cast<const RowCodes*>(codes)->between(static_cast<const std::byte*>(a),
                                                        static_cast<const std::byte*>(b));
}

class CodeSpace final : public hnswlib::SpaceInterface<float> {
  public:
    explicit CodeSpace(const RowCodes& codes) : codes_(&codes) {}
    // Of the block that is given back at once.
    std::size_t get_data_size() override { return 0; }
    hnswlib::DISTFUNC<float> get_dist_func() override { return code_distance; }
    void* get_dist_func_param() override { return const_cast<RowCodes*>(codes_); }

  private:
    const RowCodes* codes_;
};

using Index = hnswlib::HierarchicalNSW<float>;
// As hnswlib's link selection takes them: farthest on top.
using Candidates =
    std::priority_queue<std::pair<float, hnswlib::tableint>,
                        std::vector<std::pair<float, hnswlib::tableint>>, Index::CompareByFirst>;

void require_room(std::size_t bytes) {
    void* trial = std::malloc(bytes);
    std::free(trial);
    if (trial == nullptr)
        throw Error(StatusCode::kOutOfMemory,
                    "graph under construction needs " + std::to_string(bytes) + " bytes");
}

// Working space of one thread.
struct Scratch {
    struct Entry {
        float distance;
        std::uint32_t id;  // top bit: expanded
    };
    std::vector<std::uint8_t> seen;  // per node: the last search that met it
    std::uint8_t search = 0;
    std::vector<Entry> pool;  // ascending, at most ef
    std::vector<std::uint32_t> ids;
    std::vector<std::vector<Entry>> found;  // of an insert, by level

    void begin(std::size_t n) {
        if (seen.empty())
            seen.assign(n, 0);
        if (++search == 0) {
            std::fill(seen.begin(), seen.end(), std::uint8_t{0});
            search = 1;
        }
        pool.clear();
    }
};

// Locks that hnswlib makes for updates and deletions of rows, in every release.
constexpr std::size_t kUpdateLocks = 65536;

constexpr std::uint32_t kExpanded = 0x80000000u;

// Whether the nearest of these is so much nearer than the others that the row is a near-copy of it.
bool is_copy(const std::vector<Scratch::Entry>& found) noexcept {
    constexpr std::size_t kOthers = 12;
    constexpr float kTinySquared = 1.0f / 256;
    return found.size() >= kOthers && found.front().distance >= 0 &&
           found.front().distance < kTinySquared * found[kOthers - 1].distance;
}

void prefetch_list(const void* start, std::size_t bytes) noexcept {
    const char* p = static_cast<const char*>(start);
    for (std::size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch(p + at);
    __builtin_prefetch(p + bytes - 1);
}

}  // namespace

struct HnswlibGraph::Impl {
    Impl(RowCodes& c, std::size_t n, std::uint32_t m, std::uint32_t ef_construction,
         unsigned threads)
        : codes(c), space(c), index(&space, n, m, ef_construction), scratch(threads) {
        std::memset(static_cast<void*>(index.linkLists_), 0, n * sizeof(char*));
        std::free(index.data_level0_memory_);
        index.data_level0_memory_ = reinterpret_cast<char*>(c.blocks());
        index.data_size_ = c.record_bytes();
        index.size_data_per_element_ = c.block_bytes();
        // Lists of upper levels are freed for so many ids; rows that are not in have none.
        index.cur_element_count = n;
    }
    // The block stays with the codes.
    ~Impl() { index.data_level0_memory_ = nullptr; }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    const std::byte* record(std::uint32_t id) const noexcept { return codes.record(id); }

    // Copies a list. `shared`: inserts are running.
    void read_list(std::uint32_t id, int level, bool shared, std::vector<std::uint32_t>& out) {
        std::unique_lock<std::mutex> lock;
        if (shared)
            lock = std::unique_lock(index.link_list_locks_[id]);
        hnswlib::linklistsizeint* list = index.get_linklist_at_level(id, level);
        out.assign(list + 1, list + 1 + index.getListCount(list));
    }

    // Goes down from the entry to `level`, on each level to the node nearest to the query.
    std::uint32_t descend(const std::byte* query, std::uint32_t entry, int from, int level,
                          bool shared, Scratch& s) {
        std::uint32_t current = entry;
        float best = codes.between(query, record(current));
        for (int l = from; l > level; --l) {
            for (bool moved = true; moved;) {
                moved = false;
                read_list(current, l, shared, s.ids);
                for (const std::uint32_t id : s.ids)
                    codes.prefetch(id);
                for (const std::uint32_t id : s.ids) {
                    const float d = codes.between(query, record(id));
                    if (d < best) {
                        best = d;
                        current = id;
                        moved = true;
                    }
                }
            }
        }
        return current;
    }

    // Leaves the ef nearest nodes that a beam finds on one level in s.pool, nearest first.
    void search_level(const std::byte* query, std::uint32_t entry, int level, std::size_t ef,
                      bool shared, Scratch& s) {
        s.begin(codes_rows());
        s.seen[entry] = s.search;
        s.pool.push_back({codes.between(query, record(entry)), entry});
        for (std::size_t cursor = 0; cursor < s.pool.size();) {
            if ((s.pool[cursor].id & kExpanded) != 0) {
                ++cursor;
                continue;
            }
            const std::uint32_t node = s.pool[cursor].id;
            s.pool[cursor].id |= kExpanded;
            read_list(node, level, shared, s.ids);
            // First ask for the memory of all new candidates, then compare them.
            std::size_t fresh = 0;
            for (const std::uint32_t id : s.ids) {
                if (s.seen[id] == s.search)
                    continue;
                s.seen[id] = s.search;
                codes.prefetch(id);
                s.ids[fresh++] = id;
            }
            for (std::size_t i = 0; i < fresh; ++i) {
                const float d = codes.between(query, record(s.ids[i]));
                if (s.pool.size() == ef) {
                    if (d >= s.pool.back().distance)
                        continue;
                    s.pool.pop_back();
                }
                const auto at = std::upper_bound(
                    s.pool.begin(), s.pool.end(), d,
                    [](float x, const Scratch::Entry& e) { return x < e.distance; });
                const auto position = static_cast<std::size_t>(at - s.pool.begin());
                s.pool.insert(at, {d, s.ids[i]});
                if (position <= cursor) {
                    cursor = position;
                    prefetch_list(index.get_linklist_at_level(s.ids[i], level),
                                  index.size_links_per_element_);
                    __builtin_prefetch(&index.link_list_locks_[s.ids[i]]);
                }
            }
        }
    }

    std::size_t codes_rows() const noexcept { return index.max_elements_; }

    RowCodes& codes;
    CodeSpace space;
    Index index;
    std::vector<Scratch> scratch;
};

HnswlibGraph::HnswlibGraph(const Rows& rows, RowCodes& codes, std::uint32_t m,
                           std::uint32_t ef_construction, unsigned threads) {
    if (codes.room() != list_bytes(m))
        throw Error(StatusCode::kInvalidArgument, "codes without room for the lists of a graph");
    require_room(bytes(rows.n, m, 1) + rows.n * list_bytes(m));
    try {
        impl_ = std::make_unique<Impl>(codes, rows.n, m, ef_construction, threads);
    } catch (const std::runtime_error& e) {
        throw Error(StatusCode::kOutOfMemory, std::string("hnswlib: ") + e.what());
    }
}

HnswlibGraph::~HnswlibGraph() = default;

bool HnswlibGraph::insert(std::uint32_t row, unsigned top, unsigned worker, bool refuse_copies) {
    Index& index = impl_->index;
    Scratch& s = impl_->scratch[worker];
    const int level = static_cast<int>(top);
    const std::byte* query = impl_->codes.record(row);

    std::unique_lock entry_lock(index.global);
    const int top_before = index.maxlevel_;
    hnswlib::tableint current = index.enterpoint_node_;
    // A node that becomes the entry keeps others out until it is linked.
    if (level <= top_before)
        entry_lock.unlock();
    s.found.resize(static_cast<std::size_t>(std::max(std::min(level, top_before) + 1, 0)));
    if (top_before >= 0) {
        if (level < top_before)
            current = impl_->descend(query, current, top_before, level, true, s);
        for (int l = std::min(level, top_before); l >= 0; --l) {
            impl_->search_level(query, current, l, index.ef_construction_, true, s);
            for (Scratch::Entry& e : s.pool)
                e.id &= ~kExpanded;
            current = s.pool.front().id;
            s.found[static_cast<std::size_t>(l)] = s.pool;
        }
        if (refuse_copies && is_copy(s.found.front()))
            return false;
    }

    const hnswlib::tableint id = row;
    const std::unique_lock own_lock(index.link_list_locks_[id]);
    index.element_levels_[id] = level;
    if (level > 0) {
        // Freed by hnswlib.
        const std::size_t bytes = index.size_links_per_element_ * top;
        index.linkLists_[id] = static_cast<char*>(std::calloc(1, bytes));
        if (index.linkLists_[id] == nullptr)
            throw std::bad_alloc();
    }
    try {
        for (std::size_t l = s.found.size(); l-- > 0;) {
            Candidates found;
            for (const Scratch::Entry& e : s.found[l])
                found.emplace(e.distance, e.id);
            index.mutuallyConnectNewElement(query, id, found, static_cast<int>(l), false);
        }
    } catch (const std::runtime_error& e) {
        throw Error(StatusCode::kInternal, std::string("hnswlib: ") + e.what());
    }
    if (level > top_before) {
        index.enterpoint_node_ = id;
        index.maxlevel_ = level;
    }
    return true;
}

void HnswlibGraph::search(std::uint32_t row, std::size_t ef, std::size_t k, unsigned worker,
                          std::vector<Hit>& out) const {
    const Index& index = impl_->index;
    Scratch& s = impl_->scratch[worker];
    const std::byte* query = impl_->codes.record(row);
    const std::uint32_t start =
        impl_->descend(query, index.enterpoint_node_, index.maxlevel_, 0, false, s);
    impl_->search_level(query, start, 0, std::max(ef, k), false, s);
    out.clear();
    for (std::size_t i = 0; i < std::min(k, s.pool.size()); ++i)
        out.push_back({s.pool[i].distance, s.pool[i].id & ~kExpanded});
}

unsigned HnswlibGraph::top_level() const noexcept {
    return static_cast<unsigned>(impl_->index.maxlevel_);
}

std::uint32_t HnswlibGraph::entry() const noexcept {
    return impl_->index.enterpoint_node_;
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
    const std::size_t count = members.empty() ? std::size_t{index.max_elements_} : members.size();
    out.degree.assign(count, 0);
    out.links.assign(count * out.capacity, kNoNode);
    for (hnswlib::tableint id = 0; id < index.max_elements_; ++id) {
        if (index.element_levels_[id] < static_cast<int>(level))
            continue;
        const std::size_t member = position(id);
        hnswlib::linklistsizeint* list = index.get_linklist_at_level(id, static_cast<int>(level));
        const std::uint16_t degree = index.getListCount(list);
        out.degree[member] = degree;
        for (std::uint16_t j = 0; j < degree; ++j)
            out.list(member)[j] = position(list[j + 1]);
    }
    out.members = std::move(members);
    return out;
}

std::size_t HnswlibGraph::list_bytes(std::uint32_t m) noexcept {
    return sizeof(hnswlib::linklistsizeint) + std::size_t{2} * m * sizeof(hnswlib::tableint);
}

std::size_t HnswlibGraph::bytes(std::size_t n, std::uint32_t m, unsigned threads) noexcept {
    // Per row: std::mutex, linkLists_ pointer, level, hnswlib's visited list, and which search of
    // which thread saw the row.
    const std::size_t per_row = sizeof(std::mutex) + 8 + 4 + 2 + threads;
    // Upper lists: 4 standard deviations are covered by the
    // constant and the eighth added. malloc adds up to 32 bytes to each block.
    const std::size_t mean_lists = mean_upper_lists(n, m);
    const std::size_t lists = mean_lists + mean_lists / 8 + 64;
    const std::size_t upper = lists * (4 + std::size_t{4} * m + 33);
    // The update locks; pools of running searches.
    const std::size_t fixed = kUpdateLocks * sizeof(std::mutex) + (1 << 20);
    return n * per_row + upper + fixed;
}

}  // namespace vg::hnsw
