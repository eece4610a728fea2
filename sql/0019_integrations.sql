-- Connections to outside services, where their synchronisation stands, and the
-- webhooks already seen.

create table voiceagent.integrations (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    service text not null check (
        service in ('google_calendar', 'shopify', 'hubspot', 'twilio', 'elevenlabs', 'openai', 'deepgram', 'livekit',
                    'tools')),
    account_id text check (account_id <> ''),  -- shop domain, AccountSid, portal, …
    status text not null default 'connected' check (status in ('connected', 'error', 'disconnected')),
    -- Encrypted by the worker: key id, nonce, tag, ciphertext.
    access_token bytea,
    refresh_token bytea,
    secret bytea,
    scopes text[] not null default '{}',
    expires_at timestamptz,   -- of access_token
    error text,
    data voiceagent.json_object not null default '{}',
    connected_by uuid,
    connected_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, service),
    check (service <> 'shopify' or account_id ~ '^[a-z0-9][a-z0-9-]*\.myshopify\.com$'),
    check (service <> 'twilio' or account_id ~ '^AC[0-9a-f]{32}$'),
    foreign key (organization_id, connected_by)
        references voiceagent.users (organization_id, id) on delete set null (connected_by)
);
create index integrations_connected_by on voiceagent.integrations (organization_id, connected_by);
create trigger route_shop after insert or delete or update of service, account_id on voiceagent.integrations
    for each row execute function voiceagent.keep_routing_key('shop', 'account_id', 'service', 'shopify');
create trigger route_twilio_account after insert or delete or update of service, account_id on voiceagent.integrations
    for each row execute function voiceagent.keep_routing_key('twilio_account', 'account_id', 'service', 'twilio');
grant select, insert, update, delete on voiceagent.integrations to va_app;
call voiceagent.isolate('voiceagent.integrations');

create table voiceagent.sync_tokens (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    service text not null default 'google_calendar',
    resource text not null default 'primary',  -- the calendar
    token text,               -- null: a full synchronisation is due
    channel_id text,
    channel_resource_id text,
    channel_token bytea,      -- encrypted
    channel_expires_at timestamptz,
    last_message_number bigint,
    synced_at timestamptz,
    stale_since timestamptz,  -- shown: what is spoken may be old
    error text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, service, resource)
);
create index sync_tokens_channel_expires on voiceagent.sync_tokens (channel_expires_at) where channel_id is not null;
create trigger route_channel after insert or delete or update of channel_id on voiceagent.sync_tokens
    for each row execute function voiceagent.keep_routing_key('channel', 'channel_id');
grant select, insert, update, delete on voiceagent.sync_tokens to va_app;
call voiceagent.isolate('voiceagent.sync_tokens');

-- The second line of deduplication for webhooks that have no row of their own:
-- insert … on conflict do nothing; no row inserted: seen before.
create table voiceagent.webhook_events (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    provider text not null,
    type text not null,  -- post_call_transcription, orders/updated, …
    key text not null,   -- conversation id, webhook id, body hash
    received_at timestamptz not null default now(),
    primary key (organization_id, provider, type, key)
);
create index webhook_events_received on voiceagent.webhook_events (organization_id, received_at);
grant select, insert, delete on voiceagent.webhook_events to va_app;
call voiceagent.isolate('voiceagent.webhook_events');
