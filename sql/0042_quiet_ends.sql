-- Of an hour that the clocks show twice, the end of the quiet hours is the one to come: within
-- the second of both the first is over.
create or replace function voiceagent.quiet_ends(quiet_from time, quiet_until time, zone text,
                                                 at timestamptz default now())
returns timestamptz
language sql stable as $$
    select case when first > at then first else voiceagent.instant_of(wall, zone, again := true) end
      from (select case
                       when quiet_from < quiet_until and clock >= quiet_from and clock < quiet_until
                            or quiet_from > quiet_until and clock < quiet_until
                       then day + quiet_until
                       when quiet_from > quiet_until and clock >= quiet_from
                       then day + 1 + quiet_until
                   end as wall
              from (select (at at time zone zone)::time as clock, (at at time zone zone)::date as day) as shop) as quiet
     cross join lateral (select voiceagent.instant_of(wall, zone) as first) as once
$$;
