-- Schema, roles and extensions.
--
-- va_app        what the workers log in as: owns nothing, cannot bypass row
--               level security, sees one organization at a time. The installer
--               gives it LOGIN and a password.
-- va_directory  owns the few functions that look across organizations; nobody
--               logs in as it.
-- anon, authenticated   Supabase's roles; created where they are missing, so
--               that the policies are the same everywhere. service_role is not:
--               it bypasses row level security, and only Supabase needs it.

do $$
begin
    if current_setting('server_encoding') <> 'UTF8' then
        raise exception 'the database must be encoded in UTF8, not %', current_setting('server_encoding');
    end if;
end
$$;

create schema if not exists voiceagent;
comment on schema voiceagent is 'AI phone agents: every table, function and view of the product';

create table if not exists voiceagent.schema_migrations (
    version integer primary key,
    name text not null,
    applied_at timestamptz not null default now(),
    sha256 text not null
);

do $$
declare
    wanted text;
begin
    foreach wanted in array array['va_app', 'va_directory', 'anon', 'authenticated'] loop
        if to_regrole(wanted) is null then
            begin
                execute format('create role %I nologin', wanted);
            exception when duplicate_object then
                null; -- another database of the cluster was migrated at the same moment
            end;
        end if;
    end loop;

    if exists (select from pg_roles
                where rolname in ('va_app', 'va_directory') and (rolsuper or rolbypassrls)) then
        raise exception 'va_app and va_directory must not be superusers nor bypass row level security';
    end if;
end
$$;

-- Supabase keeps extensions in a schema of their own. All three are trusted: the
-- owner of the database may create them.
do $$
declare
    place text := case when to_regnamespace('extensions') is null then 'public' else 'extensions' end;
    wanted text;
begin
    foreach wanted in array array['btree_gist', 'pg_trgm', 'pgcrypto'] loop
        execute format('create extension if not exists %I with schema %I', wanted, place);
    end loop;

    -- Optional: without it embeddings are compared exactly (0012_knowledge).
    if exists (select from pg_available_extensions where name = 'vector') then
        begin
            execute format('create extension if not exists vector with schema %I', place);
        exception when insufficient_privilege then
            raise notice 'the extension vector needs a superuser: embeddings will be compared exactly';
        end;
    end if;
end
$$;

-- A plain Postgres has no schema auth; policies an operator writes for Supabase
-- then find the functions they know. An existing one is never written to.
do $$
begin
    if to_regnamespace('auth') is not null then
        return;
    end if;
    create schema auth;
    create function auth.jwt() returns jsonb language sql stable as
        $f$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $f$;
    create function auth.uid() returns uuid language sql stable as
        $f$ select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
                            auth.jwt() ->> 'sub')::uuid $f$;
    create function auth.role() returns text language sql stable as
        $f$ select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
                            auth.jwt() ->> 'role') $f$;
    grant usage on schema auth to anon, authenticated;
end
$$;

grant usage on schema voiceagent to va_app, va_directory, authenticated;
grant select on voiceagent.schema_migrations to va_app;

do $$
begin
    if to_regrole('service_role') is not null then
        grant usage on schema voiceagent to service_role;
    end if;
    if to_regnamespace('extensions') is not null then
        grant usage on schema extensions to va_app, va_directory;
    end if;
end
$$;

do $$
begin
    alter role va_app set search_path = voiceagent, extensions, public;
    -- A worker that stops between two statements must not hold its locks for ever.
    alter role va_app set idle_in_transaction_session_timeout = '60s';
exception when insufficient_privilege then
    -- From PostgreSQL 16 on, only who made a role may set this.
    raise warning 'va_app was made by somebody else, who must set its search_path to voiceagent, extensions, public';
end
$$;
