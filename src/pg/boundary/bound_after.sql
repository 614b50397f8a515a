-- The last words of the script: everything that its objects depend on belongs to this extension, to
-- vector, or to the server. names_before.sql refuses what stood there before; this finds what came
-- into the schema meanwhile, and the transaction takes it all back.

DO $$
DECLARE
    path pg_catalog.text := pg_catalog.current_setting('search_path');
    strangers pg_catalog.text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    -- Members, and what belongs to them: entries of operator classes, rules of views, array types.
    WITH RECURSIVE own AS (
        SELECT d.classid, d.objid
        FROM pg_depend d JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
        WHERE d.deptype = 'e' AND e.extname IN ('vectorgraph', 'vector', 'plpgsql')
        UNION
        SELECT d.classid, d.objid
        FROM pg_depend d JOIN own ON d.refclassid = own.classid AND d.refobjid = own.objid
        -- Families and classes of users depend on an access method or a family of ours in the same way.
        WHERE d.deptype IN ('i', 'a') AND d.classid NOT IN ('pg_opfamily'::regclass, 'pg_opclass'::regclass)),
    strange AS (
        SELECT DISTINCT pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS object
        FROM pg_depend d JOIN own ON d.classid = own.classid AND d.objid = own.objid
        WHERE d.refclassid NOT IN ('pg_extension'::regclass, 'pg_namespace'::regclass)
            AND NOT EXISTS (SELECT FROM own o WHERE o.classid = d.refclassid AND o.objid = d.refobjid))
    SELECT string_agg(object, ', ' ORDER BY object) INTO strangers FROM strange;
    IF strangers IS NOT NULL THEN
        RAISE EXCEPTION 'objects of extension "vectorgraph" would use somebody else''s'
            USING ERRCODE = 'duplicate_object', DETAIL = format('They are: %s.', strangers),
                HINT = 'Install into a schema of its own: CREATE SCHEMA vg; CREATE EXTENSION vectorgraph SCHEMA vg.';
    END IF;
    PERFORM set_config('search_path', path, true);
END $$;
