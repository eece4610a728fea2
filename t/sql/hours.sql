-- Opening hours over time zones and both days of a change of the clocks.
begin;
set local search_path = voiceagent, public;
select plan(72);

-- ---- shapes
create temp table h as select normal_hours(
    '{"monday":{"open":"08:00","close":"18:00"},"tuesday":{"open":"08:00","close":"18:00"},
      "wednesday":{"open":"08:00","close":"18:00"},"thursday":{"open":"08:00","close":"18:00"},
      "friday":{"open":"08:00","close":"18:00"},"saturday":{"open":"09:00","close":"17:00"},"sunday":{"closed":true},
      "exceptions":{"2026-12-25":{"closed":true},"2026-12-24":{"open":"08:00","close":"12:00"}}}') as hours;

select is(normal_hours(hours), hours, 'the shape kept is read as it is') from h;
select is(normal_hours('{"monday":"9:00-18:00"}') -> 'monday', '{"open":"09:00","close":"18:00"}', 'one text with a dash');
select is(normal_hours('{"monday":"9:00 – 18:00"}') -> 'monday', '{"open":"09:00","close":"18:00"}', 'one text with an en dash');
select is(normal_hours('{"monday":{"start":"09:00","end":"17:00"}}') -> 'monday', '{"open":"09:00","close":"17:00"}', 'start and end');
select is(normal_hours('{"Mon":"9:00-18:00"}') -> 'monday', '{"open":"09:00","close":"18:00"}', 'a short name in any case');
select is(normal_hours('{"monday":"closed"}') -> 'monday', '{"closed":true}', 'the word closed');
select is(normal_hours('{"monday":null}') -> 'monday', '{"closed":true}', 'null is closed');
select is(normal_hours('{"monday":{"closed":true,"open":"09:00","close":"17:00"}}') -> 'monday', '{"closed":true}', 'closed wins over times');
select is(normal_hours('{"monday":{"closed":false,"open":"09:00","close":"17:00"}}') -> 'monday', '{"open":"09:00","close":"17:00"}', 'closed false is dropped');
select is(normal_hours('{}') -> 'sunday', '{"closed":true}', 'a day not named is closed');
select is((select count(*)::int from jsonb_object_keys(normal_hours('{}'))), 7, 'all seven days are there, and no empty exceptions');
select is(normal_hours('{"open":"9:00","close":"17:00","days":["monday","fri"]}') - 'sunday' - 'saturday' - 'tuesday' - 'wednesday' - 'thursday',
          '{"monday":{"open":"09:00","close":"17:00"},"friday":{"open":"09:00","close":"17:00"}}', 'the form of the sign-up');
select is(normal_hours('{"exceptions":{"2026-12-24":"8:00-12:00"}}') -> 'exceptions', '{"2026-12-24":{"open":"08:00","close":"12:00"}}', 'exceptions are converted too');
select is(normal_hours(null), null, 'null stays null');
select throws_ok($$ select normal_hours('[]') $$, '22023', null, 'a list is refused');
select throws_ok($$ select normal_hours('{"funday":"9:00-17:00"}') $$, '22023', null, 'an unknown day is refused');
select throws_ok($$ select normal_hours('{"monday":{"opens":"09:00"}}') $$, '22023', null, 'an unknown member is refused');
select throws_ok($$ select normal_hours('{"monday":7}') $$, '22023', null, 'a number is no hours');
select throws_ok($$ select normal_hours('{"monday":{"open":"09:00"}}') $$, '22007', null, 'an opening without a closing is refused');
select throws_ok($$ select normal_hours('{"monday":"9:00-25:00"}') $$, '22007', null, 'hour 25 is refused');
select throws_ok($$ select normal_hours('{"monday":"9:60-17:00"}') $$, '22007', null, 'minute 60 is refused');
select throws_ok($$ select normal_hours('{"monday":"9:00-24:01"}') $$, '22007', null, 'after 24:00 is refused');
select throws_ok($$ select normal_hours('{"monday":"9:00-9:00"}') $$, '22023', null, 'opening when closing is refused');
select throws_ok($$ select normal_hours('{"monday":"24:00-9:00"}') $$, '22023', null, '24:00 does not open');
select throws_ok($$ select normal_hours('{"exceptions":{"24.12.2026":"closed"}}') $$, '22007', null, 'an exception needs an ISO date');
select throws_ok($$ select normal_hours('{"exceptions":{"2026-02-30":"closed"}}') $$, '22008', null, 'an exception needs a date that exists');

