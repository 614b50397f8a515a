-- Tables of the demo.
SET client_min_messages = warning;
CREATE EXTENSION vectorgraph CASCADE;

CREATE TABLE staging (
    id   integer,      -- rank by frequency in the source, 1 = most frequent
    word text,
    v    vector(100)
);
CREATE TABLE word_link (
    word_a   text,
    word_b   text,
    relation text      -- word_b is this to word_a: 'hypernym' means that word_b is the broader term
);
