#include "pg/boundary/pg.h"

#include "pg/cur/project.h"

#include <algorithm>
#include <cmath>

#include "pg/boundary/context.h"
#include "pg/cur/anchors.h"
#include "pg/cur/pages.h"

namespace vg::pg::cur {
namespace {

void describe_scoring(void* arg) {
    errcontext("scoring rows of index \"%s\" against its anchor queries",
               RelationGetRelationName(static_cast<const Projector*>(arg)->index));
}

void make_room(Projector* p) {
    const vg::cur::MetaData& m = p->meta;
    p->model.anchors = m.anchors;
    p->model.dims = m.dims;
    p->model.components.resize(std::size_t{m.anchors} * m.dims);
    p->codec = {static_cast<vg::cur::Storage>(m.storage), m.dims, std::vector<float>(m.dims),
                std::vector<float>(m.dims)};
    p->columns.resize(std::size_t{kProjectRows} * m.anchors);
    p->means.resize(kProjectRows);
    p->latents.resize(std::size_t{kProjectRows} * m.dims);
    p->row.resize(m.row_bytes);
}

}  // namespace

Projector* new_projector(Relation index, const vg::cur::MetaData& m, MemoryContext context) {
    const MemoryContext old = MemoryContextSwitchTo(context);
    auto* p = enter_cpp([&] {
        auto* made = new_in_context<Projector>(context);
        made->meta = m;
        make_room(made);
        return made;
    });
    p->index = index;
    init_scorer(&p->scorer, index, context);
    p->query = query_type(index);
    const vg::cur::ModelLayout l = vg::cur::model_layout(m.anchors, m.dims, m.anchor_items);
    const std::size_t floats = sizeof(float) * std::size_t{m.dims};
    read_model(index, m, l.low, floats, p->codec.low.data());
    read_model(index, m, l.step, floats, p->codec.step.data());
    read_model(index, m, l.components, floats * m.anchors, p->model.components.data());
    p->anchors = load_anchors(index, m, p->query);
    MemoryContextSwitchTo(old);
    return p;
}

void score_items(Projector* p) {
    ErrorContextCallback context{error_context_stack, describe_scoring, p};
    error_context_stack = &context;
    std::fill_n(p->usable, p->count, true);
    for (std::uint32_t a = 0; a < p->meta.anchors; ++a) {
        call_scorer(&p->scorer, p->anchors[a], p->items, p->known ? p->tids : nullptr, p->count,
                    p->distances, p->nulls);
        for (int i = 0; i < p->count; ++i) {
            const auto score = static_cast<float>(-p->distances[i]);
            p->usable[i] &= !p->nulls[i] && std::isfinite(score);
            p->columns[static_cast<std::size_t>(i) * p->meta.anchors + a] = score;
        }
    }
    error_context_stack = context.previous;
}

void project_items(Projector* p) {
    vg::cur::project(p->model, p->columns.data(), static_cast<std::size_t>(p->count),
                     p->means.data(), p->latents.data());
}

void encode_item(Projector* p, int i) {
    p->codec.encode(p->latents.data() + static_cast<std::size_t>(i) * p->meta.dims, p->row.data());
}

}  // namespace vg::pg::cur
