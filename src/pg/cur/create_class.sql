-- From a user's scorer to an operator class of cur. Superusers call it: names and operators of its
-- body are looked up in pg_catalog only, whatever the caller's search_path holds. The path is put
-- back at the end, and by any error.

CREATE FUNCTION cur_functions_hash(functions regprocedure[]) RETURNS text
    AS 'MODULE_PATHNAME', 'vg_cur_functions_hash' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION cur_functions_hash(regprocedure[]) IS
    'what functions are made of (body, library, settings; not their names and OIDs), as a hash: for version functions of cur operator classes';

CREATE FUNCTION cur_create_class(
    class_name text,
    score regprocedure DEFAULT NULL,
    batch regprocedure DEFAULT NULL,
    seed regprocedure DEFAULT NULL,
    operator_name text DEFAULT '<~>',
    cost real DEFAULT 10000,
    version regprocedure DEFAULT NULL)
    RETURNS text
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
AS $$
DECLARE
    given record;
    one record;
    item oid;
    query oid;
    space text;
    distance text;
    distances text;
    versions text;
    functions text[];
    path text := pg_catalog.current_setting('search_path');
    creation_schema text := pg_catalog.current_schema();
    seeds text := '';
    volatility text;
    parallel text;
    score_name text;
    batch_name text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    IF class_name IS NULL OR class_name !~ '^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$' THEN
        RAISE EXCEPTION 'class name "%" cannot be used', class_name
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Give a lower-case name of letters, digits and underscores, with a schema or without.';
    END IF;
    IF operator_name IS NULL OR operator_name !~ '^[-+*/<>=~!@#%^&|`?]+$' THEN
        RAISE EXCEPTION 'operator name "%" cannot be used', operator_name
            USING ERRCODE = 'invalid_parameter_value', HINT = 'An operator such as <~> has no letters.';
    END IF;
    IF cost IS NULL OR NOT cost > 0 OR cost = 'Infinity' THEN
        RAISE EXCEPTION 'cost must be a positive number' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF score IS NULL AND batch IS NULL THEN
        RAISE EXCEPTION 'a scorer is needed' USING ERRCODE = 'null_value_not_allowed',
            HINT = 'Give score(query, item), batch(query, items[]) or both.';
    END IF;
    FOR given IN SELECT * FROM (VALUES (score, false), (batch, true)) v(oid, many) WHERE v.oid IS NOT NULL LOOP
        SELECT format('%I.%I', n.nspname, p.proname) AS name, p.pronargs, p.proargtypes[0] AS first, p.proargtypes[1] AS second, p.prorettype, p.proretset,
            p.provolatile, p.proparallel, CASE WHEN given.many THEN t.typelem ELSE p.proargtypes[1] END AS item
            INTO one FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            LEFT JOIN pg_catalog.pg_type t ON t.oid = p.proargtypes[1]
            WHERE p.oid = given.oid;
        IF one.pronargs IS DISTINCT FROM 2 OR one.proretset OR one.item = 0
            OR one.prorettype <> ALL (CASE WHEN given.many THEN '{float8[],float4[]}'::regtype[]
                                      ELSE '{float8,float4}'::regtype[] END) THEN
            RAISE EXCEPTION 'function % is no scorer', given.oid::regprocedure
                USING ERRCODE = 'datatype_mismatch',
                    DETAIL = CASE WHEN given.many
                        THEN 'A batch scorer takes (query, items[]) and returns double precision[] or real[].'
                        ELSE 'A scorer takes (query, item) and returns double precision or real.' END,
                    HINT = 'Wrap it: docs/cur.md has wrappers for functions of other shapes.';
        END IF;
        IF one.provolatile = 'v' THEN
            RAISE EXCEPTION 'function % is volatile', given.oid::regprocedure
                USING ERRCODE = 'invalid_parameter_value',
                    HINT = 'Declare it STABLE or IMMUTABLE: the same query and item must get the same score.';
        END IF;
        IF item IS NOT NULL AND (item <> one.item OR query <> one.first) THEN
            RAISE EXCEPTION 'functions % and % take different types', score, batch
                USING ERRCODE = 'datatype_mismatch';
        END IF;
        IF given.many THEN
            batch_name := one.name;
        ELSE
            score_name := one.name;
        END IF;
        item := one.item;
        query := one.first;
        parallel := CASE WHEN one.proparallel = 'u' OR parallel = 'UNSAFE' THEN 'UNSAFE'
            WHEN one.proparallel = 'r' OR parallel = 'RESTRICTED' THEN 'RESTRICTED' ELSE 'SAFE' END;
        volatility := CASE WHEN one.provolatile = 's' OR volatility = 'STABLE' THEN 'STABLE' ELSE 'IMMUTABLE' END;
    END LOOP;

    IF version IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc p
            WHERE p.oid = version AND p.pronargs = 0 AND p.prorettype = 'text'::regtype AND NOT p.proretset AND p.provolatile <> 'v') THEN
        RAISE EXCEPTION 'function % tells no version', version
            USING ERRCODE = 'datatype_mismatch', DETAIL = 'A version function takes nothing, returns text, and is STABLE or IMMUTABLE.';
    END IF;

    space := CASE WHEN class_name LIKE '%.%' THEN split_part(class_name, '.', 1) ELSE creation_schema END;
    IF space IS NULL THEN
        RAISE EXCEPTION 'no schema to create the class in' USING ERRCODE = 'undefined_schema';
    END IF;
    class_name := CASE WHEN class_name LIKE '%.%' THEN split_part(class_name, '.', 2) ELSE class_name END;
    distance := format('%I.%I', space, class_name || '_distance');
    distances := format('%I.%I', space, class_name || '_distances');
    versions := format('%I.%I', space, class_name || '_version');

    -- Not in SQL: the planner would inline it, and no longer see the operator that the index knows.
    EXECUTE format('CREATE FUNCTION %s(item %s, query %s) RETURNS double precision LANGUAGE plpgsql %s STRICT PARALLEL %s COST %s AS %L',
        distance, item::regtype, query::regtype, volatility, parallel, cost,
        CASE WHEN score IS NOT NULL THEN format('BEGIN RETURN -%s($2, $1); END', score_name)
        ELSE format('BEGIN RETURN -(%s($2, ARRAY[$1]))[1]; END', batch_name) END);
    IF batch IS NOT NULL THEN
        -- The order of the answers is that of the array; a NULL or a wrong number of them stays what it is.
        EXECUTE format('CREATE FUNCTION %s(items %s[], query %s) RETURNS double precision[] LANGUAGE sql %s STRICT PARALLEL %s COST %s AS %L',
            distances, item::regtype, query::regtype, volatility, parallel, cost,
            format('SELECT pg_catalog.array_agg(-s::double precision ORDER BY i) FROM pg_catalog.unnest(%s($2, $1)) WITH ORDINALITY u(s, i)',
                batch_name));
    END IF;
    -- The wrappers stay what they are when the scorer is replaced: its own definition is part of the version.
    functions := array_remove(ARRAY[score::text, batch::text], NULL);
    -- Its body is parsed now: whoever builds the index, such as a restore before it grants anything, need not look into
    -- the schema of the extension. The scorers are found by name, each time.
    EXECUTE format('CREATE FUNCTION %s() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE RETURN %s', versions,
        format('%s(%L::text::regprocedure[])%s',
            (SELECT format('%I.cur_functions_hash', n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                WHERE e.extname = 'vectorgraph'),
            functions,
            (SELECT format(' || coalesce(%I.%I(), '''')', n.nspname, p.proname) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = version)));
    IF seed IS NOT NULL THEN
        seeds := format(', FUNCTION 3 %s', seed);
    END IF;
    EXECUTE format('CREATE OPERATOR %I.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = %s)',
        space, operator_name, item::regtype, query::regtype, distance);
    EXECUTE format('CREATE OPERATOR CLASS %I.%I FOR TYPE %s USING cur AS OPERATOR 1 %I.%s (%s, %s) FOR ORDER BY pg_catalog.float_ops, '
        'FUNCTION 1 %s(%s, %s)%s%s, FUNCTION 4 %s()', space, class_name, item::regtype, space, operator_name, item::regtype,
        query::regtype, distance, item::regtype, query::regtype,
        CASE WHEN batch IS NOT NULL THEN format(', FUNCTION 2 %s(%s[], %s)', distances, item::regtype, query::regtype)
        ELSE '' END, seeds, versions);
    IF NOT (SELECT amvalidate(c.oid) FROM pg_catalog.pg_opclass c JOIN pg_catalog.pg_am a ON a.oid = c.opcmethod
            WHERE a.amname = 'cur' AND c.opcname = class_name AND c.opcnamespace = space::regnamespace) THEN
        RAISE EXCEPTION 'the class would not be valid' USING ERRCODE = 'invalid_object_definition',
            HINT = 'The messages before say why; a seed function takes (query, integer) and returns tid[].';
    END IF;
    PERFORM set_config('search_path', path, true);
    RETURN format('%I.%I', space, class_name);
END $$;
COMMENT ON FUNCTION cur_create_class(text, regprocedure, regprocedure, regprocedure, text, real, regprocedure) IS
    'makes an operator class of cur from score(query, item), batch score(query, items[]) or both, and an optional seed(query, integer) returning tid[] and version() returning text: wrappers, operator item <~> query and class; returns its name; for superusers';
