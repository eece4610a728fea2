-- Opening hours, time zones and daylight saving time.
--
-- Hours are {"monday": {"open": "08:00", "close": "18:00"}, "sunday": {"closed": true},
-- "exceptions": {"2026-12-25": {"closed": true}}}: local wall-clock times of the shop,
-- open inclusive, close exclusive, "24:00" allowed as a close. A close before the open
-- is on the next day. An exception replaces its date.

create function voiceagent.is_time_zone(name text) returns boolean
language plpgsql immutable strict as $$
begin
    -- Region names and UTC only: POSIX specifications are accepted by AT TIME ZONE
    -- whatever they say, and abbreviations know no daylight saving time.
    if name !~ '^([A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)+|UTC)$' then
        return false;
    end if;
    perform timestamp '2000-01-01' at time zone name;
    return true;
exception when invalid_parameter_value then
    return false;
end
$$;

create domain voiceagent.time_zone as text check (voiceagent.is_time_zone(value));

-- "9:00" and "09:00" as "09:00".
create function voiceagent.normal_time(value text) returns text
language plpgsql immutable as $$
declare
    part text[] := regexp_match(btrim(value), '^(\d{1,2}):(\d{2})$');
begin
    if part is null or part[2]::int > 59 or part[1]::int * 60 + part[2]::int > 24 * 60 then
        raise exception 'not a time of day: %', coalesce(value, 'null')
            using errcode = 'invalid_datetime_format';
    end if;
    return lpad(part[1], 2, '0') || ':' || part[2];
end
$$;

-- One day in any of the shapes people and the older systems write: {"open","close"},
-- {"start","end"}, "9:00-18:00", "closed", null.
create function voiceagent.normal_day(day jsonb) returns jsonb
language plpgsql immutable as $$
declare
    opens text;
    closes text;