-- ---- a day
select is((hours_on(hours, '2026-11-23'))::text, '(f,08:00,18:00)', 'a Monday') from h;
select is((hours_on(hours, '2026-11-22'))::text, '(t,,)', 'a Sunday is closed') from h;
select is((hours_on(hours, '2026-12-25'))::text, '(t,,)', 'an exception closes a Friday') from h;
select is((hours_on(hours, '2026-12-24'))::text, '(f,08:00,12:00)', 'an exception shortens a Thursday') from h;

-- ---- open now
select is(is_open(hours, 'America/Toronto', '2026-11-23 08:00:00-05'), true, 'the opening is inclusive') from h;
select is(is_open(hours, 'America/Toronto', '2026-11-23 07:59:59.999-05'), false, 'a moment before it is not') from h;
select is(is_open(hours, 'America/Toronto', '2026-11-23 17:59:59.999-05'), true, 'open to the last moment') from h;
select is(is_open(hours, 'America/Toronto', '2026-11-23 18:00:00-05'), false, 'the closing is exclusive') from h;
select is(is_open(hours, 'America/Vancouver', '2026-11-23 08:00:00-05'), false, 'the zone is the shop''s') from h;
select is(is_open(hours, 'America/Toronto', '2026-11-22 12:00:00-05'), false, 'not on a Sunday') from h;
select is(is_open('{}', 'America/Toronto', now()), false, 'no hours: never open');

-- ---- spring: Toronto 2026-03-08, 02:00 EST becomes 03:00 EDT
select is(instant_of('2026-03-08 01:59', 'America/Toronto'), '2026-03-08 06:59:00+00'::timestamptz, 'before the gap: standard time');
select is(instant_of('2026-03-08 02:00', 'America/Toronto'), '2026-03-08 07:00:00+00'::timestamptz, 'the gap begins at the change');
select is(instant_of('2026-03-08 02:30', 'America/Toronto'), '2026-03-08 07:00:00+00'::timestamptz, 'a skipped time is the change');
select is(instant_of('2026-03-08 02:59', 'America/Toronto', again => true), '2026-03-08 07:00:00+00'::timestamptz, 'also for a closing');
select is(instant_of('2026-03-08 03:00', 'America/Toronto'), '2026-03-08 07:00:00+00'::timestamptz, 'after the gap: daylight time');
select is(upper(p) - lower(p), interval '3 hours', 'hours over the gap are an hour shorter')
  from opening_period('{"sunday":{"open":"00:00","close":"04:00"}}', 'America/Toronto', '2026-03-08') p;
select is(lower(p), '2026-03-08 07:00:00+00'::timestamptz, 'an opening in the gap is at the change')
  from opening_period('{"sunday":{"open":"02:30","close":"12:00"}}', 'America/Toronto', '2026-03-08') p;
select is(opening_period('{"sunday":{"open":"02:15","close":"02:45"}}', 'America/Toronto', '2026-03-08'), null, 'hours within the gap do not happen');
select is(is_open('{"sunday":{"open":"02:30","close":"12:00"}}', 'America/Toronto', '2026-03-08 07:00:00+00'), true, 'open as soon as the clock is past half past two');
select is(is_open(hours, 'America/Toronto', '2026-03-09 12:00:00+00'), true, 'the day after opens at 08:00 daylight time') from h;
select is(is_open(hours, 'America/Toronto', '2026-03-09 11:59:59+00'), false, 'and not before') from h;
select is(next_opening(hours, 'America/Toronto', '2026-03-08 05:00:00+00'), '2026-03-09 12:00:00+00'::timestamptz, 'the next opening over the change') from h;

