#include "core/hnsw/code_prune.h"

#include <algorithm>

#include "core/code/link_code.h"
#include "core/no_postgres.h"

namespace vg::hnsw {

namespace {

bool shadows(const CodedLink& nearer, const CodedLink& link, std::size_t words) noexcept {
    return nearer.diverse && code::estimate_between(nearer.code, nearer.length, link.code,
                                                    link.length, words) < link.length * link.length;
}

void sort_by_length(std::vector<CodedLink>* links) noexcept {
    std::sort(links->begin(), links->end(), [](const CodedLink& a, const CodedLink& b) {
        return a.length < b.length || (a.length == b.length && a.index < b.index);
    });
}

// Whether `link`, farther than all `links` (sorted, not marked yet), is fill. Marks only as many as
// it takes to find one that shadows it.
bool is_fill_behind(std::vector<CodedLink>* links, const CodedLink& link,
                    std::size_t words) noexcept {
    for (auto l = links->begin(); l != links->end(); ++l) {
        l->diverse = std::none_of(links->begin(), l,
                                  [&](const CodedLink& n) { return shadows(n, *l, words); });
        if (shadows(*l, link, words))
            return true;
    }
    return false;
}

}  // namespace

void mark_diverse(std::vector<CodedLink>* links, std::size_t words) noexcept {
    sort_by_length(links);
    for (auto link = links->begin(); link != links->end(); ++link)
        link->diverse = std::none_of(links->begin(), link, [&](const CodedLink& nearer) {
            return shadows(nearer, *link, words);
        });
}

std::size_t choose_victim(const node::SlotView& slot, const std::uint64_t* code, float length,
                          bool force) {
    const auto degree = static_cast<std::uint32_t>(slot.degree());
    std::vector<CodedLink> links;
    links.reserve(degree + 1);
    for (std::uint32_t i = 0; i < degree; ++i)
        links.push_back({slot.length(i), slot.code(i), i, false});
    const std::size_t words = slot.geometry().words;
    const CodedLink added{length, code, degree, false};
    sort_by_length(&links);
    // The usual case, and the answer without judging the whole list.
    if (!force && !links.empty() && length >= links.back().length &&
        is_fill_behind(&links, added, words))
        return kNoVictim;
    links.push_back(added);
    mark_diverse(&links, words);

    const auto pinned = [&](const CodedLink& l) {
        return l.index == degree ? force : slot.link_protected(l.index);
    };
    auto victim = std::find_if(links.rbegin(), links.rend(),
                               [&](const CodedLink& l) { return !l.diverse && !pinned(l); });
    if (victim == links.rend())
        victim = std::find_if_not(links.rbegin(), links.rend(), pinned);
    return victim == links.rend() || victim->index == degree ? kNoVictim : victim->index;
}

}  // namespace vg::hnsw
