-- Makes an empty database look like a Supabase project: its roles, its auth and
-- extensions schemas with the function texts of a live project, and an owner that is no
-- superuser. Run by a superuser with psql, -v owner=<role>; the migrations then run as
-- that owner.

create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin nologin noinherit createrole;
create role :"owner" login createdb createrole bypassrls nosuperuser;
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to :"owner" with admin option;

select format('grant all on database %I to %I', current_database(), :'owner') \gexec
grant all on schema public to :"owner";
grant usage on schema public to anon, authenticated, service_role;

create schema extensions authorization :"owner";
grant usage on schema extensions to anon, authenticated, service_role;

create schema auth authorization supabase_auth_admin;
grant usage on schema auth to anon, authenticated, service_role, :"owner";
create table auth.users (
    instance_id uuid,
    id uuid primary key,
    aud varchar(255),
    role varchar(255),
    email varchar(255),
    raw_app_meta_data jsonb,
    raw_user_meta_data jsonb,
    created_at timestamptz
);
alter table auth.users owner to supabase_auth_admin;
grant select, references on auth.users to :"owner";

create function auth.uid() returns uuid language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''),
        (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
    )::uuid
$$;
create function auth.role() returns text language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim.role', true), ''),
        (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
    )::text
$$;
create function auth.jwt() returns jsonb language sql stable as $$
    select coalesce(
        nullif(current_setting('request.jwt.claim', true), ''),
        nullif(current_setting('request.jwt.claims', true), '')
    )::jsonb
$$;
alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;
alter function auth.jwt() owner to supabase_auth_admin;
