-- Google Calendar, both ways.

-- Which of ENCRYPTION_KEY's keys the row's columns are encrypted with; all of them with one.
alter table voiceagent.integrations add column key_id text;

-- Channels carry the one token that nginx compares; what tells them apart is their id.
alter table voiceagent.sync_tokens drop column channel_token;

-- An event of a calendar that several resources share takes a time of each of them.
alter table voiceagent.calendar_events
    drop constraint calendar_events_pkey,
    add primary key (organization_id, calendar_id, event_id, resource);

create policy directory on voiceagent.integrations for select to va_directory using (true);
grant select (organization_id, service, status, key_id) on voiceagent.integrations to va_directory;
grant select (service, synced_at) on voiceagent.sync_tokens to va_directory;

-- Organizations one of whose connected calendars was not looked at for five minutes: what a
-- lost notification said is known ten minutes later at the latest.
create function voiceagent.due_calendars(max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select o.id
      from voiceagent.organizations o
     where o.is_active and exists (
           select from voiceagent.integrations i
             join voiceagent.sync_tokens t on t.organization_id = i.organization_id and t.service = i.service
            where i.organization_id = o.id and i.service = 'google_calendar' and i.status = 'connected'
              and (t.synced_at is null or t.synced_at < now() - interval '5 minutes'))
     limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_calendars(integer)', '{va_app}');

-- Organizations with integrations that are encrypted with another key than this one.
create function voiceagent.due_keys(wanted text, max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select distinct i.organization_id from voiceagent.integrations i where i.key_id <> wanted limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_keys(text, integer)', '{va_app}');
