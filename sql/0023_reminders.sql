-- Reminders: quiet hours as an instant, and bikes that are ready to be picked up.

-- When the quiet hours end that the instant lies in; null outside of them. Equal bounds: no
-- quiet hours.
create function voiceagent.quiet_ends(quiet_from time, quiet_until time, zone text,
                                      at timestamptz default now())
returns timestamptz
language sql stable as $$
    select case
               when quiet_from < quiet_until and clock >= quiet_from and clock < quiet_until
                    or quiet_from > quiet_until and clock < quiet_until
               then voiceagent.instant_of(day + quiet_until, zone)
               when quiet_from > quiet_until and clock >= quiet_from
               then voiceagent.instant_of(day + 1 + quiet_until, zone)
           end
      from (select (at at time zone zone)::time as clock, (at at time zone zone)::date as day) as shop
$$;

alter table voiceagent.appointments
    add column pickup_ready_at timestamptz;  -- the shop's people are done with the bike
create index appointments_pickups on voiceagent.appointments (organization_id, pickup_ready_at)
    where pickup_ready_at is not null and pickup_notified_at is null;

grant select (pickup_ready_at, pickup_notified_at) on voiceagent.appointments to va_directory;

-- Active organizations with a bike that is ready and whose customer was not told.
create function voiceagent.due_pickups(max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select distinct a.organization_id
      from voiceagent.appointments a
      join voiceagent.organizations o on o.id = a.organization_id and o.is_active
     where a.pickup_ready_at is not null and a.pickup_notified_at is null
     limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_pickups(integer)', '{va_app}');
