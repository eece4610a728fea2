-- Free slots and opening hours as they were, in less time: what is taken is read once a search
-- and not once a slot, and on a day on which the clocks do not change nothing is tried out.

-- The instant at which the clocks of a zone read a local time. An hour skipped in
-- spring is the moment of the change; of an hour that comes twice in autumn the
-- first, or with `again` the second.
create or replace function voiceagent.instant_of(wall timestamp, zone text, again boolean default false)
returns timestamptz
language plpgsql immutable as $$
declare
    day constant interval := '24 hours';
    plain timestamptz := wall at time zone zone;
    day_before timestamptz;
    day_after timestamptz;
    by_old_offset timestamptz;
    by_new_offset timestamptz;
    middle timestamptz;
begin
    -- The clocks tell the same a day before and a day after: they do not change between.
    if (plain - day) at time zone zone = wall - day and (plain + day) at time zone zone = wall + day then
        return plain;
    end if;

    day_before := (wall - day) at time zone zone;
    day_after := (wall + day) at time zone zone;
    by_old_offset := (wall - ((day_before at time zone zone) - (day_before at time zone 'UTC'))) at time zone 'UTC';
    by_new_offset := (wall - ((day_after at time zone zone) - (day_after at time zone 'UTC'))) at time zone 'UTC';

    if again and by_new_offset at time zone zone = wall then
        return by_new_offset;
    elsif by_old_offset at time zone zone = wall then
        return by_old_offset;
    elsif by_new_offset at time zone zone = wall then
        return by_new_offset;
    end if;

    -- Skipped: the change lies between the two; changes fall on whole seconds.
    while by_old_offset - by_new_offset > interval '1 second' loop
        middle := date_trunc('second', by_new_offset + (by_old_offset - by_new_offset) / 2);
        if middle at time zone zone < wall then
            by_new_offset := middle;
        else
            by_old_offset := middle;
        end if;
    end loop;
    return by_old_offset;
end
$$;

-- What the shop says about a date, as it is stored: {"open", "close"} or {"closed": true}.
create function voiceagent.day_hours(hours jsonb, day date) returns jsonb
language sql stable parallel safe as $$
    select coalesce(hours #> array['exceptions', to_char(day, 'YYYY-MM-DD')],
                    hours -> voiceagent.day_name(extract(isodow from day)::int))
$$;

-- The same as "HH:MM" texts, null when closed.
create or replace function voiceagent.hours_on(hours jsonb, day date,
                                               out closed boolean, out open text, out close text)
language sql stable parallel safe as $$
    select coalesce(d ->> 'open', '') = '', d ->> 'open', d ->> 'close'
      from (select voiceagent.day_hours(hours, day)) as x (d)
$$;

-- When the shop that opens on this local date is open; null when it does not.
create or replace function voiceagent.opening_period(hours jsonb, zone text, day date) returns tstzrange
language plpgsql stable as $$
declare
    today jsonb := voiceagent.day_hours(hours, day);
    open text := today ->> 'open';
    close text := today ->> 'close';
    opens timestamptz;
    closes timestamptz;
begin
    if coalesce(open, '') = '' then
        return null;
    end if;
    opens := voiceagent.instant_of(day + open::time, zone);
    closes := voiceagent.instant_of(
        day + close::time + case when close < open then interval '1 day' else '0' end,
        zone, again => true);
    return case when opens < closes then tstzrange(opens, closes, '[)') end;
end
$$;

-- The starts at which something that long would meet an appointment, a hold that still
-- stands, or the calendar; of those that are in [from, until).
create function voiceagent.taken_starts(
    wanted_resource text, duration interval, from_instant timestamptz, until_instant timestamptz)
returns tstzmultirange
language plpgsql stable as $$
begin
    -- From the end of one to the start of the next both bounds are free: hence '()'.
    -- 744 hours: no appointment is longer, so that the past is not read.
    return (select coalesce(range_agg(tstzrange(t.starts_at - duration, t.ends_at, '()')), '{}')
              from (select a.starts_at, a.ends_at
                      from voiceagent.appointments a
                     where a.resource = wanted_resource
                       and a.starts_at > from_instant - interval '744 hours'
                       and a.starts_at < until_instant + duration and a.ends_at > from_instant
                       and (a.status in ('confirmed', 'in_progress')
                            or a.status = 'held' and a.hold_expires_at > now())
                     union all
                    select e.starts_at, e.ends_at
                      from voiceagent.calendar_events e
                     where e.resource = wanted_resource and e.is_busy
                       and e.starts_at < until_instant + duration and e.ends_at > from_instant) t);
end
$$;

-- Free slots of the organization of this transaction, earliest first: starts every
-- `step` from the opening on, ends by the closing, within [from, until), clear of
-- appointments, of holds that still stand, and of the calendar.
create or replace function voiceagent.free_slots(
    wanted_resource text, duration interval, from_instant timestamptz, until_instant timestamptz,
    step interval default '30 minutes', out starts_at timestamptz, out ends_at timestamptz)
returns setof record
language plpgsql stable rows 50 as $$
declare
    hours jsonb;
    zone text;
    taken tstzmultirange;
begin
    if duration <= interval '0' or step <= interval '0' or until_instant > from_instant + interval '370 days' then
        raise exception 'free_slots: duration and step must be positive, the range a year at most'
            using errcode = 'invalid_parameter_value';
    end if;

    select o.hours, o.timezone::text into hours, zone
      from voiceagent.organizations o where o.id = (select voiceagent.current_organization());
    taken := voiceagent.taken_starts(wanted_resource, duration, from_instant, until_instant);
    -- The day before as well: its hours may end after midnight.
    return query
        select s, s + duration
          from generate_series(-1, (until_instant at time zone zone)::date
                                   - (from_instant at time zone zone)::date) d
         cross join lateral (select voiceagent.opening_period(
                   hours, zone, (from_instant at time zone zone)::date + d) as open offset 0) p
         cross join lateral generate_series(lower(p.open), upper(p.open) - duration, step) s
         where s >= from_instant and s < until_instant and not s <@ taken;
end
$$;

-- Its query is planned once a connection: as an SQL function it was planned at each call.
-- Only va_directory's members may replace it, and its owner and who may execute it stay.
do $do$
declare
    joined boolean := not pg_has_role(current_user, 'va_directory', 'usage');
begin
    if joined then
        execute format('grant va_directory to %I', current_user);
    end if;
    create or replace function voiceagent.organization_by(kind text, key text) returns uuid
    language plpgsql stable security definer
    set search_path = pg_catalog, voiceagent, pg_temp
    as $$
    begin
        return (select o.id
                  from voiceagent.organizations o
                 where o.is_active
                   and o.id = case when organization_by.kind = 'id'
                                   then voiceagent.uuid_or_null(organization_by.key)
                                   else (select r.organization_id from voiceagent.routing_keys r
                                          where r.kind = organization_by.kind and r.key = organization_by.key
                                            and r.is_active)
                              end);
    end
    $$;
    if joined then
        execute format('revoke va_directory from %I', current_user);
    end if;
end
$do$;
