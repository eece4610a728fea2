-- Everything said or written: the turns of calls, SMS, chat, e-mail. The
-- conversation is the customer's.

create table voiceagent.chat_sessions (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    customer_id uuid not null,
    language voiceagent.language_code,
    origin text,
    state voiceagent.json_object not null default '{}',
    last_seen_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete cascade
);
create index chat_sessions_customer on voiceagent.chat_sessions (organization_id, customer_id);
create index chat_sessions_last_seen on voiceagent.chat_sessions (organization_id, last_seen_at);
grant select, insert, update, delete on voiceagent.chat_sessions to va_app;
call voiceagent.isolate('voiceagent.chat_sessions', read_from => 'staff');

create table voiceagent.messages (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    customer_id uuid,     -- null: to the shop's own people
    call_id uuid,
    chat_session_id uuid,
    channel text not null check (channel in ('voice', 'sms', 'chat', 'email')),
    direction text not null check (direction in ('inbound', 'outbound')),
    speaker text not null check (speaker in ('customer', 'agent', 'human_agent', 'system')),
    position integer check (position >= 0),  -- turn of the call
    content text not null,
    language voiceagent.language_code,
    sentiment voiceagent.sentiment,
    intent text,
    confidence voiceagent.confidence,
    from_number text,     -- not always E.164: short codes, names
    to_number text,
    user_id uuid,         -- the human_agent

    provider text,        -- twilio, elevenlabs, openai, …
    provider_message_id text,
    status text check (  -- of the delivery; null where nothing is delivered: spoken turns
        status in ('queued', 'sending', 'sent', 'canceled', 'failed', 'undelivered', 'delivered', 'read', 'received')),
    status_at timestamptz,
    error_code text,
    segments integer,
    media voiceagent.json_list not null default '[]',
    template text,
    effect_id uuid,       -- the ledger's row that sent it

    offset_ms integer check (offset_ms >= 0),      -- from the start of the call
    duration_ms integer check (duration_ms >= 0),
    interrupted boolean not null default false,
    tools_used voiceagent.json_list not null default '[]',
    citations voiceagent.json_list not null default '[]',
    latency voiceagent.json_object not null default '{}',
    metadata voiceagent.json_object not null default '{}',
    occurred_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint messages_provider_message unique (organization_id, provider, provider_message_id),
    constraint messages_call_position unique (organization_id, call_id, position),
    check (provider_message_id is null or provider is not null),
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete cascade,
    foreign key (organization_id, call_id)
        references voiceagent.calls (organization_id, id) on delete cascade,
    foreign key (organization_id, chat_session_id)
        references voiceagent.chat_sessions (organization_id, id) on delete set null (chat_session_id),
    foreign key (organization_id, user_id)
        references voiceagent.users (organization_id, id) on delete set null (user_id)
);
create index messages_customer on voiceagent.messages (organization_id, customer_id, occurred_at desc, id desc);
create index messages_occurred on voiceagent.messages (organization_id, occurred_at);
create index messages_chat_session on voiceagent.messages (organization_id, chat_session_id, occurred_at)
    where chat_session_id is not null;
create index messages_user on voiceagent.messages (organization_id, user_id) where user_id is not null;

grant select, insert, update, delete on voiceagent.messages to va_app;
call voiceagent.isolate('voiceagent.messages', read_from => 'staff');

-- A provider's word as ours.
create function voiceagent.message_status_of(twilio_status text) returns text
language sql immutable parallel safe as $$
    select case twilio_status
        when 'accepted' then 'queued'
        when 'scheduled' then 'queued'
        when 'receiving' then 'received'
        when 'partially_delivered' then 'sent'
        else twilio_status
    end
$$;

-- A status only rises, as with calls.
create function voiceagent.message_status_rank(status text) returns integer
language sql immutable parallel safe as $$
    select array_position(array['queued', 'sending', 'sent', 'canceled', 'failed', 'undelivered', 'delivered', 'read',
                                'received'], status)
$$;

-- Delivery callbacks; one row a status, whether or not the message is known yet
-- (a callback can overtake the answer that tells the message's id).
create table voiceagent.message_status_events (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    provider text not null,
    provider_message_id text not null,
    status text not null check (voiceagent.message_status_rank(status) is not null),
    error_code text,
    occurred_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    primary key (organization_id, provider, provider_message_id, status)
);
create index message_status_events_created on voiceagent.message_status_events (organization_id, created_at);
grant select, insert, delete on voiceagent.message_status_events to va_app;
call voiceagent.isolate('voiceagent.message_status_events');

create function voiceagent.merge_message_status() returns trigger
language plpgsql as $$
declare
    told record;
begin
    if tg_op = 'INSERT' or new.provider_message_id is distinct from old.provider_message_id then
        perform voiceagent.lock_key(new.provider_message_id);
    end if;
    select e.status, e.error_code, e.occurred_at into told
      from voiceagent.message_status_events e
     where e.organization_id = new.organization_id and e.provider = new.provider
       and e.provider_message_id = new.provider_message_id
     order by voiceagent.message_status_rank(e.status) desc limit 1;

    if voiceagent.message_status_rank(told.status) >= coalesce(voiceagent.message_status_rank(new.status), 0) then
        new.status := told.status;
        new.status_at := told.occurred_at;
        new.error_code := coalesce(told.error_code, new.error_code);
    end if;
    if tg_op = 'UPDATE' and voiceagent.message_status_rank(old.status) > coalesce(voiceagent.message_status_rank(new.status), 0) then
        new.status := old.status;
        new.status_at := old.status_at;
        new.error_code := old.error_code;
    end if;
    return new;
end
$$;
create trigger merge_message_status before insert or update of status, provider_message_id on voiceagent.messages
    for each row execute function voiceagent.merge_message_status();

create function voiceagent.apply_message_status_event() returns trigger
language plpgsql as $$
begin
    perform voiceagent.lock_key(new.provider_message_id);
    update voiceagent.messages m set status = new.status
     where m.organization_id = new.organization_id and m.provider = new.provider
       and m.provider_message_id = new.provider_message_id;
    return null;
end
$$;
create trigger apply_message_status_event after insert on voiceagent.message_status_events
    for each row execute function voiceagent.apply_message_status_event();
