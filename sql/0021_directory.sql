-- The rest of what may look across organizations (the logins are in 0005_users).
-- Every function here is SECURITY DEFINER, owned by va_directory, and gives away
-- an organization's id and nothing else.

-- The active organization a request belongs to: kind is one of routing_keys, or
-- 'id' for one that names its organization itself. Null: nobody's.
create function voiceagent.organization_by(kind text, key text) returns uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select o.id
      from voiceagent.organizations o
     where o.is_active
       and o.id = case when organization_by.kind = 'id' then voiceagent.uuid_or_null(organization_by.key)
                       else (select r.organization_id from voiceagent.routing_keys r
                              where r.kind = organization_by.kind and r.key = organization_by.key
                                and r.is_active)
                  end
$$;
call voiceagent.hand_to_directory('voiceagent.organization_by(text, text)', '{va_app}');

create policy directory on voiceagent.outbox for select to va_directory using (true);
grant select (organization_id, id, created_at) on voiceagent.outbox to va_directory;

-- Organizations whose outbox was not drained by the thread that wrote it. Walks
-- the key from organization to organization, however much one of them has left.
create function voiceagent.due_outbox(max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    with recursive due (organization_id) as (
        (select o.organization_id from voiceagent.outbox o
          where o.created_at < now() - interval '5 seconds'
          order by o.organization_id limit 1)
        union all
        select (select o.organization_id from voiceagent.outbox o
                 where o.organization_id > due.organization_id and o.created_at < now() - interval '5 seconds'
                 order by o.organization_id limit 1)
          from due where due.organization_id is not null
    )
    select organization_id from due where organization_id is not null limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_outbox(integer)', '{va_app}');

create policy directory on voiceagent.appointments for select to va_directory using (true);
grant select (organization_id, status, starts_at, hold_expires_at, reminded_48h_at, reminded_24h_at, reminded_1h_at)
    on voiceagent.appointments to va_directory;
create policy directory on voiceagent.effects for select to va_directory using (true);
grant select (organization_id, state, claimed_at) on voiceagent.effects to va_directory;
create policy directory on voiceagent.campaign_runs for select to va_directory using (true);
grant select (organization_id, state, due_at) on voiceagent.campaign_runs to va_directory;
create policy directory on voiceagent.sync_tokens for select to va_directory using (true);
grant select (organization_id, channel_id, channel_expires_at) on voiceagent.sync_tokens to va_directory;
create policy directory on voiceagent.privacy_settings for select to va_directory using (true);
grant select (organization_id, swept_at) on voiceagent.privacy_settings to va_directory;

-- Active organizations that have work of a kind to do now:
--   holds      a hold ran out
--   reminders  a confirmed appointment is 48 h, 24 h or 1 h away and not reminded
--   effects    an effect is pending for longer than 10 s: ask the provider
--   campaigns  a campaign run is due
--   channels   a calendar's watch channel ends within a day
--   retention  retention was not enforced today
create function voiceagent.due(what text, max_rows integer) returns setof uuid
language plpgsql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
begin
    return query
        select distinct o.id
          from voiceagent.organizations o
          join (
            select a.organization_id from voiceagent.appointments a
             where what = 'holds' and a.status = 'held' and a.hold_expires_at <= now()
            union all
            select a.organization_id from voiceagent.appointments a
             where what = 'reminders' and a.status = 'confirmed'
               and a.starts_at > now() and a.starts_at <= now() + interval '48 hours'
               and (a.reminded_48h_at is null
                    or a.reminded_24h_at is null and a.starts_at <= now() + interval '24 hours'
                    or a.reminded_1h_at is null and a.starts_at <= now() + interval '1 hour')
            union all
            select e.organization_id from voiceagent.effects e
             where what = 'effects' and e.state = 'pending' and e.claimed_at < now() - interval '10 seconds'
            union all
            select r.organization_id from voiceagent.campaign_runs r
             where what = 'campaigns' and r.state = 'scheduled' and r.due_at <= now()
            union all
            select t.organization_id from voiceagent.sync_tokens t
             where what = 'channels' and t.channel_id is not null
               and t.channel_expires_at < now() + interval '1 day'
            union all
            select p.organization_id from voiceagent.privacy_settings p
             where what = 'retention' and p.swept_at < now() - interval '1 day'
          ) as work (organization_id) on work.organization_id = o.id
         where o.is_active
         limit max_rows;
end
$$;
call voiceagent.hand_to_directory('voiceagent.due(text, integer)', '{va_app}');

-- Requests that found no organization: what they were keyed by and a hash, for a
-- week. No tenant's data, and no tenant may read them.
create table voiceagent.unrouted_events (
    id bigint generated always as identity primary key,
    kind text not null,
    key text not null,
    type text not null,
    body_sha256 text check (body_sha256 ~ '^[0-9a-f]{64}$'),
    received_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '7 days'
);
create index unrouted_events_expires on voiceagent.unrouted_events (expires_at);
alter table voiceagent.unrouted_events enable row level security;
alter table voiceagent.unrouted_events force row level security;
create policy directory on voiceagent.unrouted_events to va_directory using (true) with check (true);
grant select, insert, delete on voiceagent.unrouted_events to va_directory;

-- Also clears away what is past its week.
create function voiceagent.record_unrouted(kind text, key text, type text, body_sha256 text default null)
returns void
language sql security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    delete from voiceagent.unrouted_events where expires_at <= now();
    insert into voiceagent.unrouted_events (kind, key, type, body_sha256) values ($1, $2, $3, $4);
$$;
call voiceagent.hand_to_directory('voiceagent.record_unrouted(text, text, text, text)', '{va_app}');
