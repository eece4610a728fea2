-- Two shops, A and B, with a row in every table; then everything a program working for
-- A could try, made from the catalog so that a new table is tried as well. Each
-- statement is run twice, with B there and with B gone: when the two answers are the
-- same, errors included, nothing of B was shown, changed or even hinted at.
begin;
set local search_path = public;
select plan(27);

-- ---------------------------------------------------------------- a row in every table
-- What a column's CHECK or its neighbours ask for and a generator cannot guess.
create temp table special (tab text, col text, value text);
insert into special values
    ('users', 'password_hash', '$2b$12$%s'), ('sessions', 'token_hash', '%s'), ('widget_keys', 'key_sha256', '%s'), ('chat_sessions', 'token_sha256', '%s'), ('knowledge_documents', 'sha256', '%s'), ('knowledge_pages', 'sha256', '%s'), ('knowledge_questions', 'digest', '%s'),
    ('customers', 'timezone', 'America/Toronto'), ('erasures', 'subject_hash', '%s'), ('erasures', 'finished_at', null), ('tasks', 'done_at', null),
    ('effects', 'finished_at', null), ('outbox', 'queue', null), ('takeovers', 'chat_session_id', null), ('organizations', 'languages', '{en}'),
    ('call_status_events', 'status', 'connecting'), ('message_status_events', 'status', 'sent'),
    ('appointments', 'starts_at', '2026-11-%d 10:00+00'), ('appointments', 'ends_at', '2026-11-%d 11:00+00'),
    ('calendar_events', 'starts_at', '2026-11-%d 10:00+00'), ('calendar_events', 'ends_at', '2026-11-%d 11:00+00');

create temp table relations as
    select c.oid, c.relname::text as name, c.relkind in ('r', 'p') as is_table,
           case when c.relname = 'organizations' then 'id'
                when exists (select from pg_attribute where attrelid = c.oid and attname = 'organization_id') then 'organization_id'
           end as tenant
      from pg_class c
     where c.relnamespace = 'voiceagent'::regnamespace and c.relkind in ('r', 'p', 'v', 'm');

-- A value for a column, the same for the same mark. Columns of enumerations get the
-- first word of their CHECK.
create function pg_temp.value_for(rel oid, att pg_attribute, mark text) returns text language plpgsql as $$
declare
    owner_table text := (select relname from pg_class where oid = rel);
    kind text := format_type(att.atttypid, null);
    base text := format_type((select case when typtype = 'd' then typbasetype else oid end from pg_type where oid = att.atttypid), null);
    hash text := md5(mark || owner_table || att.attname);
    number text := case mark when 'alpha' then 6 when 'bravo' then 7 else 8 end;
    digits text := lpad((('x' || left(hash, 7))::bit(28)::int % 10000000)::text, 7, '0');
    rule text;
    own record;
