-- The same answers for less: what every statement asks of the setting that says whose it is, and
-- free slots.

-- The text as a UUID; null for anything else, never an error. Judged without counting in a
-- regular expression, which costs more than many of the statements that ask: 36 characters with
-- dashes at their four places, none elsewhere, and nothing but hexadecimal digits besides.
create or replace function voiceagent.uuid_or_null(value text) returns uuid
language sql immutable parallel safe
as $$
    select case when value like '________-____-____-____-____________' and value not like '%-%-%-%-%-%'
                     and value !~ '[^-0-9a-fA-F]' then value::uuid end
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
    first_day date;
    days int;
    open tstzrange;
    latest timestamptz;
begin
    if duration <= interval '0' or step <= interval '0' or until_instant > from_instant + interval '370 days' then
        raise exception 'free_slots: duration and step must be positive, the range a year at most'
            using errcode = 'invalid_parameter_value';
    end if;

    select o.hours, o.timezone::text into hours, zone
      from voiceagent.organizations o where o.id = (select voiceagent.current_organization());
    first_day := (from_instant at time zone zone)::date;
    days := (until_instant at time zone zone)::date - first_day;
    if days is null or step is null then
        return;
    end if;

    taken := voiceagent.taken_starts(wanted_resource, duration, from_instant, until_instant);
    -- The day before as well: its hours may end after midnight.
    for day in -1..days loop
        open := voiceagent.opening_period(hours, zone, first_day + day);
        latest := upper(open) - duration;
        starts_at := lower(open);
        while starts_at <= latest loop
            if starts_at >= from_instant and starts_at < until_instant and not starts_at <@ taken then
                ends_at := starts_at + duration;
                return next;
            end if;
            starts_at := starts_at + step;
        end loop;
    end loop;
end
$$;
