-- A reminder that waits for the end of its customer's quiet hours is looked at again when they end,
-- or in an hour, and not by each sweep: every 30 seconds all of them were locked, the night long.

alter table voiceagent.appointments add column remind_at timestamptz;
grant select (remind_at) on voiceagent.appointments to va_directory;

-- As in 0043, without those that wait.
-- Only va_directory's members may replace it, and its owner and who may execute it stay.
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
                   and (a.remind_at is null or a.remind_at <= now())
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
