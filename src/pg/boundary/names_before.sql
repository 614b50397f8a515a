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
