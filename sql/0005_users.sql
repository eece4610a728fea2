-- The people of a shop who log in, and their sessions.

create table voiceagent.users (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    auth_user_id uuid,  -- Supabase's auth.users.id, where that is used to log in
    email voiceagent.email_address not null,
    password_hash text check (password_hash ~ '^\$(y|2[aby])\$'),  -- yescrypt or bcrypt; null: Supabase only
    role text not null default 'staff' check (
        role in ('super_admin', 'admin', 'manager', 'staff', 'service_tech')),
    first_name text not null default '',
    last_name text not null default '',
    full_name text generated always as (btrim(first_name || ' ' || last_name)) stored,
    phone voiceagent.phone_number,
    language voiceagent.language_code,
    is_active boolean not null default true,
    failed_logins integer not null default 0 check (failed_logins >= 0),
    locked_until timestamptz,
    last_login_at timestamptz,
    password_changed_at timestamptz,
    metadata voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint users_email unique (organization_id, email),
    constraint users_auth_user unique (organization_id, auth_user_id)
);
create trigger route_email after insert or delete or update of email, is_active on voiceagent.users
    for each row execute function voiceagent.keep_routing_key('email', 'email');
create trigger route_auth_user after insert or delete or update of auth_user_id, is_active
    on voiceagent.users
    for each row execute function voiceagent.keep_routing_key('auth_user', 'auth_user_id');

grant select, insert, update, delete on voiceagent.users to va_app;
call voiceagent.isolate('voiceagent.users');
-- A Supabase client sees who works here, and no password.
grant select (id, organization_id, auth_user_id, email, role, first_name, last_name, full_name, phone,
              language, is_active, last_login_at, created_at, updated_at) on voiceagent.users to authenticated;
create policy member_read on voiceagent.users for select to authenticated
    using (organization_id = (select voiceagent.jwt_organization())
           and (select voiceagent.jwt_role()) = any (voiceagent.roles_from('service_tech')));

create table voiceagent.sessions (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    user_id uuid not null,
    family uuid not null default gen_random_uuid(),  -- all tokens that came from one login
    token_hash text not null check (token_hash ~ '^[0-9a-f]{64}$'),  -- SHA-256 of the refresh token
    rotated_from uuid,
    used_at timestamptz,     -- exchanged for a new one; seen again: the family is revoked
    revoked_at timestamptz,
    expires_at timestamptz not null,
    ip_address inet,
    user_agent text,
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint sessions_token unique (organization_id, token_hash),
    foreign key (organization_id, user_id) references voiceagent.users (organization_id, id) on delete cascade,
    foreign key (organization_id, rotated_from)
        references voiceagent.sessions (organization_id, id) on delete set null (rotated_from)
);
create index sessions_token_hash on voiceagent.sessions (token_hash);
create index sessions_family on voiceagent.sessions (organization_id, family);
create index sessions_user on voiceagent.sessions (organization_id, user_id);
create index sessions_rotated_from on voiceagent.sessions (organization_id, rotated_from);

grant select, insert, update, delete on voiceagent.sessions to va_app;
call voiceagent.isolate('voiceagent.sessions');

-- What a login and a refresh need before the tenant is known.
create policy directory on voiceagent.users for select to va_directory using (true);
grant select (id, organization_id, auth_user_id, email, password_hash, role, is_active, failed_logins, locked_until)
    on voiceagent.users to va_directory;
create policy directory on voiceagent.sessions for select to va_directory using (true);
grant select (id, organization_id, user_id, token_hash) on voiceagent.sessions to va_directory;

create function voiceagent.login_lookup(
    email text, out user_id uuid, out organization_id uuid, out password_hash text, out role text,
    out is_active boolean, out failed_logins integer, out locked_until timestamptz)
returns setof record
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select u.id, u.organization_id, u.password_hash, u.role, u.is_active and o.is_active,
           u.failed_logins, u.locked_until
      from voiceagent.routing_keys r
      join voiceagent.organizations o on o.id = r.organization_id
      join voiceagent.users u on u.organization_id = r.organization_id and u.email = r.key
     where r.kind = 'email' and r.key = lower(login_lookup.email)
$$;
call voiceagent.hand_to_directory('voiceagent.login_lookup(text)', '{va_app}');

-- The organization, so that the session can be read and rotated in its transaction.
create function voiceagent.session_lookup(
    token_hash text, out organization_id uuid, out session_id uuid, out user_id uuid)
returns setof record
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select s.organization_id, s.id, s.user_id
      from voiceagent.sessions s
      join voiceagent.organizations o on o.id = s.organization_id and o.is_active
     where s.token_hash = session_lookup.token_hash
$$;
call voiceagent.hand_to_directory('voiceagent.session_lookup(text)', '{va_app}');
