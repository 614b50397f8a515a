-- What version 0.1.0 has elsewhere or otherwise. All functions and aggregates are replaced after this, from the
-- same text that a new installation runs. A view of a user on a function that must be dropped here keeps
-- the update from happening: the server names the view.

-- The array of signatures is written by make/update-script.sh, from the comments of the internals.
DO $$
DECLARE
    signature pg_catalog.text;
    moved pg_catalog.regprocedure;
BEGIN
    FOREACH signature IN ARRAY ARRAY['ranked_item', 'rated_item', 'paired_t_result'] LOOP
        EXECUTE pg_catalog.format('ALTER TYPE @extschema@.%s SET SCHEMA _vectorgraph', signature);
    END LOOP;
    FOREACH signature IN ARRAY ARRAY[
        -- internals: put here by make/update-script.sh
        NULL]::pg_catalog.text[] LOOP
        moved := pg_catalog.to_regprocedure('@extschema@.' OPERATOR(pg_catalog.||) signature);
        IF moved IS NOT NULL THEN
            EXECUTE pg_catalog.format('ALTER FUNCTION %s SET SCHEMA _vectorgraph', moved);
        END IF;
    END LOOP;
END $$;

-- Other columns, and another argument.
DROP FUNCTION @extschema@.vectorgraph_index_stats(regclass);
DROP FUNCTION @extschema@.cur_flush(regclass);
