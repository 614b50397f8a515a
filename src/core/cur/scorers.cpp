#include "core/cur/scorers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/distance/distance.h"
#include "core/no_postgres.h"

namespace vg::cur {
namespace {

std::vector<double> lengths_of(const Tokens& t) {
    std::vector<double> out;
    out.reserve(t.rows.size());
    for (const float* row : t.rows)
        out.push_back(std::sqrt(static_cast<double>(distance::inner_product(row, row, t.dims))));
    return out;
}

double cosine(const Tokens& a, std::size_t i, double length_a, const Tokens& b, std::size_t j,
              double length_b) {
    if (!(length_a > 0) || !(length_b > 0))
        return 0;
    return distance::inner_product(a.rows[i], b.rows[j], a.dims) / (length_a * length_b);
}

// a' S b
double soft_product(const Tokens& a, std::span<const double> length_a, const Tokens& b,
                    std::span<const double> length_b, const Poll& poll) {
    double sum = 0;
    for (std::size_t i = 0; i < a.rows.size(); ++i) {
        poll();
        for (std::size_t j = 0; j < b.rows.size(); ++j) {
            const double c = std::max(0.0, cosine(a, i, length_a[i], b, j, length_b[j]));
            sum += c * c;
        }
    }
    return sum;
}

// Best local alignment of n with m tokens; similarity(i, j) in [-1, 1].
template <typename Similarity>
double smith_waterman(std::size_t n, std::size_t m, const Similarity& similarity,
                      const Poll& poll) {
    if (n == 0 || m == 0)
        return 0;
    std::vector<double> above(m + 1, 0.0);
    std::vector<double> here(m + 1, 0.0);
    double best = 0;
    for (std::size_t i = 0; i < n; ++i) {
        poll();
        for (std::size_t j = 0; j < m; ++j) {
            const double pair = (similarity(i, j) - kAlignFloor) / (1 - kAlignFloor);
            const double score =
                std::max({0.0, above[j] + pair, above[j + 1] - kAlignGap, here[j] - kAlignGap});
            here[j + 1] = score;
            best = std::max(best, score);
        }
        std::swap(above, here);
    }
    return best / static_cast<double>(n);
}

constexpr std::uint32_t kMark = 0x110000;  // beyond Unicode: the ends of a word

bool separates(std::uint32_t c) {
    return c < 128 && !(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

using Word = std::vector<std::uint64_t>;  // sorted character bigrams

std::vector<Word> words_of(Text text) {
    std::vector<Word> words;
    std::uint32_t last = kMark;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool inside = i < text.size() && !separates(text[i]);
        if (!inside && last == kMark)
            continue;
        if (last == kMark)
            words.emplace_back();
        const std::uint32_t next = inside ? text[i] : kMark;
        words.back().push_back(static_cast<std::uint64_t>(last) << 32 | next);
        last = next;
    }
    for (Word& w : words)
        std::sort(w.begin(), w.end());
    return words;
}

double dice(const Word& a, const Word& b) {
    std::size_t common = 0;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (a[i] == b[j]) {
            ++common;
            ++i;
            ++j;
        } else if (a[i] < b[j]) {
            ++i;
        } else {
            ++j;
        }
    }
    return 2.0 * static_cast<double>(common) / static_cast<double>(a.size() + b.size());
}

}  // namespace

double maxsim(const Tokens& query, const Tokens& document, const Poll& poll) {
    std::vector<const float*> tokens;  // without padding
    for (const float* d : document.rows) {
        if (std::any_of(d, d + document.dims, [](float x) { return x != 0; }))
            tokens.push_back(d);
    }
    double sum = 0;
    for (const float* q : query.rows) {
        poll();
        float best = -std::numeric_limits<float>::infinity();
        for (const float* d : tokens)
            best = std::max(best, distance::inner_product(q, d, query.dims));
        sum += tokens.empty() ? -distance::inner_product(q, q, query.dims) : best;
    }
    return sum;
}

double soft_cosine(const Tokens& query, const Tokens& document, const Poll& poll) {
    const std::vector<double> lq = lengths_of(query);
    const std::vector<double> ld = lengths_of(document);
    const double norm =
        soft_product(query, lq, query, lq, poll) * soft_product(document, ld, document, ld, poll);
    return norm > 0 ? soft_product(query, lq, document, ld, poll) / std::sqrt(norm) : 0;
}

double alignment(const Tokens& query, const Tokens& document, const Poll& poll) {
    const std::vector<double> lq = lengths_of(query);
    const std::vector<double> ld = lengths_of(document);
    return smith_waterman(
        query.rows.size(), document.rows.size(),
        [&](std::size_t i, std::size_t j) { return cosine(query, i, lq[i], document, j, ld[j]); },
        poll);
}

double levenshtein(Text query, Text document, const Poll& poll) {
    if (query.size() < document.size())
        std::swap(query, document);
    const std::size_t longer = query.size();
    if (longer == 0)
        return 1;
    while (!document.empty() && query.front() == document.front()) {
        query = query.subspan(1);
        document = document.subspan(1);
    }
    while (!document.empty() && query.back() == document.back()) {
        query = query.first(query.size() - 1);
        document = document.first(document.size() - 1);
    }
    std::vector<std::uint32_t> row(document.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j)
        row[j] = static_cast<std::uint32_t>(j);
    for (std::size_t i = 0; i < query.size(); ++i) {
        poll();
        std::uint32_t diagonal = row[0]++;
        for (std::size_t j = 0; j < document.size(); ++j) {
            const std::uint32_t replaced = diagonal + (query[i] != document[j]);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
        }
    }
    return 1 - static_cast<double>(row.back()) / static_cast<double>(longer);
}

double alignment(Text query, Text document, const Poll& poll) {
    const std::vector<Word> q = words_of(query);
    const std::vector<Word> d = words_of(document);
    return smith_waterman(
        q.size(), d.size(), [&](std::size_t i, std::size_t j) { return dice(q[i], d[j]); }, poll);
}

}  // namespace vg::cur