begin
    if day is null or jsonb_typeof(day) = 'null' or day -> 'closed' = 'true'
       or (jsonb_typeof(day) = 'string' and lower(day #>> '{}') = 'closed') then
        return '{"closed": true}';
    end if;

    if jsonb_typeof(day) = 'string' then
        opens := split_part(translate(day #>> '{}', e'\u2013', '-'), '-', 1);
        closes := split_part(translate(day #>> '{}', e'\u2013', '-'), '-', 2);
    elsif jsonb_typeof(day) = 'object' then
        if exists (select from jsonb_object_keys(day) k
                    where k not in ('open', 'close', 'start', 'end', 'closed')) then
            raise exception 'hours of a day with unknown members: %', day
                using errcode = 'invalid_parameter_value';
        end if;
        opens := coalesce(day ->> 'open', day ->> 'start');
        closes := coalesce(day ->> 'close', day ->> 'end');
    else
        raise exception 'not the hours of a day: %', day using errcode = 'invalid_parameter_value';
    end if;

    opens := voiceagent.normal_time(opens);
    closes := voiceagent.normal_time(closes);
    if opens = closes or opens = '24:00' then
        raise exception 'hours that open at % and close at %: write 00:00 and 24:00 for the whole day',
            opens, closes using errcode = 'invalid_parameter_value';
    end if;
    return jsonb_build_object('open', opens, 'close', closes);
end
$$;

create function voiceagent.day_name(iso_day int) returns text
language sql immutable parallel safe as $$
    select (array['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'])[iso_day]
$$;

-- Any accepted shape as the one above, all seven days present; a day not named is
-- closed. {"open","close","days": [...]} (what the sign-up form asks) is read too.
create function voiceagent.normal_hours(hours jsonb) returns jsonb
language plpgsql immutable strict as $$
declare
    result jsonb := '{}';
    exceptions jsonb := coalesce(hours -> 'exceptions', '{}');
    one record;
begin
    if jsonb_typeof(hours) <> 'object' or jsonb_typeof(exceptions) <> 'object' then
        raise exception 'hours must be an object' using errcode = 'invalid_parameter_value';
    end if;

    for i in 1..7 loop
        result := result || jsonb_build_object(voiceagent.day_name(i), '{"closed": true}'::jsonb);
    end loop;

    if hours ? 'days' then
        select coalesce(jsonb_object_agg(d, jsonb_build_object('open', hours -> 'open', 'close', hours -> 'close')), '{}')
               || (hours - 'days' - 'open' - 'close')
          into hours from jsonb_array_elements_text(hours -> 'days') d;
    end if;
    for one in select lower(key) as key, value from jsonb_each(hours - 'exceptions') loop
        select voiceagent.day_name(i) into one.key from generate_series(1, 7) i
         where one.key in (voiceagent.day_name(i), left(voiceagent.day_name(i), 3));
        if one.key is null then
            raise exception 'hours name a day that is none: %', hours
                using errcode = 'invalid_parameter_value';
        end if;
        result := result || jsonb_build_object(one.key, voiceagent.normal_day(one.value));
    end loop;

    for one in select * from jsonb_each(exceptions) loop
        if one.key !~ '^\d{4}-\d{2}-\d{2}$' then
            raise exception 'an exception to the hours needs a date, YYYY-MM-DD: %', one.key
                using errcode = 'invalid_datetime_format';
        end if;
        perform make_date(left(one.key, 4)::int, substr(one.key, 6, 2)::int, right(one.key, 2)::int);
        exceptions := exceptions || jsonb_build_object(one.key, voiceagent.normal_day(one.value));
    end loop;
    return case when exceptions = '{}' then result
                else result || jsonb_build_object('exceptions', exceptions) end;
end
$$;

-- What the shop says about a date: "HH:MM" texts, null when closed.
create function voiceagent.hours_on(hours jsonb, day date,
                                    out closed boolean, out open text, out close text)
language sql stable parallel safe as $$
    select coalesce(d ->> 'open', '') = '', d ->> 'open', d ->> 'close'
      from (select coalesce(hours #> array['exceptions', to_char(day, 'YYYY-MM-DD')],
                            hours -> voiceagent.day_name(extract(isodow from day)::int))) as x (d)
$$;

-- The instant at which the clocks of a zone read a local time. An hour skipped in
-- spring is the moment of the change; of an hour that comes twice in autumn the
-- first, or with `again` the second.
create function voiceagent.instant_of(wall timestamp, zone text, again boolean default false)
returns timestamptz
language plpgsql immutable as $$
declare
    day_before timestamptz := (wall - interval '24 hours') at time zone zone;
    day_after timestamptz := (wall + interval '24 hours') at time zone zone;
    by_old_offset timestamptz;
    by_new_offset timestamptz;
    middle timestamptz;
begin
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

-- When the shop that opens on this local date is open; null when it does not.
create function voiceagent.opening_period(hours jsonb, zone text, day date) returns tstzrange
language plpgsql stable as $$
declare
    today record := voiceagent.hours_on(hours, day);
    opens timestamptz;
    closes timestamptz;
begin
    if today.closed then
        return null;
    end if;
    opens := voiceagent.instant_of(day + today.open::time, zone);
    closes := voiceagent.instant_of(
        day + today.close::time + case when today.close < today.open then interval '1 day' else '0' end,
        zone, again => true);
    return case when opens < closes then tstzrange(opens, closes, '[)') end;
end
$$;

create function voiceagent.is_open(hours jsonb, zone text, at timestamptz default now()) returns boolean
language sql stable as $$
    select coalesce(at <@ voiceagent.opening_period(hours, zone, (at at time zone zone)::date), false)
        or coalesce(at <@ voiceagent.opening_period(hours, zone, (at at time zone zone)::date - 1), false)
$$;

-- The start of the next opening period at or after the instant; within a period
-- that is the one after it. Null when the shop does not open within a year.
create function voiceagent.next_opening(hours jsonb, zone text, at timestamptz default now())
returns timestamptz
language plpgsql stable as $$
declare
    opens timestamptz;
begin
    for ahead in 0..366 loop
        opens := lower(voiceagent.opening_period(hours, zone, (at at time zone zone)::date + ahead));
        if opens >= at then
            return opens;
        end if;
    end loop;
    return null;
end
$$;

-- When the period that contains the instant ends; null when closed.
create function voiceagent.closes_at(hours jsonb, zone text, at timestamptz default now())
returns timestamptz
language sql stable as $$
    select max(upper(p))
      from (values (voiceagent.opening_period(hours, zone, (at at time zone zone)::date)),
                   (voiceagent.opening_period(hours, zone, (at at time zone zone)::date - 1))) as x (p)
     where at <@ p
$$;
