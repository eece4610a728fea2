-- The sound of calls, where a shop wants it (agent_configs.recording_enabled): begun by the carrier
-- behind a spoken notice, fetched from there, kept encrypted, and deleted there.

create table voiceagent.recordings (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    id uuid not null default gen_random_uuid(),
    call_id uuid not null,
    twilio_call_sid text not null check (twilio_call_sid <> ''),
    -- begun: the document that begins it was given out; stored: the sound is here; none: nothing came
    -- of it; declined: the caller did not want it; expired: kept for as long as the shop wanted it;
    -- lost: it could not be had, and people were told
    state text not null default 'begun' check (state in ('begun', 'stored', 'none', 'declined', 'expired', 'lost')),
    removed boolean not null default false,  -- the carrier has nothing of it any more
    recording_sid text,                      -- of the one that is kept
    media_type text,
    bytes bigint check (bytes > 0),
    seconds integer check (seconds >= 0),
    notice_language voiceagent.language_code not null,
    begun_at timestamptz not null default now(),
    stored_at timestamptz,
    settle_at timestamptz not null default now() + interval '10 minutes',  -- when the carrier is asked for it again
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint recordings_call unique (organization_id, call_id),
    foreign key (organization_id, call_id)
        references voiceagent.calls (organization_id, id) on delete cascade,
    check (state <> 'stored' or (bytes is not null and media_type is not null and stored_at is not null))
);
create index recordings_unsettled on voiceagent.recordings (organization_id, settle_at) where not removed;
create index recordings_sid on voiceagent.recordings (organization_id, twilio_call_sid);
create index recordings_begun on voiceagent.recordings (organization_id, begun_at);
grant select, insert, update, delete on voiceagent.recordings to va_app;
call voiceagent.isolate('voiceagent.recordings', read_from => 'manager');

-- The sound, in pieces of one size, the last one shorter; each encrypted by itself.
create table voiceagent.recording_chunks (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    recording_id uuid not null,
    n integer not null check (n >= 0),
    key_id text not null,
    length integer not null check (length > 0),  -- of the plain sound
    sealed bytea not null,
    primary key (organization_id, recording_id, n),
    foreign key (organization_id, recording_id)
        references voiceagent.recordings (organization_id, id) on delete cascade
);
alter table voiceagent.recording_chunks alter column sealed set storage external;  -- it cannot be compressed
grant select, insert, update, delete on voiceagent.recording_chunks to va_app;
call voiceagent.isolate('voiceagent.recording_chunks');

-- Organizations, active or not, with recordings that the carrier may still have.
create policy directory on voiceagent.recordings for select to va_directory using (true);
grant select (organization_id, removed, settle_at) on voiceagent.recordings to va_directory;
create function voiceagent.due_recordings(max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select distinct r.organization_id from voiceagent.recordings r
     where not r.removed and r.settle_at <= now() limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_recordings(integer)', '{va_app}');

-- Sound is encrypted with the same keys as integrations. Only va_directory's members may replace
-- what it owns.
create policy directory on voiceagent.recording_chunks for select to va_directory using (true);
grant select (organization_id, key_id) on voiceagent.recording_chunks to va_directory;
do $do$
declare
    joined boolean := not pg_has_role(current_user, 'va_directory', 'usage');
begin
    if joined then
        execute format('grant va_directory to %I', current_user);
    end if;
    create or replace function voiceagent.due_keys(wanted text, max_rows integer) returns setof uuid
    language sql stable security definer
    set search_path = pg_catalog, voiceagent, pg_temp
    as $$
        select i.organization_id from voiceagent.integrations i where i.key_id <> wanted
        union
        select c.organization_id from voiceagent.recording_chunks c where c.key_id <> wanted
        limit max_rows
    $$;
    if joined then
        execute format('revoke va_directory from %I', current_user);
    end if;
end
$do$;
