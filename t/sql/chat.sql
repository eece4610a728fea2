-- The chat of a shop's web site: its keys, its pages, a session that tells its number late, and
-- one that a person takes over.
begin;
set local search_path = voiceagent, public;
select plan(15);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset
update organizations set widget_origins = '{https://a.example}' where id = t.a();
update organizations set widget_origins = '{https://b.example}', is_active = false where id = t.b();

-- ---- pages
select is(is_widget_origin('https://a.example'), true, 'a page of an active shop may ask');
select is(is_widget_origin('https://b.example'), false, 'one of a shop that is not active may not');
select is(is_widget_origin('https://a.example.evil.example'), false, 'nor one that only begins alike');
select is(is_widget_origin(null), false, 'nor none');

-- ---- keys
insert into widget_keys (organization_id, key_sha256) values (t.a(), repeat('a', 64));
select is(t.app(t.a(), $$ select count(*) from voiceagent.widget_keys $$), '[{"count":1}]', 'a shop has its keys');
select is(t.app(t.b(), $$ select count(*) from voiceagent.widget_keys $$), '[{"count":0}]', 'and nobody else''s');
select throws_ok($$ insert into widget_keys (organization_id, key_sha256) values (t.a(), 'wk_as_it_is') $$, '23514', null,
    'a key itself is not kept');

-- ---- a number that is told late
insert into customers (id, organization_id, phone_number, source, notes) values
    ('11111111-1111-4111-8111-111111111111', t.a(), '+14165550100', 'call', 'Likes blue'),
    ('22222222-2222-4222-8222-222222222222', t.a(), null, 'chat', 'Asked for bells');
insert into chat_sessions (id, organization_id, customer_id, token_sha256)
values ('33333333-3333-4333-8333-333333333333', t.a(), '22222222-2222-4222-8222-222222222222', repeat('b', 64));
insert into messages (organization_id, customer_id, chat_session_id, channel, direction, speaker, content)
values (t.a(), '22222222-2222-4222-8222-222222222222', '33333333-3333-4333-8333-333333333333', 'chat', 'inbound', 'customer', 'hello');
insert into tasks (organization_id, kind, title, customer_id)
values (t.a(), 'message', 'A message', '22222222-2222-4222-8222-222222222222');
select t.app(t.a(), $$ select voiceagent.chat_tells_number('33333333-3333-4333-8333-333333333333', '11111111-1111-4111-8111-111111111111') $$) \gset
select is((select customer_id::text from chat_sessions), '11111111-1111-4111-8111-111111111111', 'the session is the number''s');
select results_eq($$ select customer_id from messages union select customer_id from tasks $$,
    $$ values ('11111111-1111-4111-8111-111111111111'::uuid) $$, 'and so is what it left');
select is((select notes from customers), E'Likes blue\nAsked for bells', 'what people noted stays');
select is((select count(*)::int from customers), 1, 'the lead it had of its own is gone');

-- ---- a person takes it over
insert into takeovers (organization_id, chat_session_id, channel) values (t.a(), '33333333-3333-4333-8333-333333333333', 'text');
select throws_ok($$ insert into takeovers (organization_id, chat_session_id, channel)
                    values (t.a(), '33333333-3333-4333-8333-333333333333', 'text') $$, '23505', null, 'one person a chat');
select throws_ok($$ insert into takeovers (organization_id, customer_id, chat_session_id, channel)
                    values (t.a(), '11111111-1111-4111-8111-111111111111', '33333333-3333-4333-8333-333333333333', 'text') $$,
    '23514', null, 'of a chat or of a customer');
select throws_ok($$ update chat_sessions set told = 1 $$, '23514', null, 'nothing is told that was not said');
delete from customers;
select is((select count(*)::int from takeovers), 0, 'it goes with its chat');
select * from finish();
rollback;