begin
    select s.value into own from special s where s.tab = owner_table and s.col = att.attname;
    if found then
        return replace(replace(own.value, '%s', hash || md5(hash)), '%d', '2' || number);
    end if;
    select pg_get_constraintdef(c.oid) into rule from pg_constraint c
     where c.contype = 'c' and (c.conrelid = rel and c.conkey = array[att.attnum] or c.contypid = att.atttypid)
       and pg_get_constraintdef(c.oid) ~ 'ARRAY\[' limit 1;
    return case
        when rule is not null then substring(rule from '''([^'']*)''::text')
        when kind = 'voiceagent.phone_number' then '+1416' || digits
        when kind = 'voiceagent.email_address' then mark || '@' || left(hash, 8) || '.example'
        when kind = 'voiceagent.language_code' then 'en'
        when kind = 'voiceagent.currency_code' then 'CAD'
        when kind = 'voiceagent.time_zone' then 'America/Toronto'
        when kind = 'voiceagent.json_list' then jsonb_build_array(mark)::text
        when base in ('jsonb', 'json') then jsonb_build_object('mark', mark)::text
        when base = 'text' then mark || '-' || left(hash, 6)
        when base = 'uuid' then (overlay(overlay(hash placing '4' from 13) placing '8' from 17))::uuid::text
        when base in ('integer', 'bigint', 'smallint') then number
        when base ~ '^(numeric|real|double)' and base !~ '\[' then '0.5'
        when base = 'boolean' then 'true'
        when base = 'timestamp with time zone' then (timestamptz '2026-11-23 10:00+00' + make_interval(mins => digits::int % 100000))::text
        when base = 'date' then '2026-11-23'
        when base = 'time without time zone' then '10:00'
        when base = 'inet' then '192.0.2.' || digits::int % 250
        when base = 'bytea' then '\x' || hash
        when base = 'real[]' then '{1,0}'
        when base = 'text[]' then '{' || mark || '}'
    end;
end
$$;

create function pg_temp.json_for(rel oid, att pg_attribute, mark text) returns jsonb language sql as $$
    select case when base::regtype = 'jsonb'::regtype then value::jsonb else to_jsonb(value) end
      from (select pg_temp.value_for(rel, att, mark),
                   (select case when typtype = 'd' then typbasetype else oid end from pg_type where oid = att.atttypid)) x (value, base)
$$;

-- A whole row as JSON: every column that can be written, foreign keys to the row
-- the organization has already, but for what is to be null.
create function pg_temp.row_for(rel oid, organization uuid, mark text) returns jsonb language plpgsql as $$
declare
    result jsonb := '{}';
    att pg_attribute;
    fk record;
    target jsonb;
begin
    for att in select a.* from pg_attribute a where a.attrelid = rel and a.attnum > 0 and not a.attisdropped
                  and a.attgenerated = '' and a.attidentity = ''
                  -- A default with a rule of its own is left alone.
                  and not (a.atthasdef and (format_type(a.atttypid, null) not in ('text', 'uuid')
                           or exists (select from pg_constraint c where c.conrelid = rel and c.contype = 'c' and a.attnum = any (c.conkey))))
    loop
        result := result || jsonb_build_object(att.attname, pg_temp.json_for(rel, att, mark));
    end loop;
    for fk in select c.confrelid, c.conkey, c.confkey from pg_constraint c
               where c.conrelid = rel and c.contype = 'f' and cardinality(c.conkey) > 1 loop
        execute format('select to_jsonb(r) from %s r where organization_id = %L limit 1', fk.confrelid::regclass, organization) into target;
        select result || coalesce(jsonb_object_agg(s.attname, target -> r.attname::text), '{}') into result
          from unnest(fk.conkey, fk.confkey) k (s, r)
          join pg_attribute s on s.attrelid = rel and s.attnum = k.s
          join pg_attribute r on r.attrelid = fk.confrelid and r.attnum = k.r
         where s.attname <> 'organization_id';
    end loop;
    select result || coalesce(jsonb_object_agg(s.col, null), '{}') into result
      from special s where s.tab = (select relname from pg_class where oid = rel) and s.value is null;
    return result || jsonb_build_object((select tenant from relations where oid = rel), organization);
end
$$;

-- `insert` of a row given as JSON, with exactly its columns.
create function pg_temp.insert_of(rel oid, content jsonb) returns text language sql as $$
    select format('insert into %1$s (%2$s) overriding system value select %2$s from jsonb_populate_record(null::%1$s, %3$L)',
                  rel::regclass, string_agg(quote_ident(k), ', ' order by k), content)
      from jsonb_object_keys(content) k
$$;

create function pg_temp.fill(organization uuid, mark text) returns void language plpgsql as $$
declare
    rel record;
    there boolean;
begin
    execute pg_temp.insert_of('voiceagent.organizations'::regclass,
                              pg_temp.row_for('voiceagent.organizations'::regclass, organization, mark));
    -- Some triggers have made rows already; some tables need others first.
    for pass in 1..5 loop
        for rel in select * from relations where is_table and tenant = 'organization_id' loop
            execute format('select exists (select from %s where organization_id = %L)', rel.oid::regclass, organization) into there;
            if not there then
                begin
                    execute pg_temp.insert_of(rel.oid, pg_temp.row_for(rel.oid, organization, mark));
                exception when not_null_violation then
                    if pass = 5 then raise; end if;
                end;
            end if;
        end loop;
    end loop;
end
$$;

select lives_ok($$ select pg_temp.fill(t.a(), 'alpha'), pg_temp.fill(t.b(), 'bravo') $$, 'two shops are filled');
insert into voiceagent.unrouted_events (kind, key, type) values ('number', '+1bravo', 'bravo');

create function pg_temp.empty_tables(organization uuid) returns setof text language plpgsql as $$
declare
    rel record;
    there boolean;
begin
    for rel in select * from relations where is_table and tenant is not null loop
        execute format('select exists (select from %s where %I = %L)', rel.oid::regclass, rel.tenant, organization) into there;
        if not there then return next rel.name; end if;
    end loop;
end
$$;
select is_empty('select pg_temp.empty_tables(t.a())', 'A has a row in every table');
select is_empty('select pg_temp.empty_tables(t.b())', 'B has a row in every table');
select cmp_ok((select count(*)::int from relations where tenant is not null), '>=', 38, 'which are many');

-- Any change of a row of B, by whatever path, is an error from here on.
create function t.guard() returns trigger language plpgsql as $$
begin
    if current_setting('t.guard', true) = 'on'
       and t.b()::text in (to_jsonb(old) ->> tg_argv[0], to_jsonb(new) ->> tg_argv[0]) then
        raise exception 'a row of B was changed' using errcode = 'TBCHG';
    end if;
    return null;
end
$$;
-- Cheap, so that a planner that may would call it before the policy; and it sees all.
create function t.peek(content text) returns boolean language plpgsql cost 0.0001 as $$
begin
    if content ~ (t.b()::text || '|bravo') then
        raise exception 'a row of B was seen' using errcode = 'TBSAW';
    end if;
    return true;
end
$$;
do $$
declare
    rel record;
begin
    for rel in select * from relations where is_table and tenant is not null loop
        execute format('create trigger zz_guard after insert or update or delete on %s for each row execute function t.guard(%L)',
                       rel.oid::regclass, rel.tenant);
    end loop;
end
$$;

-- ---------------------------------------------------------------- what A could try
create temp table attempts (n serial, rel text, what text, statement text, writes boolean);

create function pg_temp.attempt(rel text, what text, writes boolean, statement text) returns void language sql as
    $$ insert into attempts (rel, what, writes, statement) values (rel, what, writes, statement) $$;

create function pg_temp.one_row(rel oid, organization uuid) returns jsonb language plpgsql as $$
declare
    result jsonb;
begin
    execute format('select to_jsonb(r) from %s r where %I = %L limit 1', rel::regclass,
                   (select tenant from relations where oid = rel), organization) into result;
    return result - array(select attname::text from pg_attribute where attrelid = rel and attgenerated <> '');
end
$$;

create function pg_temp.set_of(content jsonb) returns text language sql as
    $$ select string_agg(format('%I = %L', key, value), ', ') from jsonb_each_text(content) $$;

create function pg_temp.make_attempts() returns void language plpgsql as $$
declare
    rel record;
    c record;
    q text;
    a_row jsonb;
    b_row jsonb;
    fresh jsonb;   -- A's row again, with new values in every unique column
    theirs jsonb;
begin
    for rel in select * from relations order by name loop
        q := rel.oid::regclass::text;
        perform pg_temp.attempt(rel.name, 'read all', false, format('select * from %s', q)),
                pg_temp.attempt(rel.name, 'count', false, format('select count(*) from %s', q)),
                pg_temp.attempt(rel.name, 'peek by a function', false, format('select * from %s r where t.peek(r::text)', q)),
                pg_temp.attempt(rel.name, 'CTE', false, format('with x as materialized (select * from %s) select * from x', q));
        continue when rel.tenant is null;

        perform pg_temp.attempt(rel.name, 'read B''s', false, format('select * from %s where %I = %L', q, rel.tenant, t.b())),
                pg_temp.attempt(rel.name, 'read not ours', false, format('select * from %s where %I <> %L', q, rel.tenant, t.a())),
                pg_temp.attempt(rel.name, 'by organization', false, format('select %I, count(*) from %s group by 1', rel.tenant, q)),
                pg_temp.attempt(rel.name, 'join', false, format('select o.id, r.* from %s r right join voiceagent.organizations o on o.id = r.%I', q, rel.tenant)),
                pg_temp.attempt(rel.name, 'scalar subquery', false, format('select (select count(*) from %s where %I = %L) as n', q, rel.tenant, t.b())),
                pg_temp.attempt(rel.name, 'lateral', false, format('select r.* from (values (%L::uuid)) v (x), lateral (select * from %s where %I = v.x) r', t.b(), q, rel.tenant)),
                pg_temp.attempt(rel.name, 'lock', true, format('select 1 from %s where %I = %L for update', q, rel.tenant, t.b()));
        continue when not rel.is_table;

        a_row := pg_temp.one_row(rel.oid, t.a());
        b_row := pg_temp.one_row(rel.oid, t.b());
        perform pg_temp.attempt(rel.name, 'update all', true, format('update %1$s set %2$I = %2$I', q, rel.tenant)),
                pg_temp.attempt(rel.name, 'update B''s', true, format('update %1$s set %2$I = %2$I where %2$I = %3$L', q, rel.tenant, t.b())),
                pg_temp.attempt(rel.name, 'take B''s', true, format('update %1$s set %2$I = %3$L where %2$I = %4$L', q, rel.tenant, t.a(), t.b())),
                pg_temp.attempt(rel.name, 'give to B', true, format('update %s set %I = %L', q, rel.tenant, t.b())),
                pg_temp.attempt(rel.name, 'delete all', true, format('delete from %s', q)),
                pg_temp.attempt(rel.name, 'delete B''s', true, format('delete from %s where %I = %L', q, rel.tenant, t.b())),
                pg_temp.attempt(rel.name, 'merge over B''s', true, format('merge into %s r using (values (%L::uuid)) v (x) on r.%I = v.x when matched then delete', q, t.b(), rel.tenant)),
                pg_temp.attempt(rel.name, 'truncate', true, format('truncate %s cascade', q)),
                pg_temp.attempt(rel.name, 'insert for B', true, pg_temp.insert_of(rel.oid, a_row || jsonb_build_object(rel.tenant, t.b()))),
                pg_temp.attempt(rel.name, 'insert B''s row', true, pg_temp.insert_of(rel.oid, b_row)),
                pg_temp.attempt(rel.name, 'insert B''s row unless there', true, pg_temp.insert_of(rel.oid, b_row) || ' on conflict do nothing');
        perform pg_temp.attempt(rel.name, 'overwrite B''s row', true,
                    format('%1$s on conflict (%2$s) do update set %3$I = excluded.%3$I', pg_temp.insert_of(rel.oid, b_row),
                           (select string_agg(quote_ident(a.attname), ', ') from pg_index i
                              join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey) where i.indrelid = rel.oid and i.indisprimary),
                           rel.tenant));
        continue when rel.name = 'organizations';

        -- B's row, said to be ours: any collision would tell that it exists.
        perform pg_temp.attempt(rel.name, 'insert B''s row as ours', true, pg_temp.insert_of(rel.oid, b_row || jsonb_build_object('organization_id', t.a())));

        select a_row || coalesce(jsonb_object_agg(a.attname, case when a.attidentity <> '' then to_jsonb(900000) else pg_temp.json_for(rel.oid, a, 'fresh') end), '{}')
          into fresh
          from pg_attribute a
         where a.attrelid = rel.oid and a.attname <> 'organization_id' and a.attgenerated = ''
           and exists (select from pg_index i where i.indrelid = rel.oid and i.indisunique and a.attnum = any (i.indkey))
           and not exists (select from pg_constraint f where f.conrelid = rel.oid and f.contype = 'f' and a.attnum = any (f.conkey));

        for c in select i.indexrelid::regclass as name, array(select at.attname::text from pg_attribute at
                                                 where at.attrelid = rel.oid and at.attnum = any (i.indkey) and at.attname <> 'organization_id' and at.attgenerated = '') as cols
                   from pg_index i where i.indrelid = rel.oid and i.indisunique loop
            select coalesce(jsonb_object_agg(k, b_row -> k), '{}') into theirs from unnest(c.cols) k;
            perform pg_temp.attempt(rel.name, 'clash on ' || c.name, true, pg_temp.insert_of(rel.oid, fresh || theirs));
            if theirs <> '{}' and not exists (select from pg_attribute at where at.attrelid = rel.oid
                                                  and at.attname = any (c.cols) and at.attidentity <> '') then
                perform pg_temp.attempt(rel.name, 'rename to clash on ' || c.name, true,
                        format('update %s set %s', q, pg_temp.set_of(theirs)));
            end if;
        end loop;

        for c in select f.conname, array(select at.attname::text from pg_attribute at where at.attrelid = rel.oid
                                            and at.attnum = any (f.conkey) and at.attname <> 'organization_id') as cols,
                        f.confrelid, f.conkey, f.confkey
                   from pg_constraint f where f.conrelid = rel.oid and f.contype = 'f' and cardinality(f.conkey) > 1 loop
            select coalesce(jsonb_object_agg(s.attname, pg_temp.one_row(c.confrelid, t.b()) -> r.attname::text), '{}') into theirs
              from unnest(c.conkey, c.confkey) k (s, r)
              join pg_attribute s on s.attrelid = rel.oid and s.attnum = k.s
              join pg_attribute r on r.attrelid = c.confrelid and r.attnum = k.r
             where s.attname <> 'organization_id';
            perform pg_temp.attempt(rel.name, 'refer by ' || c.conname, true, pg_temp.insert_of(rel.oid, fresh || theirs)),
                    pg_temp.attempt(rel.name, 'change to refer by ' || c.conname, true, format('update %s set %s', q, pg_temp.set_of(theirs))),
                    pg_temp.attempt(rel.name, 'join over ' || c.conname, false,
                        format('select count(*) from %s r join %s s on r.organization_id <> s.organization_id or r.organization_id = %L', q, c.confrelid::regclass, t.b()));
        end loop;
    end loop;

    -- Functions, and what the server knows about columns.
    perform pg_temp.attempt('(functions)', 'free slots', false, $q$ select * from voiceagent.free_slots('default', '1 hour', '2026-11-23', '2026-11-24') $q$),
            pg_temp.attempt('(functions)', 'nearest chunks', false, $q$ select * from voiceagent.nearest_chunks('{1,0}', (select string_agg(embedding_model, '') from voiceagent.knowledge_chunks), 10) $q$),
            pg_temp.attempt('(functions)', 'current organization', false, 'select voiceagent.current_organization()'),
            pg_temp.attempt('(functions)', 'statistics', false, $q$ select tablename, attname, most_common_vals::text from pg_stats where schemaname = 'voiceagent' $q$);
end
$$;
select lives_ok('select pg_temp.make_attempts()', 'attempts are made from the catalog');
select cmp_ok((select count(*)::int from attempts), '>', 1000, 'which are many');
select is_empty($$ select name from relations where name not in (select rel from attempts where what = 'read all') $$, 'on every table and view');
select is_empty($$ select name from relations where tenant is not null and is_table
                    and (select count(*) from attempts where rel = name and writes) < 12 $$, 'writing too');
select is_empty($$ select conname from pg_constraint where connamespace = 'voiceagent'::regnamespace and contype = 'f' and cardinality(conkey) > 1
                    and 'refer by ' || conname not in (select what from attempts) $$, 'by every foreign key');
select is_empty($$ select i.indexrelid::regclass from pg_index i join relations r on r.oid = i.indrelid
                    where i.indisunique and r.tenant = 'organization_id' and 'clash on ' || i.indexrelid::regclass not in (select what from attempts) $$,
                'and on every unique index');

-- The catalog's statistics must have something to hide.
do $$ declare rel record; begin
    for rel in select * from relations where is_table loop execute format('analyze %s', rel.oid::regclass); end loop;
end $$;

-- ---------------------------------------------------------------- with B there, with B gone
create temp table contexts (context text primary key, role_name name, organization text, claims jsonb);
insert into contexts values
    ('va_app for A', 'va_app', t.a()::text, null),
    ('va_app for nobody', 'va_app', null, null),
    ('admin of A', 'authenticated', null, jsonb_build_object('app_metadata', jsonb_build_object('organization_id', t.a(), 'role', 'admin'))),
    ('service_tech of A', 'authenticated', null, jsonb_build_object('app_metadata', jsonb_build_object('organization_id', t.a(), 'role', 'service_tech'))),
    ('anon with A''s token', 'anon', t.a()::text, jsonb_build_object('app_metadata', jsonb_build_object('organization_id', t.a(), 'role', 'admin')));

create temp table answers as
select c.context, a.n, t.run(c.role_name, c.organization, c.claims, a.statement, keep => false) as with_b, null::jsonb as without_b
  from contexts c, attempts a, set_config('t.guard', 'on', true);
select set_config('t.guard', 'off', true) \gset

select is_empty($$ select context, what, rel, with_b from answers join attempts using (n) where with_b ->> 'error' in ('TBSAW', 'TBCHG') $$,
                'no row of B was seen or changed by any statement');
select is_empty($$ select context, what, rel, with_b from answers join attempts using (n)
                    where not writes and with_b::text ~ (t.b()::text || '|bravo') $$, 'nothing of B is in any answer');
select is_empty($$ select context, rel, what from answers join attempts using (n)
                    where what in ('read B''s', 'read not ours', 'lateral', 'lock') and with_b <> '[]' and with_b ->> 'error' is distinct from '42501' $$,
                'rows of B asked for are none');
select is_empty($$ select context, rel, what, with_b from answers join attempts using (n)
                    where what in ('update B''s', 'take B''s', 'delete B''s', 'merge over B''s') and with_b <> '{"rows": 0}' and with_b ->> 'error' is distinct from '42501' $$,
                'changes to them change none');
select is_empty($$ select context, rel, what, with_b from answers join attempts using (n)
                    where what in ('insert for B', 'insert B''s row', 'insert B''s row unless there', 'overwrite B''s row', 'truncate')
                      and with_b ->> 'error' is distinct from '42501' $$, 'writing for B is refused');
select is_empty($$ select context, rel, what, with_b from answers join attempts using (n)
                    where what = 'give to B' and with_b <> '{"rows": 0}' and with_b ->> 'error' is distinct from '42501' $$, 'giving B a row is refused');
select is_empty($$ select context, rel, what, with_b from answers join attempts using (n)
                    where (what like 'refer by%' or what like 'change to refer by%') and with_b ->> 'error' is null and with_b <> '{"rows": 0}' $$,
                'a row of B cannot be referred to');
select is_empty($$ select rel, what, with_b from answers join attempts using (n)
                    where context in ('va_app for nobody', 'anon with A''s token') and what not in ('count', 'scalar subquery', 'statistics', 'current organization')
                      and what not like 'join over%' and rel <> 'schema_migrations'
                      and with_b not in ('[]', '{"rows": 0}') and with_b ->> 'error' not in ('42501', '22023') $$,
                'without an organization nothing is read or written');
select is_empty($$ select rel, what, with_b from answers join attempts using (n)
                    where context in ('va_app for nobody', 'anon with A''s token') and (what in ('count', 'scalar subquery') or what like 'join over%')
                      and rel <> 'schema_migrations' and (with_b -> 0 ->> 'count' <> '0' or with_b -> 0 ->> 'n' <> '0') $$, 'or counted');

-- The attempts are worth something: A reaches its own rows with them.
select is_empty($$ select name from relations where tenant is not null and is_table and name <> 'routing_keys'
                    and not exists (select from answers join attempts using (n) where context = 'va_app for A' and rel = name
                                       and what = 'count' and (with_b -> 0 ->> 'count')::int > 0) $$, 'A counts its rows in every table');
select is_empty($$ select name from relations where is_table and tenant = 'organization_id' and has_table_privilege('va_app', oid, 'insert')
                    and not exists (select from answers join attempts using (n) where context = 'va_app for A' and rel = name
                                       and (what = 'insert B''s row as ours' or what like 'clash on%')
                                       and (with_b = '{"rows": 1}' or with_b ->> 'constraint' like 'routing_keys_%' or with_b ->> 'error' in ('23505', '23503'))) $$,
                'and inserts with B''s keys get as far as the constraints');

delete from voiceagent.organizations where id = t.b();
delete from voiceagent.unrouted_events;
do $$ declare rel record; begin
    for rel in select * from relations where is_table loop execute format('analyze %s', rel.oid::regclass); end loop;
end $$;
select is_empty('select name from relations where is_table and tenant is not null except select pg_temp.empty_tables(t.b())', 'B is gone');
update answers set without_b = t.run(c.role_name, c.organization, c.claims, a.statement, keep => false)
  from contexts c, attempts a where c.context = answers.context and a.n = answers.n;

select is_empty($$ select context, rel, what, with_b, without_b from answers join attempts using (n)
                    where with_b <> without_b and coalesce(with_b ->> 'constraint', '') not like 'routing_keys_%' $$,
                'every answer is the same without B');
-- The names that are unique in the whole world: a clash says that one is taken, no more.
select bag_eq($$ select distinct rel || ' ' || (with_b ->> 'constraint') from answers join attempts using (n)
                  where with_b <> without_b and context = 'va_app for A' $$, array[
                  'organization_phone_numbers routing_keys_number', 'sync_tokens routing_keys_channel',
                  'users routing_keys_email', 'users routing_keys_auth_user'],
              'but for names that are taken in the whole world');
select is_empty($$ select with_b from answers where with_b <> without_b and (with_b ? 'detail' or with_b ->> 'message' !~ '^this [a-z_]+ is already in use$') $$,
                'of which nothing else is said');
select is_empty($$ select context, what from answers join attempts using (n) where with_b <> without_b and context <> 'va_app for A' $$,
                'and that to the workers alone');
select is((select count(*)::int from answers where without_b is null), 0, 'every attempt was made twice');
select * from finish();
rollback;
