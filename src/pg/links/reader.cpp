#include "pg/boundary/pg.h"

#include "pg/links/reader.h"

#include <algorithm>
#include <limits>

#include "core/base/status.h"
#include "pg/boundary/arguments.h"
#include "pg/boundary/boundary.h"

namespace vg::pg::links {
namespace {

// links_sql without a kind column.
constexpr const char* kSqlKind = "link";

std::string_view view(const text* t) {
    return {VARDATA_ANY(t), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(t))};
}

bool by_source(const Link& a, const Link& b) {
    return a.source < b.source;
}

}  // namespace

Kinds::Kinds(std::pmr::memory_resource* memory) : numbers_(memory), names_(memory) {
    number(kNeighbourKind);
}

std::uint16_t Kinds::number(std::string_view name) {
    const auto next = static_cast<std::uint16_t>(names_.size());
    std::pmr::string key(name, names_.get_allocator().resource());
    const auto [at, added] = numbers_.try_emplace(std::move(key), next);
    if (added) {
        if (names_.size() > std::numeric_limits<std::uint16_t>::max())
            throw Error(StatusCode::kLimitExceeded, "links have more than 65535 kinds");
        names_.emplace_back(name);
    }
    return at->second;
}

Datum key_array(const Keys& keys, Oid array_type, std::span<const graph::Vertex> vertices,
                MemoryContext into) {
    struct Item {
        int64 number;
        pg_uuid_t uuid;
        const char* text;
        std::size_t length;
    };
    std::vector<Item> items;
    for (const graph::Vertex v : vertices) {
        Item item{};
        item.number = v;
        if (array_type == UUIDARRAYOID && !keys.to_uuid(v, item.uuid.data))
            continue;
        if (array_type == TEXTARRAYOID) {
            item.text = keys.text(v).data();
            item.length = keys.text(v).size();
        }
        items.push_back(item);
    }
    const Item* first = items.data();
    const std::size_t n = items.size();
    return call_pg([&] {
        const MemoryContext old = MemoryContextSwitchTo(into);
        auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * (n + 1)));
        for (std::size_t i = 0; i < n; ++i) {
            if (array_type == INT8ARRAYOID)
                values[i] = Int64GetDatum(first[i].number);
            else if (array_type == UUIDARRAYOID)
                values[i] = UUIDPGetDatum(&first[i].uuid);
            else
                values[i] = PointerGetDatum(
                    cstring_to_text_with_len(first[i].text, static_cast<int>(first[i].length)));
        }
        const Oid type = get_element_type(array_type);
        int16 length;
        bool by_value;
        char align;
        get_typlenbyvalalign(type, &length, &by_value, &align);
        const Datum array = PointerGetDatum(
            construct_array(values, static_cast<int>(n), type, length, by_value, align));
        MemoryContextSwitchTo(old);
        return array;
    });
}

LinkReader::LinkReader(const LinkRequest& request, Keys& keys, Kinds& kinds, MemoryContext scratch,
                       std::pmr::memory_resource* memory)
    : request_(request),
      keys_(keys),
      kinds_(kinds),
      scratch_(scratch),
      wanted_(memory),
      loaded_(memory),
      position_(memory),
      undirected_(memory) {
    if (request.kinds == 0)
        return;
    const ArrayItems items =
        call_pg([&] { return array_items(DatumGetArrayTypeP(request_.kinds)); });
    for (int i = 0; i < items.n; ++i)
        wanted_.push_back(view(reinterpret_cast<const text*>(DatumGetPointer(items.values[i]))));
}

bool LinkReader::admits(std::string_view kind) const {
    return request_.kinds == 0 || std::find(wanted_.begin(), wanted_.end(), kind) != wanted_.end();
}

bool LinkReader::take(const LinkTuple& tuple, const char* label, const bool* directed, Link& out) {
    const std::string_view kind = tuple.kind != nullptr ? view(tuple.kind) : label;
    if (!(tuple.weight > 0.0f) || !admits(kind))
        return false;
    out = {keys_.of_sql(tuple.source), keys_.of_sql(tuple.target), tuple.weight,
           kinds_.number(kind), directed != nullptr ? *directed : tuple.directed};
    if (!out.directed) {
        if (out.kind >= undirected_.size())
            undirected_.resize(out.kind + std::size_t{1});
        undirected_[out.kind] = true;
    }
    return true;
}

