-- The shops, the numbers they are called at, and the keys by which a request
-- finds its shop.

create table voiceagent.organizations (
    id uuid primary key default gen_random_uuid(),
    name text not null check (length(btrim(name)) between 1 and 200),
    slug text not null check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    business_type text not null default 'general' check (business_type ~ '^[a-z][a-z_]*$'),
    plan text not null default 'FREE' check (plan in ('FREE', 'BASIC', 'PRO')),
    trial_ends_at timestamptz,
    is_active boolean not null default true,

    timezone voiceagent.time_zone not null default 'America/Toronto',
    language voiceagent.language_code not null default 'en',
    languages text[] not null default '{en}' check (language = any (languages)),
    currency voiceagent.currency_code not null default 'CAD',
    country text not null default 'CA' check (country ~ '^[A-Z]{2}$'),
    hours voiceagent.json_object not null default '{
        "open": "08:00", "close": "18:00", "days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
        "saturday": {"open": "09:00", "close": "17:00"}}',

    phone voiceagent.phone_number,          -- the shop's own line
    owner_phone voiceagent.phone_number,    -- where urgent calls are transferred
    email voiceagent.email_address,
    notification_email voiceagent.email_address,
    notification_phone voiceagent.phone_number,
    website_url text,
    address voiceagent.json_object,         -- street, city, region, postal_code, country
    directions text,
    description text,
    services_description text,
    policies voiceagent.json_object not null default '{}',   -- subject to text: returns, warranty, …
    promotions voiceagent.json_list not null default '[]',   -- {"text", "starts", "ends"}

    engines voiceagent.engine[] not null default '{receptionist}' check (cardinality(engines) > 0),  -- first to last
    elevenlabs_agent_id text,
    use_elevenlabs_inbound boolean not null default false,
    max_concurrent_calls integer not null default 10 check (max_concurrent_calls > 0),
    max_call_seconds integer not null default 1800 check (max_call_seconds between 30 and 14400),

    widget_key text,
    widget_origins text[] not null default '{}',
    referral_code text,
    terms_accepted_at timestamptz,
    provisioning_state text not null default 'complete' check (
        provisioning_state in ('pending', 'number', 'agent', 'import', 'link', 'complete', 'failed')),
    provisioning voiceagent.json_object not null default '{}',  -- what each step left: for resume and undo
    settings voiceagent.json_object not null default '{}',
    metadata voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- Hours are kept in one shape whatever the writer sends.
create function voiceagent.normalize_hours() returns trigger
language plpgsql as $$
begin
    new.hours := voiceagent.normal_hours(new.hours);
    return new;
end
$$;
create trigger normalize_hours before insert or update of hours on voiceagent.organizations
    for each row execute function voiceagent.normalize_hours();

grant select, insert, update, delete on voiceagent.organizations to va_app;
call voiceagent.isolate('voiceagent.organizations', read_from => 'service_tech', tenant_column => 'id');
-- What a Supabase client may change: not the plan, not what routes calls.
grant update (name, timezone, language, languages, hours, phone, owner_phone, email, notification_email,
              notification_phone, website_url, address, directions, description, services_description,
              policies, promotions) on voiceagent.organizations to authenticated;
create policy member_update on voiceagent.organizations for update to authenticated
    using (id = (select voiceagent.jwt_organization())
           and (select voiceagent.jwt_role()) = any (voiceagent.roles_from('manager')))
    with check (id = (select voiceagent.jwt_organization()));

-- Names that are unique in the whole world, not in one shop: they route a
-- request to its shop before the tenant is known. Written by triggers on the
-- tables that own the names; no role but va_directory reads or writes it, so
-- that a clash tells a shop nothing but that the name is taken.
create table voiceagent.routing_keys (
    kind text not null check (
        kind in ('number', 'agent', 'shop', 'slug', 'channel', 'twilio_account', 'email', 'auth_user')),
    key text not null,
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    is_active boolean not null default true,
    primary key (kind, key)
);
create index routing_keys_organization on voiceagent.routing_keys (organization_id);
alter table voiceagent.routing_keys enable row level security;
alter table voiceagent.routing_keys force row level security;
create policy directory on voiceagent.routing_keys to va_directory using (true) with check (true);
grant select, insert, update, delete on voiceagent.routing_keys to va_directory;

create policy directory on voiceagent.organizations for select to va_directory using (true);
grant select (id, is_active) on voiceagent.organizations to va_directory;

-- Keeps routing_keys in step with a column. Arguments: kind, column, and
-- optionally a second column with the value it must have for the row to count.
create function voiceagent.keep_routing_key() returns trigger
language plpgsql security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
declare
    before jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    after jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    old_key text := before ->> tg_argv[1];
    new_key text := after ->> tg_argv[1];
begin
    if tg_nargs = 4 then
        old_key := case when before ->> tg_argv[2] = tg_argv[3] then old_key end;
        new_key := case when after ->> tg_argv[2] = tg_argv[3] then new_key end;
    end if;

    if old_key is distinct from new_key then
        delete from voiceagent.routing_keys
         where kind = tg_argv[0] and key = old_key
           and organization_id = (coalesce(before ->> 'organization_id', before ->> 'id'))::uuid;
    end if;
    if new_key is not null then
        insert into voiceagent.routing_keys as r (kind, key, organization_id, is_active)
        values (tg_argv[0], new_key, (coalesce(after ->> 'organization_id', after ->> 'id'))::uuid,
                coalesce((after ->> 'is_active')::boolean, true))
        on conflict (kind, key) do update set is_active = excluded.is_active
         where r.organization_id = excluded.organization_id;
        if not found then
            raise exception 'this % is already in use', tg_argv[0]
                using errcode = 'unique_violation', constraint = 'routing_keys_' || tg_argv[0];
        end if;
    end if;
    return null;
end
$$;
call voiceagent.hand_to_directory('voiceagent.keep_routing_key()');

create trigger route_slug after insert or delete or update of slug, is_active on voiceagent.organizations
    for each row execute function voiceagent.keep_routing_key('slug', 'slug');
create trigger route_agent after insert or delete or update of elevenlabs_agent_id, is_active
    on voiceagent.organizations
    for each row execute function voiceagent.keep_routing_key('agent', 'elevenlabs_agent_id');

create table voiceagent.organization_phone_numbers (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    phone_number voiceagent.phone_number not null,
    label text,
    provider text not null default 'twilio' check (provider in ('twilio', 'elevenlabs', 'livekit', 'other')),
    twilio_phone_sid text,
    elevenlabs_phone_number_id text,
    voice_enabled boolean not null default true,
    sms_enabled boolean not null default true,
    is_primary boolean not null default false,
    is_owned boolean not null default false,  -- bought by us: released when the shop leaves
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint phone_numbers_number unique (organization_id, phone_number)
);
create unique index organization_phone_numbers_primary
    on voiceagent.organization_phone_numbers (organization_id) where is_primary;
create trigger route_number after insert or delete or update of phone_number, is_active
    on voiceagent.organization_phone_numbers
    for each row execute function voiceagent.keep_routing_key('number', 'phone_number');

grant select, insert, update, delete on voiceagent.organization_phone_numbers to va_app;
call voiceagent.isolate('voiceagent.organization_phone_numbers', read_from => 'staff');
