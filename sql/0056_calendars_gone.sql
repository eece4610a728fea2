-- A calendar that Google does not show any more, deleted or not shared with the account: its shop
-- goes on as if it were not connected to it, until Google shows it again or its services go to
-- another one.

alter table voiceagent.sync_tokens add column gone_at timestamptz;
grant select (gone_at) on voiceagent.sync_tokens to va_directory;

-- As in 0024; one that is gone is looked at with the others of its shop, or alone where it has none.
-- Only va_directory's members may replace it, and its owner and who may execute it stay.
do $do$
declare
    joined boolean := not pg_has_role(current_user, 'va_directory', 'usage');
begin
    if joined then
        execute format('grant va_directory to %I', current_user);
    end if;
    create or replace function voiceagent.due_calendars(max_rows integer) returns setof uuid
    language sql stable security definer
    set search_path = pg_catalog, voiceagent, pg_temp
    as $$
        select o.id
          from voiceagent.organizations o
         where o.is_active and exists (
               select from voiceagent.integrations i
                 join voiceagent.sync_tokens t on t.organization_id = i.organization_id and t.service = i.service
                where i.organization_id = o.id and i.service = 'google_calendar' and i.status = 'connected'
                  and (t.synced_at is null or t.synced_at < now() - interval '5 minutes')
                  and (t.gone_at is null or not exists (
                       select from voiceagent.sync_tokens other
                        where other.organization_id = t.organization_id and other.service = t.service
                          and other.gone_at is null)))
         limit max_rows
    $$;
    if joined then
        execute format('revoke va_directory from %I', current_user);
    end if;
end
$do$;