void LinkReader::read_set(const LinkSet& set, std::span<const graph::Vertex> asked,
                          graph::Arcs& out) {
    // A set without kind column has one kind, and may be ruled out as a whole.
    if (set.kind == nullptr && !admits(set.label))
        return;
    struct Types {
        Oid source;
        Oid target;
    };
    const KeyClass key_class = keys_.key_class();
    const Types types = call_pg([&] {
        return Types{key_array_type(checked_key_column(set.table, set.source, key_class)),
                     key_array_type(checked_key_column(set.table, set.target, key_class))};
    });
    LinkQuery query{&set, key_class, key_array(keys_, types.source, asked, scratch_), 0,
                    request_.kinds};
    query.target_keys = types.target == types.source
                            ? query.source_keys
                            : key_array(keys_, types.target, asked, scratch_);
    const LinkTuples tuples = call_pg([&] { return run_link_query(query, scratch_); });
    for (uint64 i = 0; i < tuples.n; ++i) {
        Link link;
        if (!take(tuples.rows[i], set.label, &set.directed, link))
            continue;
        const auto at = position_.find(link.source);
        if (at != position_.end())
            out.push_back({at->second, link.kind, link.weight, link.target});
    }
}

void LinkReader::read(std::span<const graph::Vertex> asked, graph::Arcs& out) {
    if (asked.empty())
        return;
    if (request_.links_sql != nullptr) {
        load_sql();
        for (std::uint32_t i = 0; i < asked.size(); ++i) {
            const Link key{asked[i], 0, 0, 0, false};
            const auto [begin, end] =
                std::equal_range(loaded_.begin(), loaded_.end(), key, by_source);
            for (auto link = begin; link != end; ++link)
                out.push_back({i, link->kind, link->weight, link->target});
        }
        return;
    }
    MemoryContextReset(scratch_);
    position_.clear();
    for (std::uint32_t i = 0; i < asked.size(); ++i)
        position_.emplace(asked[i], i);
    for (int s = 0; s < request_.sets.n; ++s)
        read_set(request_.sets.sets[s], asked, out);
}

void LinkReader::load_sql() {
    if (sql_loaded_)
        return;
    sql_loaded_ = true;
    MemoryContextReset(scratch_);
    const KeyClass key_class = keys_.key_class();
    const LinkTuples tuples =
        call_pg([&] { return run_links_sql(request_.links_sql, key_class, scratch_); });
    for (uint64 i = 0; i < tuples.n; ++i) {
        Link link;
        if (!take(tuples.rows[i], kSqlKind, nullptr, link))
            continue;
        loaded_.push_back(link);
        if (!link.directed) {
            std::swap(link.source, link.target);
            loaded_.push_back(link);
        }
    }
    std::sort(loaded_.begin(), loaded_.end(), by_source);
    MemoryContextReset(scratch_);
}

void LinkReader::read_all(std::pmr::vector<Link>& out) {
    MemoryContextReset(scratch_);
    const KeyClass key_class = keys_.key_class();
    const auto take_all = [&](const LinkTuples& tuples, const char* label, const bool* directed) {
        for (uint64 i = 0; i < tuples.n; ++i) {
            Link link;
            if (!take(tuples.rows[i], label, directed, link))
                continue;
            out.push_back(link);
        }
        MemoryContextReset(scratch_);
    };
    if (request_.links_sql != nullptr) {
        take_all(call_pg([&] { return run_links_sql(request_.links_sql, key_class, scratch_); }),
                 kSqlKind, nullptr);
        return;
    }
    for (int s = 0; s < request_.sets.n; ++s) {
        const LinkSet& set = request_.sets.sets[s];
        if (set.kind == nullptr && !admits(set.label))
            continue;
        const LinkQuery query{&set, key_class, 0, 0, request_.kinds};
        take_all(call_pg([&] { return run_link_query(query, scratch_); }), set.label,
                 &set.directed);
    }
}

}  // namespace vg::pg::links
