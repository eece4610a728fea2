-- Tries to prove an order by its number and what is written on it: five a call, and five a number
-- and day.

create table voiceagent.proofs (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    scope text not null,  -- the call, or the conversation
    phone text not null,  -- the number behind it; empty: withheld
    succeeded boolean not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id)
);
create index proofs_scope on voiceagent.proofs (organization_id, scope, created_at);
create index proofs_phone on voiceagent.proofs (organization_id, phone, created_at);
grant select, insert, delete on voiceagent.proofs to va_app;
call voiceagent.isolate('voiceagent.proofs');
