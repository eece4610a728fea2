-- An effect whose job was lost is settled all the same: from settle_at on it is looked after,
-- once by another job (requeued), then by ending it as one that nobody can tell of.
alter table voiceagent.effects
    add column settle_at timestamptz not null default now() + interval '10 minutes',
    add column requeued boolean not null default false;
drop index voiceagent.effects_pending;
create index effects_unsettled on voiceagent.effects (organization_id, settle_at, id)
    where state = 'pending';

revoke select (claimed_at) on voiceagent.effects from va_directory;
grant select (settle_at) on voiceagent.effects to va_directory;

-- Active organizations with effects that nobody has settled in time.
create function voiceagent.due_effects(max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select o.id
      from voiceagent.organizations o
     where o.is_active and o.id in (
           select e.organization_id from voiceagent.effects e
            where e.state = 'pending' and e.settle_at <= now())
     limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_effects(integer)', '{va_app}');

-- The kinds of work that something asks for: holds and channels are found without it, effects
-- and retention have functions of their own. Only va_directory's members may replace it.
do $do$
declare
    joined boolean := not pg_has_role(current_user, 'va_directory', 'usage');
begin
    if joined then
        execute format('grant va_directory to %I', current_user);
    end if;
    create or replace function voiceagent.due(what text, max_rows integer) returns setof uuid
    language plpgsql stable security definer
    set search_path = pg_catalog, voiceagent, pg_temp
    as $$
    begin
        return query
            select distinct o.id
              from voiceagent.organizations o
              join (
                select a.organization_id from voiceagent.appointments a
                 where what = 'reminders' and a.status = 'confirmed'
                   and a.starts_at > now() and a.starts_at <= now() + interval '48 hours'
                   and (a.reminded_48h_at is null
                        or a.reminded_24h_at is null and a.starts_at <= now() + interval '24 hours'
                        or a.reminded_1h_at is null and a.starts_at <= now() + interval '1 hour')
                union all
                select r.organization_id from voiceagent.campaign_runs r
                 where what = 'campaigns' and r.state = 'scheduled' and r.due_at <= now()
              ) as work (organization_id) on work.organization_id = o.id
             where o.is_active
             limit max_rows;
    end
    $$;
    if joined then
        execute format('revoke va_directory from %I', current_user);
    end if;
end
$do$;
revoke select (hold_expires_at) on voiceagent.appointments from va_directory;
revoke select (channel_id, channel_expires_at) on voiceagent.sync_tokens from va_directory;
