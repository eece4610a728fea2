-- The ledger of outside effects, and what a transaction wants the world to hear.

create table voiceagent.effects (
    id uuid not null default gen_random_uuid(),  -- rides in the provider's callbacks
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    kind text not null check (kind <> ''),       -- sms, call, booking, …
    key text not null check (key <> ''),         -- made of what is meant, never of the attempt
    state text not null default 'pending' check (state in ('pending', 'done', 'failed', 'unknown')),
    request jsonb,
    provider_id text,
    result jsonb,
    attempts integer not null default 1 check (attempts > 0),
    claimed_at timestamptz not null default now(),
    finished_at timestamptz,
    primary key (organization_id, id),
    constraint effects_key unique (organization_id, key),
    check ((state = 'pending') = (finished_at is null))
);
create index effects_pending on voiceagent.effects (organization_id, claimed_at) where state = 'pending';
create index effects_claimed on voiceagent.effects (organization_id, claimed_at);
grant select, insert, update, delete on voiceagent.effects to va_app;
call voiceagent.isolate('voiceagent.effects');

-- Once ended, an effect stays as it ended; a late callback may still settle one
-- that nobody could tell.
create function voiceagent.keep_effect_ended() returns trigger
language plpgsql as $$
begin
    if (old.state in ('done', 'failed') and new.state <> old.state)
       or (old.state = 'unknown' and new.state = 'pending') then
        raise exception 'an effect that is % cannot become %', old.state, new.state
            using errcode = 'object_not_in_prerequisite_state', constraint = 'effects_ended';
    end if;
    return new;
end
$$;
create trigger keep_effect_ended before update of state on voiceagent.effects
    for each row execute function voiceagent.keep_effect_ended();

alter table voiceagent.messages add foreign key (organization_id, effect_id)
    references voiceagent.effects (organization_id, id) on delete set null (effect_id);
create index messages_effect on voiceagent.messages (organization_id, effect_id) where effect_id is not null;

-- Drained in the order of id, one organization at a time. customer_id and call_id
-- are no foreign keys: what they name may be gone when the event is told.
create table voiceagent.outbox (
    id bigint generated always as identity,
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    kind text not null check (kind in ('event', 'job')),
    type text not null check (type <> ''),
    customer_id uuid,
    call_id uuid,
    queue text check (queue in ('realtime', 'default', 'bulk')),
    lane text,
    serial text,
    dedup text,
    data jsonb not null default '{}',
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    check ((kind = 'job') = (queue is not null))
);
grant select, insert, update, delete on voiceagent.outbox to va_app;
call voiceagent.isolate('voiceagent.outbox');
