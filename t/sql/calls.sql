-- A call's status: whatever order the carrier's callbacks arrive in, before or
-- after the call's own row, the end is the same.
begin;
set local search_path = voiceagent, public;
select plan(18);
select t.make_organization(t.a(), 'a') \gset

-- Four callbacks; step 5 is the insertion of the call.
create temp table callbacks (n int, status text, at timestamptz, seconds int);
insert into callbacks values
    (1, 'connecting', '2026-11-23 10:00:00+00', null),
    (2, 'connecting', '2026-11-23 10:00:02+00', null),
    (3, 'in_progress', '2026-11-23 10:00:05+00', null),
    (4, null, '2026-11-23 10:01:05+00', 60);

create function pg_temp.play(steps int[], sid text, final text) returns text language plpgsql as $$
declare
    step int;
begin
    foreach step in array steps loop
        if step = 5 then
            insert into calls (organization_id, twilio_call_sid) values (t.a(), sid);
        else
            insert into call_status_events (organization_id, twilio_call_sid, sequence_number, status, occurred_at, duration_seconds)
            select t.a(), sid, n, coalesce(status, final), at, seconds from callbacks where n = step
            on conflict do nothing;
        end if;
    end loop;
    return (select concat_ws(' ', status, to_char(answered_at at time zone 'UTC', 'HH24:MI:SS'),
                             to_char(ended_at at time zone 'UTC', 'HH24:MI:SS'), duration_seconds)
              from calls where twilio_call_sid = sid);
end
$$;

create temp table arrivals as
with recursive p (steps, rest) as (
    select array[]::int[], array[1, 2, 3, 4, 5]
    union all
    select steps || x, array_remove(rest, x) from p, unnest(rest) x
)
select steps, row_number() over () as k from p where cardinality(rest) = 0;

select is((select count(*)::int from arrivals), 120, 'all orders of five steps');
select is((select array_agg(distinct pg_temp.play(steps, 'CA' || final || k, final)) from arrivals),
          array[final || ' 10:00:05 10:01:05 60'], 'every order ends ' || final)
  from unnest(array['completed', 'busy', 'no_answer', 'failed', 'canceled']) as final;
select is((select array_agg(distinct pg_temp.play(steps || array_remove(steps, 5), 'CAtwice' || k, 'completed')) from arrivals),
          array['completed 10:00:05 10:01:05 60'], 'and so with every callback twice');
-- A carrier that contradicts itself: still one end.
select is((select array_agg(distinct (
                select pg_temp.play(steps, 'CAboth' || k, 'failed')
                  from (select 1) one)) from arrivals), array['failed 10:00:05 10:01:05 60'], 'failed as the final word');
insert into call_status_events (organization_id, twilio_call_sid, sequence_number, status, occurred_at)
select t.a(), twilio_call_sid, 9, 'completed', '2026-11-23 10:01:00+00' from calls where twilio_call_sid like 'CAboth%';
select is((select array_agg(distinct status) from calls where twilio_call_sid like 'CAboth%'), array['completed'],
          'completed is stronger than failed');

-- The program's own updates obey the same rule.
insert into calls (organization_id, twilio_call_sid, status) values (t.a(), 'CAown', 'in_progress');
update calls set status = 'connecting' where twilio_call_sid = 'CAown';
select is((select status from calls where twilio_call_sid = 'CAown'), 'in_progress', 'no way back to connecting');
update calls set status = 'no_answer', ended_at = '2026-11-23 11:00:00+00' where twilio_call_sid = 'CAown';
select is((select status from calls where twilio_call_sid = 'CAown'), 'no_answer', 'forward to a final one');
update calls set status = 'in_progress' where twilio_call_sid = 'CAown';
select is((select status from calls where twilio_call_sid = 'CAown'), 'no_answer', 'a final one stays');
update calls set ended_at = null, status = 'no_answer' where twilio_call_sid = 'CAown';
insert into calls (organization_id, elevenlabs_conversation_id) values (t.a(), 'conv_1');
insert into call_status_events (organization_id, twilio_call_sid, sequence_number, status, duration_seconds)
values (t.a(), 'CAlate', 3, 'completed', 12);
update calls set twilio_call_sid = 'CAlate' where elevenlabs_conversation_id = 'conv_1';
select is((select status || ' ' || duration_seconds from calls where twilio_call_sid = 'CAlate'), 'completed 12',
          'a call that learns its sid late takes what was told');

select throws_ok($$ insert into call_status_events (organization_id, twilio_call_sid, sequence_number, status)
                    values (t.a(), 'CAx', 0, 'ringing') $$, '23514', null, 'a foreign word is no status');
select is(array(select call_status_of(s) from unnest(array['queued', 'initiated', 'ringing', 'in-progress', 'completed', 'busy', 'failed', 'no-answer', 'canceled']) s),
          array['connecting', 'connecting', 'connecting', 'in_progress', 'completed', 'busy', 'failed', 'no_answer', 'canceled'],
          'Twilio''s words');
select throws_ok($$ insert into calls (organization_id, twilio_call_sid) values (t.a(), 'CAlate') $$, '23505', null,
                 'a call sid is one call');
select throws_ok($$ insert into calls (organization_id, elevenlabs_conversation_id) values (t.a(), 'conv_1') $$, '23505', null,
                 'a conversation is one call');
select throws_ok($$ insert into calls (organization_id, satisfaction_score) values (t.a(), 11) $$, '23514', null,
                 'satisfaction is 1 to 10');
select * from finish();
rollback;
