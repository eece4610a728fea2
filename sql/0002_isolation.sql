-- What keeps each organization's rows apart. Every table file ends with
-- `call voiceagent.isolate(...)`; every function that looks across organizations
-- is handed over with `call voiceagent.hand_to_directory(...)`.

-- Words that many columns share.
create domain voiceagent.phone_number as text
    check (value ~ '^\+[1-9][0-9]{0,14}$'); -- E.164
create domain voiceagent.email_address as text
    check (value ~ '^[^@[:space:]]+@[^@[:space:]]+$' and value = lower(value) and length(value) <= 254);
create domain voiceagent.language_code as text
    check (value ~ '^[a-z]{2}$'); -- ISO 639-1; a language is a file, not a line here
create domain voiceagent.currency_code as text
    check (value ~ '^[A-Z]{3}$'); -- ISO 4217
create domain voiceagent.json_object as jsonb
    check (jsonb_typeof(value) = 'object');
create domain voiceagent.json_list as jsonb
    check (jsonb_typeof(value) = 'array');
create domain voiceagent.confidence as numeric(4, 3)
    check (value between 0 and 1);
create domain voiceagent.priority as text
    check (value in ('low', 'normal', 'high', 'urgent'));
create domain voiceagent.sentiment as text
    check (value in ('positive', 'neutral', 'negative', 'mixed'));
create domain voiceagent.engine as text
    check (value in ('receptionist', 'realtime', 'pipeline', 'elevenlabs', 'livekit', 'gather'));
create domain voiceagent.appointment_type as text
    check (value in ('tune_up', 'repair', 'pickup', 'fitting', 'warranty', 'general'));
create domain voiceagent.call_reason as text
    check (value in ('service_reminder', 'order_update', 'follow_up', 'promotion', 'pickup_ready', 'other'));

-- The text as a UUID; null for anything else, never an error.
create function voiceagent.uuid_or_null(value text) returns uuid
language sql immutable parallel safe
as $$
    select case when value ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then value::uuid end
$$;

-- The organization of this transaction: set_config('app.current_organization_id', …, true).
-- Null when unset, empty (what a used connection has) or not a UUID: no rows then.
create function voiceagent.current_organization() returns uuid
language sql stable parallel safe
as $$
    select voiceagent.uuid_or_null(current_setting('app.current_organization_id', true))
$$;

