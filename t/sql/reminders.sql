-- Quiet hours as instants, and the shops with a bike that is ready.
begin;
set local search_path = voiceagent, public;
select plan(14);

create function pg_temp.ends(quiet_from time, quiet_until time, at timestamptz) returns text language sql as $$
    select to_char(voiceagent.quiet_ends(quiet_from, quiet_until, 'America/Toronto', at) at time zone 'UTC', 'YYYY-MM-DD HH24:MI')
$$;
select is(pg_temp.ends('21:00', '09:00', '2026-07-01 20:59 America/Toronto'), null, 'before the evening');
select is(pg_temp.ends('21:00', '09:00', '2026-07-01 21:00 America/Toronto'), '2026-07-02 13:00', 'the evening: until the morning');
select is(pg_temp.ends('21:00', '09:00', '2026-07-02 08:59 America/Toronto'), '2026-07-02 13:00', 'the night');
select is(pg_temp.ends('21:00', '09:00', '2026-07-02 09:00 America/Toronto'), null, 'the morning');
select is(pg_temp.ends('12:00', '13:30', '2026-07-01 12:10 America/Toronto'), '2026-07-01 17:30', 'within a day');
select is(pg_temp.ends('12:00', '13:30', '2026-07-01 13:30 America/Toronto'), null, 'and after it');
select is(pg_temp.ends('00:00', '00:00', '2026-07-01 12:00 America/Toronto'), null, 'equal bounds are no quiet hours');
select is(pg_temp.ends('21:00', '09:00', '2026-03-07 23:00 America/Toronto'), '2026-03-08 13:00', 'over the change to summer time');
select is(pg_temp.ends('22:00', '01:30', '2026-11-01 05:10+00'), '2026-11-01 05:30', 'an end that comes twice: the first');
select is(pg_temp.ends('22:00', '01:30', '2026-11-01 05:40+00'), null, 'and after it');
select is(pg_temp.ends('22:00', '01:30', '2026-11-01 06:10+00'), '2026-11-01 06:30', 'the same clock again: the second');

create function pg_temp.due_pickups() returns text language sql as $$
    select string_agg(due::text, ' ') from voiceagent.due_pickups(10) due
$$;
select t.make_organization(t.a(), 'shop-a') \gset
insert into appointments (id, organization_id, starts_at, ends_at, status)
values ('aaaaaaaa-0000-4000-8000-000000000001', t.a(), now() - interval '2 hours', now() - interval '1 hour', 'completed');
select is(pg_temp.due_pickups(), null, 'nobody said that the bike is ready');
update appointments set pickup_ready_at = now();
select is(pg_temp.due_pickups(), t.a()::text, 'it is ready');
update appointments set pickup_notified_at = now();
select is(pg_temp.due_pickups(), null, 'and its customer was told');

select * from finish();
rollback;
