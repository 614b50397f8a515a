// Similarities that are worth an index because they are no inner products: late interaction, soft
// cosine, edit distance, alignment. All are symmetric in cost, not in value: the query comes first.
// Larger is more similar. Pure; they allocate what they need and poll once per query token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/poll.h"

namespace vg::cur {

// Token vectors of one text: pointers to `dims` floats each.
struct Tokens {
    std::vector<const float*> rows;
    std::size_t dims = 0;
};

// Late interaction (Khattab & Zaharia, ColBERT, SIGIR 2020): the sum over query tokens of their
// largest inner product with a document token. Document tokens of zeros are padding and left out:
// the zero that they would give is more than a document in another direction gets. A document
// without tokens scores what tokens that point away from every query token would: minus the sum of
// their squared lengths. 0 for an empty query.
double maxsim(const Tokens& query, const Tokens& document, const Poll& poll);

// Soft cosine (Sidorov et al. 2014) of the two bags of tokens under S(a, b) = max(0, cos(a, b))^2:
// q'Sd / sqrt(q'Sq d'Sd), 0 when either has no token with a direction.
double soft_cosine(const Tokens& query, const Tokens& document, const Poll& poll);

// Smith-Waterman local alignment (1981) of the two sequences of tokens over the number of query
// tokens, 0 to 1. A pair of tokens gives (cos - kAlignFloor) / (1 - kAlignFloor), a token left out
// costs kAlignGap.
inline constexpr double kAlignFloor = 0.3;
inline constexpr double kAlignGap = 0.3;
double alignment(const Tokens& query, const Tokens& document, const Poll& poll);

using Text = std::span<const std::uint32_t>;  // code points

// 1 - edits / longer length, where edits are insertions, deletions and replacements of characters
// (Levenshtein 1966). Two empty texts are equal: 1.
double levenshtein(Text query, Text document, const Poll& poll);

// The alignment of words: runs of letters and digits (whatever is not ASCII punctuation, white
// space or control). The similarity of two words is the Dice coefficient of their character
// bigrams, with a mark at either end.
double alignment(Text query, Text document, const Poll& poll);

}  // namespace vg::cur