-- ---- autumn: Toronto 2026-11-01, 02:00 EDT becomes 01:00 EST
select is(instant_of('2026-11-01 00:59', 'America/Toronto'), '2026-11-01 04:59:00+00'::timestamptz, 'before the repeat');
select is(instant_of('2026-11-01 01:30', 'America/Toronto'), '2026-11-01 05:30:00+00'::timestamptz, 'a repeated time is the first');
select is(instant_of('2026-11-01 01:30', 'America/Toronto', again => true), '2026-11-01 06:30:00+00'::timestamptz, 'or the second when asked');
select is(instant_of('2026-11-01 02:00', 'America/Toronto'), '2026-11-01 07:00:00+00'::timestamptz, 'after it');
select is(upper(p) - lower(p), interval '5 hours', 'hours over the repeat are an hour longer')
  from opening_period('{"sunday":{"open":"00:00","close":"04:00"}}', 'America/Toronto', '2026-11-01') p;
select is(upper(p) - lower(p), interval '2 hours', 'a repeated hour counts both times')
  from opening_period('{"sunday":{"open":"01:00","close":"02:00"}}', 'America/Toronto', '2026-11-01') p;
select is(upper(p) - lower(p), interval '25 hours', 'the whole day has 25 hours')
  from opening_period('{"sunday":{"open":"00:00","close":"24:00"}}', 'America/Toronto', '2026-11-01') p;

-- ---- other zones
select is(instant_of('2026-03-29 02:30', 'Europe/Paris'), '2026-03-29 01:00:00+00'::timestamptz, 'Paris, spring');
select is(instant_of('2026-10-25 02:30', 'Europe/Paris', again => true), '2026-10-25 01:30:00+00'::timestamptz, 'Paris, autumn');
select is(instant_of('2026-10-04 02:15', 'Australia/Lord_Howe'), '2026-10-03 15:30:00+00'::timestamptz, 'a gap of half an hour');
select is(instant_of('2026-04-05 01:45', 'Australia/Lord_Howe', again => true), '2026-04-04 15:15:00+00'::timestamptz, 'a repeat of half an hour');
select is(opening_period('{"friday":{"open":"09:00","close":"17:00"}}', 'Pacific/Apia', '2011-12-30'), null, 'a date that a zone left out');
select is(instant_of('2026-07-01 12:00', 'America/Phoenix'), '2026-07-01 19:00:00+00'::timestamptz, 'a zone without daylight time');

-- ---- past midnight
select is(is_open('{"friday":{"open":"18:00","close":"02:00"}}', 'America/Toronto', '2026-11-28 01:59:00-05'), true, 'open after midnight on the next day');
select is(is_open('{"friday":{"open":"18:00","close":"02:00"}}', 'America/Toronto', '2026-11-28 02:00:00-05'), false, 'until the closing');
select is(is_open('{"friday":{"open":"18:00","close":"02:00"}}', 'America/Toronto', '2026-11-27 01:00:00-05'), false, 'not on the night before');
select is(closes_at('{"friday":{"open":"18:00","close":"02:00"}}', 'America/Toronto', '2026-11-28 01:00:00-05'), '2026-11-28 02:00:00-05'::timestamptz, 'the closing of the night before');

-- ---- the next opening
select is(next_opening(hours, 'America/Toronto', '2026-11-21 18:00:00-05'), '2026-11-23 08:00:00-05'::timestamptz, 'over a closed Sunday') from h;
select is(next_opening(hours, 'America/Toronto', '2026-11-23 08:00:00-05'), '2026-11-23 08:00:00-05'::timestamptz, 'at the very opening: now') from h;
select is(next_opening(hours, 'America/Toronto', '2026-11-23 08:00:01-05'), '2026-11-24 08:00:00-05'::timestamptz, 'while open: the one after this') from h;
select is(next_opening(hours, 'America/Toronto', '2026-12-24 12:00:00-05'), '2026-12-26 09:00:00-05'::timestamptz, 'over an exception') from h;
select is(next_opening('{}', 'America/Toronto', now()), null, 'never');
select is(closes_at(hours, 'America/Toronto', '2026-11-22 12:00:00-05'), null, 'what is closed closes at no time') from h;

select * from finish();
rollback;
