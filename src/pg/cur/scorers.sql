-- Ready-made scorers and their operator classes. score(query, document): larger is more similar; the
-- operators are distances, minus the score, and take the document first.

-- ---- maxsim
CREATE FUNCTION maxsim(query vector[], document vector[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_maxsim' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION maxsim(vector[], vector[]) IS
    'late interaction: sum over query tokens of the largest inner product with a document token (ColBERT, Khattab & Zaharia 2020); document tokens of zeros do not count, and a document without tokens scores as if it pointed away from every query token; 0 for an empty query; error for mixed dimensions or NULL elements';
CREATE FUNCTION _vectorgraph.maxsim_distance(document vector[], query vector[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_maxsim_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION _vectorgraph.maxsim_distance(vector[], vector[]) IS
    'minus maxsim(query, document): the function of operator <~>';
CREATE OPERATOR <~> (LEFTARG = vector[], RIGHTARG = vector[], FUNCTION = _vectorgraph.maxsim_distance);
COMMENT ON OPERATOR <~> (vector[], vector[]) IS 'negative late interaction';
CREATE OPERATOR CLASS vector_maxsim_ops DEFAULT FOR TYPE vector[] USING cur AS
    OPERATOR 1 <~> (vector[], vector[]) FOR ORDER BY float_ops,
    FUNCTION 1 _vectorgraph.maxsim_distance(vector[], vector[]);
COMMENT ON OPERATOR FAMILY vector_maxsim_ops USING cur IS 'negative late interaction';
COMMENT ON OPERATOR CLASS vector_maxsim_ops USING cur IS 'negative late interaction, operator <~>';

-- ---- soft_cosine
CREATE FUNCTION soft_cosine(query vector[], document vector[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_soft_cosine' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION soft_cosine(vector[], vector[]) IS
    'soft cosine of two bags of token vectors with similarity max(0, cosine) squared (Sidorov et al. 2014), 0 to 1; 0 when either has no token with a direction; error for mixed dimensions or NULL elements';
CREATE FUNCTION _vectorgraph.soft_cosine_distance(document vector[], query vector[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_soft_cosine_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION _vectorgraph.soft_cosine_distance(vector[], vector[]) IS
    'minus soft_cosine(query, document): the function of operator <~=>';
CREATE OPERATOR <~=> (LEFTARG = vector[], RIGHTARG = vector[], FUNCTION = _vectorgraph.soft_cosine_distance);
COMMENT ON OPERATOR <~=> (vector[], vector[]) IS 'negative soft cosine';
CREATE OPERATOR CLASS vector_soft_cosine_ops FOR TYPE vector[] USING cur AS
    OPERATOR 1 <~=> (vector[], vector[]) FOR ORDER BY float_ops,
    FUNCTION 1 _vectorgraph.soft_cosine_distance(vector[], vector[]);
COMMENT ON OPERATOR FAMILY vector_soft_cosine_ops USING cur IS 'negative soft cosine';
COMMENT ON OPERATOR CLASS vector_soft_cosine_ops USING cur IS 'negative soft cosine, operator <~=>';

-- ---- alignment_similarity
CREATE FUNCTION alignment_similarity(query vector[], document vector[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_vector_alignment' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION alignment_similarity(vector[], vector[]) IS
    'Smith-Waterman local alignment of two sequences of token vectors, pairs scored by cosine, divided by the number of query tokens, 0 to 1; error for mixed dimensions or NULL elements';
CREATE FUNCTION _vectorgraph.alignment_distance(document vector[], query vector[]) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_vector_alignment_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION _vectorgraph.alignment_distance(vector[], vector[]) IS
    'minus alignment_similarity(query, document): the function of operator <~~>';
CREATE OPERATOR <~~> (LEFTARG = vector[], RIGHTARG = vector[], FUNCTION = _vectorgraph.alignment_distance);
COMMENT ON OPERATOR <~~> (vector[], vector[]) IS 'negative alignment';
CREATE OPERATOR CLASS vector_alignment_ops FOR TYPE vector[] USING cur AS
    OPERATOR 1 <~~> (vector[], vector[]) FOR ORDER BY float_ops,
    FUNCTION 1 _vectorgraph.alignment_distance(vector[], vector[]);
COMMENT ON OPERATOR FAMILY vector_alignment_ops USING cur IS 'negative alignment';
COMMENT ON OPERATOR CLASS vector_alignment_ops USING cur IS 'negative alignment, operator <~~>';

-- ---- levenshtein_similarity of text
CREATE FUNCTION levenshtein_similarity(query text, document text) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_levenshtein' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION levenshtein_similarity(text, text) IS
    '1 - edits / length of the longer text, edits being insertions, deletions and replacements of characters (Levenshtein 1966), 0 to 1';
CREATE FUNCTION _vectorgraph.levenshtein_distance(document text, query text) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_levenshtein_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION _vectorgraph.levenshtein_distance(text, text) IS
    'minus levenshtein_similarity(query, document): the function of operator <~#>';
CREATE FUNCTION levenshtein_distances(documents text[], query text) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_levenshtein_distances' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION levenshtein_distances(text[], text) IS
    'levenshtein_distance of every document to the query, in the order of the documents';
CREATE OPERATOR <~#> (LEFTARG = text, RIGHTARG = text, FUNCTION = _vectorgraph.levenshtein_distance);
COMMENT ON OPERATOR <~#> (text, text) IS 'negative normalised Levenshtein similarity';
CREATE OPERATOR CLASS text_levenshtein_ops FOR TYPE text USING cur AS
    OPERATOR 1 <~#> (text, text) FOR ORDER BY float_ops,
    FUNCTION 1 _vectorgraph.levenshtein_distance(text, text),
    FUNCTION 2 levenshtein_distances(text[], text);
COMMENT ON OPERATOR FAMILY text_levenshtein_ops USING cur IS 'negative normalised Levenshtein similarity';
COMMENT ON OPERATOR CLASS text_levenshtein_ops USING cur IS 'negative normalised Levenshtein similarity, operator <~#>';

-- ---- alignment_similarity of text
CREATE FUNCTION alignment_similarity(query text, document text) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_text_alignment' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION alignment_similarity(text, text) IS
    'Smith-Waterman local alignment of two sequences of words, pairs scored by the Dice coefficient of character bigrams, divided by the number of query words, 0 to 1; case matters';
CREATE FUNCTION _vectorgraph.alignment_distance(document text, query text) RETURNS double precision
    AS 'MODULE_PATHNAME', 'vg_text_alignment_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION _vectorgraph.alignment_distance(text, text) IS
    'minus alignment_similarity(query, document): the function of operator <~~>';
CREATE FUNCTION alignment_distances(documents text[], query text) RETURNS double precision[]
    AS 'MODULE_PATHNAME', 'vg_text_alignment_distances' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION alignment_distances(text[], text) IS
    'alignment_distance of every document to the query, in the order of the documents';
CREATE OPERATOR <~~> (LEFTARG = text, RIGHTARG = text, FUNCTION = _vectorgraph.alignment_distance);
COMMENT ON OPERATOR <~~> (text, text) IS 'negative alignment';
CREATE OPERATOR CLASS text_alignment_ops FOR TYPE text USING cur AS
    OPERATOR 1 <~~> (text, text) FOR ORDER BY float_ops,
    FUNCTION 1 _vectorgraph.alignment_distance(text, text),
    FUNCTION 2 alignment_distances(text[], text);
COMMENT ON OPERATOR FAMILY text_alignment_ops USING cur IS 'negative alignment';
COMMENT ON OPERATOR CLASS text_alignment_ops USING cur IS 'negative alignment, operator <~~>';
