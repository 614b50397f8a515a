-- All that the catalog says about extension vectorgraph, as lines of text without OIDs, in any order: what an updated
-- extension must have in common with a new one.
SET search_path = '';
SET quote_all_identifiers = on;
CREATE TEMPORARY VIEW member AS
SELECT d.classid, d.objid, i.type, i.identity FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON d.refobjid = e.oid
    CROSS JOIN LATERAL pg_catalog.pg_identify_object(d.classid, d.objid, 0) i
WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'vectorgraph';
SET search_path = pg_catalog, pg_temp;
SELECT concat_ws(' | ', 'member', type, identity, obj_description(objid, classid::regclass::name)) FROM member;
SELECT concat_ws(' | ', 'extension', extversion, extrelocatable, extconfig::regclass[], extcondition, r.rolname)
FROM pg_extension e JOIN pg_roles r ON r.oid = extowner WHERE extname = 'vectorgraph';
SELECT concat_ws(' | ', 'function', identity, to_jsonb(p) - '{oid,pronamespace,prosupport,prorettype,protrftypes,proargtypes,proallargtypes,provariadic,proargdefaults,prosqlbody,prolang}'::text[],
    p.prorettype::regtype, p.proargtypes::regtype[], p.proallargtypes::regtype[], pg_get_expr(proargdefaults, 0), pg_get_function_sqlbody(p.oid),
    pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), l.lanname)
FROM member JOIN pg_proc p ON classid = 'pg_proc'::regclass AND objid = p.oid JOIN pg_language l ON l.oid = p.prolang;
SELECT concat_ws(' | ', 'aggregate', identity, to_jsonb(a) - '{aggtranstype,aggsortop}'::text[], a.aggtranstype::regtype, a.aggsortop::regoperator)
FROM member JOIN pg_aggregate a ON classid = 'pg_proc'::regclass AND objid = a.aggfnoid::oid;
SELECT concat_ws(' | ', 'operator', identity, oprcode, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin, oprkind, oprcanmerge, oprcanhash, oprresult::regtype, rolname)
FROM member JOIN pg_operator o ON classid = 'pg_operator'::regclass AND objid = o.oid JOIN pg_roles r ON r.oid = oprowner;
SELECT concat_ws(' | ', 'class', identity, opcintype::regtype, opcdefault, opckeytype::regtype, pg_describe_object('pg_opfamily'::regclass, opcfamily, 0))
FROM member JOIN pg_opclass c ON classid = 'pg_opclass'::regclass AND objid = c.oid;
SELECT concat_ws(' | ', 'family', identity, amopstrategy, amoppurpose, amopopr::regoperator, pg_describe_object('pg_opfamily'::regclass, amopsortfamily, 0))
FROM member JOIN pg_amop ON classid = 'pg_opfamily'::regclass AND objid = amopfamily;
SELECT concat_ws(' | ', 'support', identity, amprocnum, amproclefttype::regtype, amprocrighttype::regtype, amproc::regprocedure)
FROM member JOIN pg_amproc ON classid = 'pg_opfamily'::regclass AND objid = amprocfamily;
SELECT concat_ws(' | ', 'method', identity, amhandler, amtype) FROM member JOIN pg_am a ON classid = 'pg_am'::regclass AND objid = a.oid;
SELECT concat_ws(' | ', 'cast', identity, castfunc::regprocedure, castcontext, castmethod) FROM member JOIN pg_cast c ON classid = 'pg_cast'::regclass AND objid = c.oid;
SELECT concat_ws(' | ', 'type', identity, to_jsonb(t) - '{oid,typnamespace,typarray,typrelid,typelem}'::text[], typelem::regtype) FROM member JOIN pg_type t ON classid = 'pg_type'::regclass AND objid = t.oid;
SELECT concat_ws(' | ', 'column', c.oid::regclass, attnum, attname, format_type(atttypid, atttypmod), attnotnull, attisdropped, attstorage, attcompression, attacl)
FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND m.objid = c.oid OR m.classid = 'pg_type'::regclass AND c.reltype = m.objid
    JOIN pg_attribute a ON a.attrelid = c.oid;
SELECT concat_ws(' | ', 'relation', identity, relkind, relpersistence, relacl, reloptions, relrowsecurity, relreplident)
FROM member JOIN pg_class c ON classid = 'pg_class'::regclass AND objid = c.oid;
SELECT concat_ws(' | ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(c.oid))
FROM member JOIN pg_constraint c ON classid = 'pg_class'::regclass AND objid = conrelid;
SELECT concat_ws(' | ', 'schema', nspname, nspacl, rolname) FROM member JOIN pg_namespace n ON classid = 'pg_namespace'::regclass AND objid = n.oid JOIN pg_roles r ON r.oid = nspowner;
SELECT concat_ws(' | ', 'privileges', identity, objsubid, privtype, initprivs) FROM member m JOIN pg_init_privs p ON m.classid = p.classoid AND m.objid = p.objoid;
SELECT concat_ws(' | ', 'dependency', identity, pg_describe_object(d.classid, d.objid, d.objsubid), d.deptype, pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid))
FROM member m JOIN pg_depend d ON d.classid = m.classid AND d.objid = m.objid;
SELECT concat_ws(' | ', 'dependent', pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid), d.deptype,
    regexp_replace(pg_describe_object(d.classid, d.objid, d.objsubid), 'pg_toast_[0-9]+', 'pg_toast'))
FROM member m JOIN pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid
WHERE pg_describe_object(d.classid, d.objid, d.objsubid) !~ ' d\.|"d"\.';
SELECT concat_ws(' | ', 'owner', identity, pg_describe_object(refclassid, refobjid, 0), s.deptype)
FROM member m JOIN pg_shdepend s ON s.classid = m.classid AND s.objid = m.objid WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database());
