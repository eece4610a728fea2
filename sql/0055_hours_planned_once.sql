-- What is asked while a phone rings. A function in SQL that is not inlined is planned at each
-- call; one in PL/pgSQL once a connection (docs/decisions.md, "A question is one transaction").

create or replace function voiceagent.hours_on(hours jsonb, day date,
                                               out closed boolean, out open text, out close text)
language plpgsql stable parallel safe as $$
declare
    today jsonb := voiceagent.day_hours(hours, day);
begin
    open := today ->> 'open';
    close := today ->> 'close';
    closed := coalesce(open, '') = '';
end
$$;

create or replace function voiceagent.closes_at(hours jsonb, zone text, at timestamptz default now())
returns timestamptz
language plpgsql stable as $$
declare
    day date := (at at time zone zone)::date;
    today tstzrange := voiceagent.opening_period(hours, zone, day);
    yesterday tstzrange := voiceagent.opening_period(hours, zone, day - 1);
begin
    return greatest(case when at <@ today then upper(today) end,
                    case when at <@ yesterday then upper(yesterday) end);
end
$$;

create or replace function voiceagent.quiet_ends(quiet_from time, quiet_until time, zone text,
                                                 at timestamptz default now())
returns timestamptz
language plpgsql stable as $$
declare
    clock time := (at at time zone zone)::time;
    day date := (at at time zone zone)::date;
    wall timestamp := case
        when quiet_from < quiet_until and clock >= quiet_from and clock < quiet_until
             or quiet_from > quiet_until and clock < quiet_until
        then day + quiet_until
        when quiet_from > quiet_until and clock >= quiet_from
        then day + 1 + quiet_until
    end;
    first timestamptz;
begin
    if wall is null then
        return null;
    end if;
    -- Of an hour that the clocks show twice, the end of the quiet hours is the one to come.
    first := voiceagent.instant_of(wall, zone);
    return case when first > at then first else voiceagent.instant_of(wall, zone, again := true) end;
end
$$;

-- Whether any of a kind can be had, for a shop whose products of a kind are mostly sold out.
create index products_in_stock on voiceagent.products (organization_id, product_type)
    where is_active and (available > 0 or not is_tracked);
