-- Signing up: which terms were accepted, and until when somebody is at work on setting a shop up.
-- A shop is pending, and not active, from the moment its sign-up is noted until it has its number;
-- its row is then the note by which a number that was bought is found again.
alter table voiceagent.organizations
    add column terms_version text,
    add column provisioning_until timestamptz,
    add constraint organizations_pending check (provisioning_state <> 'pending' or not is_active);
create index organizations_pending_until on voiceagent.organizations (provisioning_until)
    where provisioning_state = 'pending';

grant select (provisioning_state, provisioning_until) on voiceagent.organizations to va_directory;

-- Shops whose sign-up was left in its middle: nobody has been at work on them for five minutes.
create function voiceagent.due_registrations(max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select o.id
      from voiceagent.organizations o
     where o.provisioning_state = 'pending' and o.provisioning_until < now() - interval '5 minutes'
     order by o.provisioning_until
     limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_registrations(integer)', '{va_app}');