-- Whose rows the JWT of a Supabase client may see. app_metadata is set by the
-- server alone (user_metadata is the user's own word and never read). A row of
-- users for the subject decides: it must be active and of the same organization.
create function voiceagent.jwt_member(out organization_id uuid, out role text)
language plpgsql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
declare
    claims jsonb := nullif(current_setting('request.jwt.claims', true), '')::jsonb;
    claimed uuid := voiceagent.uuid_or_null(claims #>> '{app_metadata,organization_id}');
    subject uuid := voiceagent.uuid_or_null(coalesce(
        nullif(current_setting('request.jwt.claim.sub', true), ''), claims ->> 'sub'));
    member record;
begin
    select u.organization_id, u.role, u.is_active into member
      from voiceagent.routing_keys r
      join voiceagent.users u on u.organization_id = r.organization_id and u.auth_user_id = subject
     where r.kind = 'auth_user' and r.key = subject::text;

    if found then
        if member.is_active and (claimed is null or claimed = member.organization_id) then
            organization_id := member.organization_id;
            role := member.role;
        end if;
    else
        organization_id := claimed;
        role := claims #>> '{app_metadata,role}';
    end if;

    if not exists (select from voiceagent.organizations o
                    where o.id = jwt_member.organization_id and o.is_active) then
        organization_id := null;
        role := null;
    end if;
end
$$;

create function voiceagent.jwt_organization() returns uuid
language sql stable as $$ select m.organization_id from voiceagent.jwt_member() m $$;

create function voiceagent.jwt_role() returns text
language sql stable as $$ select m.role from voiceagent.jwt_member() m $$;

-- The roles that may do what `lowest` may. service_tech stands beside the ladder:
-- appointments and their customers only.
create function voiceagent.roles_from(lowest text) returns text[]
language plpgsql immutable as $$
begin
    case lowest -- a word that is none of these is an error
        when 'none' then return '{}';
        when 'admin' then return '{super_admin,admin}';
        when 'manager' then return '{super_admin,admin,manager}';
        when 'staff' then return '{super_admin,admin,manager,staff}';
        when 'service_tech' then return '{super_admin,admin,manager,staff,service_tech}';
    end case;
end
$$;

-- Until the transaction ends nobody else works on this key: for two rows that
-- must see each other and may be inserted at the same moment. Keys share 1024
-- locks, so that no import runs out of them.
create function voiceagent.lock_key(value text) returns void
language sql as $$
    select pg_advisory_xact_lock(hashtext('voiceagent.lock_key'), hashtext(value) & 1023)
$$;

create function voiceagent.touch_updated_at() returns trigger
language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end
$$;

-- Row level security of one table: enabled and forced; va_app and the owner see the
-- organization of the transaction, a Supabase client the organization of its
-- token as far as its role goes, anon nothing. The settings are read in a
-- sub-select, so that they are evaluated once a query and not once a row.
create procedure voiceagent.isolate(
    target regclass,
    read_from text default 'none',
    write_from text default 'none',
    tenant_column name default 'organization_id')
language plpgsql as $$
declare
    mine text := format('%I = (select voiceagent.current_organization())', tenant_column);
    theirs text := format('%I = (select voiceagent.jwt_organization()) and (select voiceagent.jwt_role()) = any (%%L)',
                          tenant_column);
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy tenant on %s to va_app, %I using (%s) with check (%s)',
                   target, current_user, mine, mine);

    if read_from <> 'none' then
        execute format('grant select on %s to authenticated', target);
        execute format('create policy member_read on %s for select to authenticated using (%s)',
                       target, format(theirs, voiceagent.roles_from(read_from)));
    end if;
    if write_from <> 'none' then
        execute format('grant insert, update on %s to authenticated', target);
        execute format('create policy member_insert on %s for insert to authenticated with check (%s)',
                       target, format(theirs, voiceagent.roles_from(write_from)));
        execute format('create policy member_update on %s for update to authenticated using (%s) with check (%2$s)',
                       target, format(theirs, voiceagent.roles_from(write_from)));
    end if;
    if to_regrole('service_role') is not null then
        execute format('grant all on %s to service_role', target);
    end if;

    if exists (select from pg_attribute
                where attrelid = target and attname = 'updated_at' and not attisdropped) then
        execute format('create trigger touch_updated_at before update on %s
                        for each row execute function voiceagent.touch_updated_at()', target);
    end if;
end
$$;

-- Makes va_directory the owner of a SECURITY DEFINER function and lets only the
-- callers execute it. Whoever migrates need not be a superuser: the
-- membership and the right to create in the schema last as long as this call.
create procedure voiceagent.hand_to_directory(fn regprocedure, callers text[] default '{}')
language plpgsql as $$
declare
    joined boolean := not pg_has_role(current_user, 'va_directory', 'usage');
    caller text;
begin
    if joined then
        execute format('grant va_directory to %I', current_user);
    end if;
    grant create on schema voiceagent to va_directory;
    execute format('alter function %s owner to va_directory', fn);
    revoke create on schema voiceagent from va_directory;

    execute format('revoke all on function %s from public', fn);
    -- The one who migrates as well: it makes the triggers.
    foreach caller in array callers || current_user::text loop
        execute format('grant execute on function %s to %I', fn, caller);
    end loop;
    if joined then
        execute format('revoke va_directory from %I', current_user);
    end if;
end
$$;

revoke all on procedure voiceagent.isolate(regclass, text, text, name),
                        voiceagent.hand_to_directory(regprocedure, text[]) from public;
call voiceagent.hand_to_directory('voiceagent.jwt_member()', '{authenticated}');
