-- Loaded once into a test database, after the migrations, by a superuser.
-- Tests use it so: is(t.app(t.a(), 'select …'), '[…]').

create extension pgtap with schema public;
create schema t;
grant usage on schema t to public;

create function t.a() returns uuid language sql immutable as $$ select 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'::uuid $$;
create function t.b() returns uuid language sql immutable as $$ select 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb'::uuid $$;

-- Runs a statement as a role in the context given: its rows as a JSON array,
-- {"rows": n} for one that returns none, {"error": sqlstate, "message", "detail",
-- "constraint"} when it fails. `keep` false undoes what it did.
create function t.run(role_name name, organization text, claims jsonb, statement text, keep boolean default true)
returns jsonb language plpgsql as $$
declare
    result jsonb;
    n bigint;
    state text; message text; details text; constraint_ text;
begin
    begin
        perform set_config('app.current_organization_id', coalesce(organization, ''), true),
                set_config('request.jwt.claims', coalesce(claims::text, ''), true),
                set_config('role', role_name, true);
        if statement ~* '^\s*(select|with)\M' or statement ~* '\mreturning\M' then
            execute format('with q as (%s) select coalesce(jsonb_agg(to_jsonb(q)), ''[]'') from q', statement) into result;
        else
            execute statement;
            get diagnostics n = row_count;
            result := jsonb_build_object('rows', n);
        end if;
        perform set_config('role', 'none', true);
        if not keep then
            raise exception sqlstate 'TROLL';
        end if;
    exception when others then
        get stacked diagnostics state = returned_sqlstate, message = message_text, details = pg_exception_detail,
                                constraint_ = constraint_name;
        if state <> 'TROLL' then
            result := jsonb_strip_nulls(jsonb_build_object(
                'error', state, 'message', message, 'detail', nullif(details, ''), 'constraint', nullif(constraint_, '')));
        end if;
    end;
    perform set_config('app.current_organization_id', '', true), set_config('request.jwt.claims', '', true);
    return result;
end
$$;

-- As the workers, in an organization; null: none.
create function t.app(organization uuid, statement text) returns jsonb language sql as
    $$ select t.run('va_app', organization::text, null, statement) $$;

-- As a Supabase client with these claims.
create function t.client(claims jsonb, statement text) returns jsonb language sql as
    $$ select t.run('authenticated', null, claims, statement) $$;

-- One value of the only row, for `is`.
create function t.app_value(organization uuid, statement text) returns text language sql as
    $$ select coalesce((select value from jsonb_each_text(r -> 0) limit 1), r ->> 'error')
         from t.app(organization, statement) as x (r) $$;

create function t.make_organization(id uuid, slug text) returns void language sql as $$
    insert into voiceagent.organizations (id, name, slug) values (id, 'Shop ' || slug, slug)
$$;

-- The plan of a statement for a role in an organization.
create function t.plan(organization uuid, statement text, role_name name default 'va_app') returns jsonb language plpgsql as $$
declare
    plan json;
begin
    perform set_config('app.current_organization_id', coalesce(organization::text, ''), true), set_config('role', role_name, true);
    execute 'explain (format json) ' || statement into plan;
    perform set_config('role', 'none', true);
    return plan;
end
$$;

create function t.indexes_of(plan jsonb) returns text[] language sql as $$
    select array(select distinct jsonb_path_query(plan, 'strict $.**."Index Name"') #>> '{}' order by 1)
$$;
