-- Calls whose end nobody told: when they are asked about, and for whom.
begin;
set local search_path = voiceagent, public;
select plan(15);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset
insert into calls (organization_id, id, twilio_call_sid, direction) values
    (t.a(), '11111111-1111-4111-8111-111111111111', 'CA1', 'inbound'),
    (t.a(), '22222222-2222-4222-8222-222222222222', 'CA2', 'outbound'),
    (t.a(), '33333333-3333-4333-8333-333333333333', null, 'inbound');
create function pg_temp.look(call uuid) returns interval language sql as $$
    select look_at - now() from calls where id = call $$;

-- ---- when
select is(pg_temp.look('11111111-1111-4111-8111-111111111111'), interval '5 minutes', 'one that comes in, in five minutes');
select is(pg_temp.look('22222222-2222-4222-8222-222222222222'), interval '2 minutes', 'one that the shop makes, in two');
select is(pg_temp.look('33333333-3333-4333-8333-333333333333'), null, 'one that the carrier has no name for, never');
update calls set twilio_call_sid = 'CA3' where id = '33333333-3333-4333-8333-333333333333';
select is(pg_temp.look('33333333-3333-4333-8333-333333333333'), interval '5 minutes', 'until it has one');
update calls set status = 'in_progress' where twilio_call_sid = 'CA1';
select is(pg_temp.look('11111111-1111-4111-8111-111111111111'), interval '5 minutes', 'that it goes on changes nothing');
update calls set end_reason = 'goodbye' where twilio_call_sid = 'CA1';
select is(pg_temp.look('11111111-1111-4111-8111-111111111111'), interval '30 seconds', 'whom we hung up on, in half a minute');
update calls set end_reason = 'silence' where twilio_call_sid = 'CA1';
select is(pg_temp.look('11111111-1111-4111-8111-111111111111'), interval '30 seconds', 'once');
insert into call_status_events (organization_id, twilio_call_sid, sequence_number, status)
    values (t.a(), 'CA1', 3, 'completed');
select is(pg_temp.look('11111111-1111-4111-8111-111111111111'), null, 'whose end is told is not asked about');
insert into call_status_events (organization_id, twilio_call_sid, sequence_number, status)
    values (t.a(), 'CA4', 3, 'completed');
insert into calls (organization_id, id, twilio_call_sid) values (t.a(), '44444444-4444-4444-8444-444444444444', 'CA4');
select is(pg_temp.look('44444444-4444-4444-8444-444444444444'), null, 'nor one whose end was told before it was known');

-- ---- for whom
select is_empty($$ select due_calls(10) $$, 'none is due yet');
update calls set look_at = now() where twilio_call_sid in ('CA2', 'CA3');
select results_eq($$ select due_calls(10) $$, $$ values (t.a()) $$, 'a shop is told once');
update organizations set is_active = false where id = t.a();
select results_eq($$ select due_calls(10) $$, $$ values (t.a()) $$, 'one that is not active, too');
select is(t.app(t.b(), $$ update voiceagent.calls set look_at = now() $$), '{"rows": 0}', 'nobody else''s calls are looked at');
select is(t.app_value(t.a(), $$ select count(*) from voiceagent.calls where look_at <= now() $$), '2', 'its own are');
update calls set status = 'completed';
select is_empty($$ select due_calls(10) $$, 'calls that are over are not due');

select * from finish();
rollback;
