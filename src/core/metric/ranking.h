// Ranking metrics of one query, with the definitions of trec_eval where it has one. README.md lists
// the sources and every difference.
//
// Common rules. k >= 1 cuts the ranking off; a ranking shorter than k is not padded. A document is
// relevant when its grade is at least `threshold` > 0; one that is not judged is not relevant.
// Without relevant documents every metric is 0. Results lie in [0, 1], DCG and graded RBP excepted.
// Pure functions; linear in the length of the ranking.
#pragma once

#include <cstddef>

#include "core/metric/judged.h"

namespace vg::metric {

// Gain of a grade in DCG. Grades of 0 and less gain nothing.
enum class Gain : unsigned char {
    kLinear,       // the grade itself (Jarvelin & Kekalainen 2002; trec_eval)
    kExponential,  // 2^grade - 1 (Burges et al. 2005)
};
// 2^grade must be finite.
inline constexpr double kMaxExponentialGrade = 1000.0;

// sum_{i <= k} gain_i / log2(i + 1)
double dcg_at(const Judged& q, std::size_t k, Gain gain);
// DCG divided by that of the best order of all judged documents, retrieved or not.
double ndcg_at(const Judged& q, std::size_t k, Gain gain);

enum class ApNorm : unsigned char {
    kRelevant,     // number of relevant documents R (trec_eval)
    kMinRelevantK  // min(R, k): a perfect top k scores 1
};
// Mean over the relevant documents of the precision at their ranks.
double ap_at(const Judged& q, std::size_t k, ApNorm norm, double threshold);
// 1 / rank of the first relevant document in the top k.
double rr_at(const Judged& q, std::size_t k, double threshold);

std::size_t hits_at(const Judged& q, std::size_t k, double threshold);
double precision_at(const Judged& q, std::size_t k, double threshold);
double recall_at(const Judged& q, std::size_t k, double threshold);
double success_at(const Judged& q, std::size_t k, double threshold);

// Rank-biased precision (Moffat & Zobel 2008), persistence p in (0, 1): (1 - p) sum_i g_i p^(i-1)
// over the whole ranking, g_i = 1 for relevant documents.
double rbp(const Judged& q, double p, double threshold);
// The same with g_i the grade: in [0, 1] only when grades are.
double rbp_graded(const Judged& q, double p);

// Binary preference (Buckley & Voorhees 2004): how few judged, irrelevant documents stand before
// the relevant ones. Documents that are not judged do not matter, nor do those of a negative grade
// (trec_eval reads that as "not judged").
double bpref(const Judged& q, double threshold);

// Expected reciprocal rank (Chapelle et al. 2009): 1 / (rank at which a user stops), who is
// satisfied by a document of grade g with probability (2^g - 1) / 2^max_grade. No grade may exceed
// max_grade.
double err_at(const Judged& q, std::size_t k, double max_grade);

}  // namespace vg::metric
