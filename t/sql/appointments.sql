-- One slot, one customer; free slots on the days the clocks change.
begin;
set local search_path = voiceagent, public;
select plan(41);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset

create function pg_temp.book(org uuid, from_ text, until_ text, resource_ text default 'default', status_ text default 'confirmed',
                             hold timestamptz default null) returns text language plpgsql as $$
declare
    made uuid;
begin
    insert into appointments (organization_id, resource, starts_at, ends_at, status, hold_expires_at)
    values (org, resource_, from_::timestamptz, until_::timestamptz, status_, hold) returning id into made;
    return 'booked';
exception when exclusion_violation then
    return 'taken';
end
$$;

select is(pg_temp.book(t.a(), '2026-11-23 10:00-05', '2026-11-23 11:00-05'), 'booked', 'a slot');
select is(pg_temp.book(t.a(), '2026-11-23 10:00-05', '2026-11-23 11:00-05'), 'taken', 'the same slot');
select is(pg_temp.book(t.a(), '2026-11-23 10:30-05', '2026-11-23 11:30-05'), 'taken', 'a slot that overlaps its end');
select is(pg_temp.book(t.a(), '2026-11-23 09:30-05', '2026-11-23 10:30-05'), 'taken', 'a slot that overlaps its start');
select is(pg_temp.book(t.a(), '2026-11-23 09:00-05', '2026-11-23 12:00-05'), 'taken', 'a slot around it');
select is(pg_temp.book(t.a(), '2026-11-23 10:15-05', '2026-11-23 10:20-05'), 'taken', 'a slot within it');
select is(pg_temp.book(t.a(), '2026-11-23 09:00-05', '2026-11-23 10:00-05'), 'booked', 'the slot before, up to its start');
select is(pg_temp.book(t.a(), '2026-11-23 11:00-05', '2026-11-23 12:00-05'), 'booked', 'the slot after, from its end');
select is(pg_temp.book(t.a(), '2026-11-23 15:00+00', '2026-11-23 16:00+00'), 'taken', 'the same slot in another zone');
select is(pg_temp.book(t.a(), '2026-11-23 10:00-05', '2026-11-23 11:00-05', 'stand 2'), 'booked', 'another resource');
select is(pg_temp.book(t.b(), '2026-11-23 10:00-05', '2026-11-23 11:00-05'), 'booked', 'another shop');

update appointments set status = 'in_progress' where organization_id = t.a() and starts_at = '2026-11-23 10:00-05' and resource = 'default';
select is(pg_temp.book(t.a(), '2026-11-23 10:00-05', '2026-11-23 11:00-05'), 'taken', 'one in progress keeps its slot');
update appointments set status = 'cancelled' where organization_id = t.a() and starts_at = '2026-11-23 10:00-05' and resource = 'default';
select is(pg_temp.book(t.a(), '2026-11-23 10:00-05', '2026-11-23 11:00-05'), 'booked', 'a cancelled one gives it back');
select throws_ok($$ update appointments set status = 'confirmed' where organization_id = t.a() and status = 'cancelled' $$, '23P01', null,
                 'a cancelled one cannot come back into a taken slot');
select throws_ok($$ update appointments set starts_at = '2026-11-23 10:30-05', ends_at = '2026-11-23 11:30-05'
                     where organization_id = t.a() and resource = 'default' and starts_at = '2026-11-23 11:00-05' $$, '23P01', null,
                 'a move into a taken slot is refused');

-- ---- the repeated hour of 2026-11-01: 01:30 EDT and 01:30 EST are two slots
select is(pg_temp.book(t.a(), '2026-11-01 01:30-04', '2026-11-01 02:00-04'), 'booked', 'half past one, daylight time');
select is(pg_temp.book(t.a(), '2026-11-01 01:30-05', '2026-11-01 02:00-05'), 'booked', 'half past one an hour later, standard time');
select is(pg_temp.book(t.a(), '2026-11-01 01:45-04', '2026-11-01 01:15-05'), 'taken', 'between them overlaps the first');

-- ---- holds
select is(pg_temp.book(t.a(), '2026-11-24 10:00-05', '2026-11-24 11:00-05', 'default', 'held', now() + interval '2 minutes'), 'booked', 'a hold');
select is(pg_temp.book(t.a(), '2026-11-24 10:00-05', '2026-11-24 11:00-05'), 'taken', 'a hold blocks');
update appointments set hold_expires_at = now() - interval '1 second' where status = 'held';
select is(pg_temp.book(t.a(), '2026-11-24 10:30-05', '2026-11-24 11:30-05'), 'booked', 'an expired hold does not');
select is((select cancelled_by from appointments where starts_at = '2026-11-24 10:00-05'), 'expiry', 'it was cancelled by its expiry');
select throws_ok($$ insert into appointments (organization_id, starts_at, ends_at, status) values (t.a(), now(), now() + interval '1 hour', 'held') $$,
                 '23514', null, 'a hold needs an expiry');
