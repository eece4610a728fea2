-- Who did what (never changed), and what happened.

create table voiceagent.audit_log (
    id bigint generated always as identity,
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    actor text not null check (actor in ('user', 'super_admin', 'agent', 'system', 'customer')),
    user_id uuid,          -- no foreign key: it outlives the user, and a super_admin is of another shop
    action text not null check (action <> ''),
    entity text,
    entity_id text,
    data voiceagent.json_object not null default '{}',
    ip_address inet,
    user_agent text,
    trace_id text,
    created_at timestamptz not null default now(),
    primary key (organization_id, id)
);
create index audit_log_created on voiceagent.audit_log (organization_id, created_at desc, id desc);
grant select, insert on voiceagent.audit_log to va_app;
call voiceagent.isolate('voiceagent.audit_log', read_from => 'admin');

create table voiceagent.system_logs (
    id bigint generated always as identity,
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    event_type text not null check (event_type <> ''),
    severity text not null default 'info' check (severity in ('debug', 'info', 'warning', 'error', 'critical')),
    event_data voiceagent.json_object not null default '{}',
    trace_id text,
    created_at timestamptz not null default now(),
    primary key (organization_id, id)
);
create index system_logs_created on voiceagent.system_logs (organization_id, created_at desc, id desc);
create index system_logs_event_type on voiceagent.system_logs (organization_id, event_type, created_at desc);
grant select, insert, delete on voiceagent.system_logs to va_app;
call voiceagent.isolate('voiceagent.system_logs', read_from => 'admin');
