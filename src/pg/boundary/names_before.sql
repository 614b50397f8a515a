-- What the names in this script mean. The new objects go into a schema in which somebody else may
-- have prepared things, and which the server searches before that of extension vector: a type or an
-- operator there with a name of vector's would be bound in its place, and run with the rights of
-- whoever uses the index. This block refuses such a schema; bound_after.sql looks at the result.
-- pg_catalog is searched before both.

DO $$
DECLARE
    path pg_catalog.text := pg_catalog.current_setting('search_path');
    target pg_catalog.text;
    taken pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    SELECT n.nspname, string_agg(same.object, ', ' ORDER BY same.object) INTO target, taken
    FROM pg_extension ours
        JOIN pg_namespace n ON n.oid = ours.extnamespace
        JOIN pg_extension vector ON vector.extname = 'vector'
        JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = vector.oid AND d.deptype = 'e'
        JOIN LATERAL (
            SELECT format('type %s', other.oid::regtype) AS object
            FROM pg_type member JOIN pg_type other ON other.typname = member.typname
            -- An array type, from PostgreSQL 17 on a member too, is hidden only with its element.
            WHERE d.classid = 'pg_type'::regclass AND member.oid = d.objid AND member.typcategory <> 'A'
                AND other.typnamespace = ours.extnamespace AND other.oid <> member.oid
            UNION ALL
            SELECT format('operator %s', other.oid::regoperator)
            FROM pg_operator member JOIN pg_operator other ON other.oprname = member.oprname
                AND other.oprleft = member.oprleft AND other.oprright = member.oprright
            WHERE d.classid = 'pg_operator'::regclass AND member.oid = d.objid
                AND other.oprnamespace = ours.extnamespace AND other.oid <> member.oid) same ON true
    WHERE ours.extname = 'vectorgraph'
    GROUP BY n.nspname;
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'schema "%" has objects that hide those of extension "vector"', target
            USING ERRCODE = 'duplicate_object', DETAIL = format('It has %s.', taken),
                HINT = 'Drop them, or install into a schema of its own: CREATE SCHEMA vg; CREATE EXTENSION vectorgraph SCHEMA vg.';
    END IF;
    PERFORM set_config('search_path', path, true);
END $$;

-- Objects of the user that have a name of ours, and the same arguments, would end the script somewhere in
-- its middle with the server's words, one at a time. Here all of them are named at once. The list is that
-- of the comments of this extension: every object has one.
DO $$
DECLARE
    path pg_catalog.text := pg_catalog.current_setting('search_path');
    target pg_catalog.text;
    vector_schema pg_catalog.text;
    named pg_catalog.text[] := ARRAY[
        -- names: the Makefile puts them here
        NULL];
    kind pg_catalog.text;
    identity pg_catalog.text;
    found oid;
    taken pg_catalog.text[] := '{}';
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    SELECT n.nspname INTO target FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vectorgraph';
    SELECT n.nspname INTO vector_schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector';
    IF EXISTS (SELECT FROM pg_namespace WHERE nspname = '_vectorgraph') THEN
        RAISE EXCEPTION 'schema "_vectorgraph" exists already' USING ERRCODE = 'duplicate_schema',
            DETAIL = 'Extension "vectorgraph" makes this schema itself and trusts nothing that others put there.',
            HINT = 'Look at what is in it; rename it with ALTER SCHEMA, or drop it with DROP SCHEMA, and create the extension again.';
    END IF;
    PERFORM set_config('search_path', format('pg_catalog, %I, pg_temp', vector_schema), true);
    FOR kind, identity IN SELECT split_part(name, ' ', 1), substr(name, strpos(name, ' ') + 1) FROM unnest(named) name WHERE name IS NOT NULL LOOP
        found := CASE kind
            WHEN 'OPERATOR' THEN to_regoperator(format('%I.%s', target, identity))::oid
            WHEN 'TYPE' THEN to_regtype(format('%I.%I', target, identity))::oid
            WHEN 'ACCESS' THEN (SELECT a.oid FROM pg_am a WHERE a.amname = split_part(identity, ' ', 2))
            -- An argument of a type of ours cannot be looked up before that is made, nor be somebody else's.
            WHEN 'FUNCTION' THEN CASE WHEN identity NOT LIKE ALL ('{%skill_rating%,%pca_model%}'::text[])
                THEN to_regprocedure(format('%I.%s', target, identity))::oid END
        END;
        -- In an update, what belongs to the extension already is no clash.
        IF found IS NOT NULL AND NOT EXISTS (SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
                WHERE d.objid = found AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass AND e.extname = 'vectorgraph') THEN
            taken := taken || CASE kind WHEN 'ACCESS' THEN replace(identity, 'METHOD', 'access method') ELSE lower(kind) || ' ' || identity END;
        END IF;
    END LOOP;
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    IF taken <> '{}' THEN
        RAISE EXCEPTION 'schema "%" has objects with names of extension "vectorgraph"', target
            USING ERRCODE = 'duplicate_object', DETAIL = format('They are: %s.', array_to_string(taken, ', ')),
                HINT = 'Install into a schema of its own: CREATE SCHEMA vg; CREATE EXTENSION vectorgraph SCHEMA vg.';
    END IF;
    PERFORM set_config('search_path', path, true);
END $$;

-- What SQL must name but no user calls lies in a schema of its own: transition and final functions,
-- handlers, the functions behind operators, rows of results, the registered link tables. CREATE SCHEMA
-- without IF NOT EXISTS, because what another role owns could be replaced by it at any time. Every role may
-- look objects up in it (pg_dump does, for link sets, and so do functions that read them as their caller), no
-- role but the owner may create any.
CREATE SCHEMA _vectorgraph;
COMMENT ON SCHEMA _vectorgraph IS 'internals of extension vectorgraph: nothing here is for calling, and all of it may change';
GRANT USAGE ON SCHEMA _vectorgraph TO PUBLIC;
