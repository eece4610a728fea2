-- What the visitors of chats have caused: bookings, and numbers they have told. Anybody may chat,
-- so that a day's are limited, by the address they come from and by the number they typed.

create table voiceagent.chat_effects (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    kind text not null check (kind in ('booking', 'number')),
    source text not null,  -- where it was written from
    phone_number voiceagent.phone_number,
    created_at timestamptz not null default now(),
    primary key (organization_id, id)
);
create index chat_effects_source on voiceagent.chat_effects (organization_id, kind, source, created_at);
create index chat_effects_phone on voiceagent.chat_effects (organization_id, kind, phone_number, created_at);
create index chat_effects_created on voiceagent.chat_effects (organization_id, created_at);
grant select, insert, delete on voiceagent.chat_effects to va_app;
call voiceagent.isolate('voiceagent.chat_effects');