select throws_ok($$ insert into appointments (organization_id, starts_at, ends_at) values (t.a(), now(), now()) $$, '23514', null,
                 'an appointment lasts longer than nothing');
select is(pg_temp.book(t.a(), '2026-11-25 10:00-05', '2026-11-25 11:00-05', 'default', 'held', now() + interval '2 minutes'), 'booked', 'a hold');
update appointments set status = 'confirmed' where status = 'held';
select is((select count(*)::int from appointments where starts_at = '2026-11-25 10:00-05' and status = 'confirmed'), 1, 'is confirmed in place');

-- ---- free slots, seen by the workers
create function pg_temp.slots(day text, duration text, step text default '30 minutes') returns text language sql as $$
    select string_agg(s ->> 'local', ' ' order by (s ->> 'starts_at')::timestamptz)
      from jsonb_array_elements(t.app(t.a(), format(
          $q$ select starts_at, to_char(starts_at at time zone 'America/Toronto', 'HH24:MI') as local
                from voiceagent.free_slots('default', %L, voiceagent.instant_of(%L, 'America/Toronto'),
                                           voiceagent.instant_of(%L::timestamp + interval '1 day', 'America/Toronto'), %L) $q$,
          duration, day, day, step))) s
$$;
delete from appointments;
update organizations set hours = '{"sunday":"00:00-04:00","monday":"09:00-12:00","friday":"22:00-02:00"}' where id = t.a();
select is(pg_temp.slots('2026-11-23', '1 hour'), '09:00 09:30 10:00 10:30 11:00', 'slots end by the closing');
select is(pg_temp.slots('2026-11-24', '1 hour'), null, 'none on a closed day');
select pg_temp.book(t.a(), '2026-11-23 10:00-05', '2026-11-23 10:30-05') \gset
select is(pg_temp.slots('2026-11-23', '1 hour'), '09:00 10:30 11:00', 'clear of an appointment, adjacent to it');
select pg_temp.book(t.a(), '2026-11-23 11:00-05', '2026-11-23 12:00-05', 'default', 'held', now() + interval '1 minute') \gset
select is(pg_temp.slots('2026-11-23', '1 hour'), '09:00', 'clear of a hold');
update appointments set hold_expires_at = now() - interval '1 minute' where status = 'held';
insert into calendar_events (organization_id, calendar_id, event_id, starts_at, ends_at, is_busy) values
    (t.a(), 'primary', 'e1', '2026-11-23 11:30-05', '2026-11-23 13:00-05', true),
    (t.a(), 'primary', 'e2', '2026-11-23 09:00-05', '2026-11-23 13:00-05', false);
select is(pg_temp.slots('2026-11-23', '1 hour'), '09:00 10:30', 'clear of the calendar, not of an expired hold nor of a free entry');
delete from calendar_events;
delete from appointments;
select pg_temp.book(t.a(), '2026-10-23 12:00-04', '2026-11-23 10:30-05', 'default', 'in_progress') \gset
select is(pg_temp.slots('2026-11-23', '30 minutes'), '10:30 11:00 11:30', 'clear of the longest appointment, which began a month before');
delete from appointments;
select is(pg_temp.slots('2026-03-08', '1 hour'), '00:00 00:30 01:00 01:30 03:00', 'spring: the skipped hour is no slot');
select is(pg_temp.slots('2026-11-01', '1 hour'), '00:00 00:30 01:00 01:30 01:00 01:30 02:00 02:30 03:00', 'autumn: the repeated hour is two');
select is(pg_temp.slots('2026-11-28', '1 hour'), '00:00 00:30 01:00', 'after midnight the night before still sells');
select is(t.app(null, $$ select * from voiceagent.free_slots('default', '1 hour', now(), now() + interval '7 days') $$), '[]', 'none without an organization');
select is(t.app(t.a(), format($$ select * from voiceagent.free_slots('default', %s) $$, range)), '[]', 'none without ' || missing)
  from (values ('a length', $$ null, '2026-11-23', '2026-11-24' $$), ('a range', $$ '1 hour', '2026-11-23', null $$),
               ('a step', $$ '1 hour', '2026-11-23', '2026-11-24', null $$)) x (missing, range);
select is(t.app(t.a(), $$ select * from voiceagent.free_slots('default', '0', now(), now() + interval '7 days') $$) ->> 'error', '22023', 'a slot has a length');
select is(t.app(t.a(), $$ select * from voiceagent.free_slots('default', '1 hour', now(), now() + interval '2 years') $$) ->> 'error', '22023', 'a year at most');
select * from finish();
rollback;
