#include "core/metric/ranking.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/no_postgres.h"

namespace vg::metric {
namespace {

std::span<const double> top(std::span<const double> grades, std::size_t k) {
    return grades.first(std::min(k, grades.size()));
}

// False for documents that are not judged: NaN compares false.
bool is_relevant(double grade, double threshold) {
    return grade >= threshold;
}

double gain_of(double grade, Gain gain) {
    if (!(grade > 0.0))
        return 0.0;
    return gain == Gain::kLinear ? grade : std::exp2(grade) - 1.0;
}

// Divided by 2^exponent, which loses nothing.
double dcg(std::span<const double> grades, Gain gain, int exponent) {
    double sum = 0.0;
    for (std::size_t i = 0; i < grades.size(); ++i)
        sum += std::scalbn(gain_of(grades[i], gain), -exponent) /
               std::log2(static_cast<double>(i) + 2.0);
    return sum;
}

// Of the greatest gain among the judged: divided by it no sum overflows or vanishes.
int largest_exponent(const Judged& q, Gain gain) {
    const double largest = q.judged().empty() ? 0.0 : gain_of(q.judged().front(), gain);
    return largest > 0.0 ? std::ilogb(largest) : 0;
}

double ratio(double part, double whole) {
    return whole > 0.0 ? part / whole : 0.0;
}

}  // namespace

double dcg_at(const Judged& q, std::size_t k, Gain gain) {
    const int exponent = largest_exponent(q, gain);
    return std::scalbn(dcg(top(q.run(), k), gain, exponent), exponent);
}

double ndcg_at(const Judged& q, std::size_t k, Gain gain) {
    const int exponent = largest_exponent(q, gain);
    return ratio(dcg(top(q.run(), k), gain, exponent), dcg(top(q.judged(), k), gain, exponent));
}

double ap_at(const Judged& q, std::size_t k, ApNorm norm, double threshold) {
    const std::span<const double> run = top(q.run(), k);
    std::size_t hits = 0;
    double sum = 0.0;
    for (std::size_t i = 0; i < run.size(); ++i) {
        if (is_relevant(run[i], threshold))
            sum += static_cast<double>(++hits) / static_cast<double>(i + 1);
    }
    std::size_t whole = q.relevant(threshold);
    if (norm == ApNorm::kMinRelevantK)
        whole = std::min(whole, k);
    return ratio(sum, static_cast<double>(whole));
}

double rr_at(const Judged& q, std::size_t k, double threshold) {
    const std::span<const double> run = top(q.run(), k);
    for (std::size_t i = 0; i < run.size(); ++i) {
        if (is_relevant(run[i], threshold))
            return 1.0 / static_cast<double>(i + 1);
    }
    return 0.0;
}

std::size_t hits_at(const Judged& q, std::size_t k, double threshold) {
    std::size_t hits = 0;
    for (const double grade : top(q.run(), k))
        hits += is_relevant(grade, threshold);
    return hits;
}

double precision_at(const Judged& q, std::size_t k, double threshold) {
    return static_cast<double>(hits_at(q, k, threshold)) / static_cast<double>(k);
}

double recall_at(const Judged& q, std::size_t k, double threshold) {
    return ratio(static_cast<double>(hits_at(q, k, threshold)),
                 static_cast<double>(q.relevant(threshold)));
}

double success_at(const Judged& q, std::size_t k, double threshold) {
    return hits_at(q, k, threshold) > 0 ? 1.0 : 0.0;
}

double rbp(const Judged& q, double p, double threshold) {
    double sum = 0.0;
    double weight = 1.0 - p;
    for (const double grade : q.run()) {
        if (is_relevant(grade, threshold))
            sum += weight;
        weight *= p;
    }
    return sum;
}

double rbp_graded(const Judged& q, double p) {
    double sum = 0.0;
    double weight = 1.0 - p;
    for (const double grade : q.run()) {
        sum += weight * gain_of(grade, Gain::kLinear);
        weight *= p;
    }
    return sum;
}

double bpref(const Judged& q, double threshold) {
    const std::size_t relevant = q.relevant(threshold);
    if (relevant == 0)
        return 0.0;
    const std::size_t irrelevant = q.relevant(0.0) - relevant;
    const auto bound = static_cast<double>(std::min(relevant, irrelevant));
    std::size_t before = 0;
    double sum = 0.0;
    for (const double grade : q.run()) {
        if (is_relevant(grade, threshold)) {
            sum +=
                before == 0 ? 1.0 : 1.0 - static_cast<double>(std::min(before, relevant)) / bound;
        } else if (grade >= 0.0) {
            ++before;
        }
    }
    return sum / static_cast<double>(relevant);
}

double err_at(const Judged& q, std::size_t k, double max_grade) {
    const double scale = std::exp2(-max_grade);
    double reads = 1.0;  // probability that the user gets this far
    double sum = 0.0;
    const std::span<const double> run = top(q.run(), k);
    for (std::size_t i = 0; i < run.size(); ++i) {
        const double stops = gain_of(run[i], Gain::kExponential) * scale;
        sum += reads * stops / static_cast<double>(i + 1);
        reads *= 1.0 - stops;
    }
    return sum;
}

}  // namespace vg::metric
