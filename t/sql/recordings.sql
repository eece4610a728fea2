-- The sound of calls: whose it is, who sees that there is some, and what is to be asked for again.
begin;
set local search_path = voiceagent, public;
select plan(27);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset
insert into calls (organization_id, id, twilio_call_sid, direction) values
    (t.a(), '11111111-1111-4111-8111-111111111111', 'CA1', 'inbound'),
    (t.b(), '22222222-2222-4222-8222-222222222222', 'CA2', 'inbound');

-- ---- whose it is
select is(t.app(t.a(), $$ insert into voiceagent.recordings (organization_id, id, call_id, twilio_call_sid, notice_language)
    values (t.a(), '33333333-3333-4333-8333-333333333333', '11111111-1111-4111-8111-111111111111', 'CA1', 'en') $$), '{"rows": 1}', 'a shop has a recording');
select is(t.app(t.a(), $$ insert into voiceagent.recordings (organization_id, call_id, twilio_call_sid, notice_language)
    values (t.b(), '22222222-2222-4222-8222-222222222222', 'CA2', 'en') $$) ->> 'error', '42501', 'none for another');
select is(t.app(t.a(), $$ insert into voiceagent.recordings (organization_id, call_id, twilio_call_sid, notice_language)
    values (t.a(), '22222222-2222-4222-8222-222222222222', 'CA2', 'en') $$) ->> 'error', '23503', 'nor of another''s call');
select is(t.app(t.a(), $$ insert into voiceagent.recordings (organization_id, call_id, twilio_call_sid, notice_language)
    values (t.a(), '11111111-1111-4111-8111-111111111111', 'CA1', 'en') $$) ->> 'constraint', 'recordings_call', 'a call has one');
select is(t.app(t.a(), $$ insert into voiceagent.recording_chunks values (t.a(), '33333333-3333-4333-8333-333333333333', 0, 'k', 3, '\x01') $$),
    '{"rows": 1}', 'and its pieces');
select is(t.app(t.b(), $$ insert into voiceagent.recording_chunks values (t.b(), '33333333-3333-4333-8333-333333333333', 0, 'k', 3, '\x01') $$) ->> 'error',
    '23503', 'which nobody else can add to');
select is(t.app_value(t.b(), 'select count(*) from voiceagent.recordings'), '0', 'nor see');
select is(t.app_value(t.b(), 'select count(*) from voiceagent.recording_chunks'), '0', 'neither it nor its pieces');
select is(t.app_value(null, 'select count(*) from voiceagent.recording_chunks'), '0', 'without a shop there is nothing');
select is(t.app(t.b(), 'delete from voiceagent.recordings'), '{"rows": 0}', 'nor delete');
select is((select bool_and(relrowsecurity and relforcerowsecurity) from pg_class where relname in ('recordings', 'recording_chunks')),
    true, 'row level security is forced on both');

-- ---- Supabase clients
create function pg_temp.as_role(role text, statement text) returns jsonb language sql as $$
    select t.client(jsonb_build_object('sub', gen_random_uuid(), 'app_metadata',
                    jsonb_build_object('organization_id', t.a(), 'role', role)), statement) $$;
select is(pg_temp.as_role('manager', 'select state from voiceagent.recordings'), '[{"state": "begun"}]', 'a manager sees what became of it');
select is(pg_temp.as_role('staff', 'select state from voiceagent.recordings'), '[]', 'staff does not');
select is(pg_temp.as_role('admin', 'select n from voiceagent.recording_chunks') ->> 'error', '42501', 'nobody is given the sound');
select is(pg_temp.as_role('admin', $$ update voiceagent.recordings set state = 'none' $$) ->> 'error', '42501', 'or changes anything');

-- ---- what it may be
select throws_ok($$ update recordings set state = 'stored' $$, '23514', null, 'what is stored has its size and its kind');
select throws_ok($$ update recordings set state = 'odd' $$, '23514', null, 'states are the listed ones');
select throws_ok($$ update recordings set bytes = 0 $$, '23514', null, 'an empty one is none');
select throws_ok($$ update recording_chunks set n = -1 $$, '23514', null, 'pieces are counted from 0');

-- ---- what is due
select is_empty($$ select due_recordings(10) $$, 'one that has just begun is not asked for');
update recordings set settle_at = now();
select results_eq($$ select due_recordings(10) $$, $$ values (t.a()) $$, 'later it is');
update organizations set is_active = false where id = t.a();
select results_eq($$ select due_recordings(10) $$, $$ values (t.a()) $$, 'of a shop that is not active, too');
update recordings set settle_at = 'infinity';
select is_empty($$ select due_recordings(10) $$, 'one that nobody tries to have any more is not');
update recordings set settle_at = now(), removed = true;
select is_empty($$ select due_recordings(10) $$, 'nor one that the carrier has not any more');
select results_eq($$ select due_keys('other', 10) $$, $$ values (t.a()) $$, 'a piece under another key is encrypted anew');
select is_empty($$ select due_keys('k', 10) $$, 'one under this key is not');

-- ---- its end
delete from calls where organization_id = t.a();
select is((select (select count(*) from recordings) + (select count(*) from recording_chunks))::int, 0, 'all of it goes with the call');
select * from finish();
rollback;
