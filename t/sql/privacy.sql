-- What is due to be swept, texts without names, a "no" that outlives its person, and what is a person's.
begin;
set local search_path = voiceagent, public;
select plan(41);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset

-- ---- what is due
update privacy_settings set swept_at = now() - interval '11 minutes';
select is_empty($$ select due_retention(10) $$, 'a shop that was swept today is not due');
update privacy_settings set zero_retention = true where organization_id = t.b();
update organizations set is_active = false where id = t.b();
select results_eq($$ select due_retention(10) $$, $$ values (t.b()) $$, 'one that keeps nothing is, though it is not active');
update privacy_settings set swept_at = now() - interval '25 hours';
select is((select count(*)::int from due_retention(10)), 2, 'after a day each is');
select is((select count(*)::int from due_retention(1)), 1, 'as many as were asked for');

-- ---- texts without names
select is(anonymized('Ann Lee, +1 (647) 555-0123. Write to ann@mail.example!', '{ann,Lee}'),
    '[name] [name], [number]. Write to [address]!', 'names, numbers and addresses go');
select is(anonymized('Annabel at 10:30, order 1042', '{Ann}'), 'Annabel at 10:30, order 1042', 'words, times and order numbers stay');
select is(anonymized('C.J. (x) came', '{C.J.,(x)}'), 'C.J. (x) came', 'a name is no pattern');
select is(anonymized('nothing', '{}'), 'nothing', 'and nobody has no name');

-- ---- a "no"
insert into consents (organization_id, channel, address, granted, source) values
    (t.a(), 'sms', '+16475550123', false, 'keyword'), (t.a(), 'call', '+16475550123', true, 'call'),
    (t.b(), 'sms', '+16475550123', true, 'keyword');
select t.app(t.a(), $$ select voiceagent.keep_refusals('{+16475550123}') $$) \gset
delete from consents where organization_id = t.a();
delete from consent_states where organization_id = t.a();
select is((select count(*)::int from kept_refusals), 1, 'of what was refused a hash stays, of what was granted nothing');
select is((select count(*)::int from kept_refusals where encode(address_hash, 'escape') like '%555%'), 0, 'the number is not in it');
select t.app(t.a(), $$ insert into voiceagent.customers (organization_id, phone_number) values (t.a(), '+16475550124') $$) \gset
select is((select count(*)::int from kept_refusals), 1, 'another number changes nothing');
select t.app(t.b(), $$ insert into voiceagent.customers (organization_id, phone_number) values (t.b(), '+16475550123') $$) \gset
select is((select count(*)::int from kept_refusals), 1, 'nor does another shop');
select t.app(t.a(), $$ insert into voiceagent.customers (organization_id, phone_number) values (t.a(), '+16475550123') $$) \gset
select results_eq($$ select channel, granted from consent_states where organization_id = t.a() $$, $$ values ('sms', false) $$,
    'whoever comes back has still refused texts');
select is_empty($$ select from kept_refusals $$, 'and is known by his number again');

-- ---- a "no", whoever writes the customer
create function pg_temp.refused(number text) returns void language plpgsql as $$
begin
    insert into voiceagent.consents (organization_id, channel, address, granted, source) values (t.a(), 'sms', number, false, 'keyword');
    perform t.app(t.a(), format('select voiceagent.keep_refusals(array[%L])', number));
    delete from voiceagent.consents where organization_id = t.a() and address = number;
    delete from voiceagent.consent_states where organization_id = t.a() and address = number;
end
$$;
select pg_temp.refused('+16475550' || n) from generate_series(131, 133) n \g /dev/null
select is(t.client(jsonb_build_object('sub', gen_random_uuid(), 'app_metadata', jsonb_build_object('organization_id', t.a(), 'role', 'manager')),
    format($$ insert into voiceagent.customers (organization_id, phone_number) values (%L, '+16475550131') $$, t.a())),
    '{"rows": 1}', 'a manager with a Supabase client adds a customer');
select is((select count(*)::int from consent_states where address = '+16475550131' and not granted), 1, 'who has still refused texts');
select lives_ok(format($$ insert into customers (organization_id, phone_number) values (%L, '+16475550132') $$, t.a()),
    'so does one to whom no shop was told');
select is((select count(*)::int from consent_states where address = '+16475550132' and not granted), 1, 'with the same effect');
select case when to_regrole('service_role') is null then skip('service_role is Supabase''s', 1)
            else is(t.run('service_role', null, null,
                    format($$ insert into voiceagent.customers (organization_id, phone_number) values (%L, '+16475550133') $$, t.a())),
                    '{"rows": 1}', 'service_role adds a customer') end;
select case when to_regrole('service_role') is null then skip('service_role is Supabase''s', 1)
            else is((select count(*)::int from consent_states where address = '+16475550133' and not granted), 1, 'who has still refused texts') end;

-- ---- a word is meant as a whole
select is(mentions('call +4930123456.', '{+4930123456}'), true, 'a number is found');
select is(mentions('call +493012345678', '{+4930123456}'), false, 'a longer one is another');
select is(mentions('Write to <Ann@X.com>. Soon', '{ann@x.com}'), true, 'an address is found, whatever its case');
select is(mentions('Write to ann@x.com.', '{ann@x.com}'), true, 'at the end of a sentence');
select is(mentions('{"text": "to\nann@x.com\nsoon"}', '{ann@x.com}'), true, 'and of a line of JSON');
select is(array(select a from unnest('{joann@x.com,jo.ann@x.com,ann@x.com.au,ann@x.comb,a+ann@x.com}'::text[]) a where mentions(a, '{ann@x.com}')),
    '{}'::text[], 'a longer one is another');

-- ---- a person
create function pg_temp.erased(number text, address text default null, customer uuid default null) returns jsonb language plpgsql as $$
declare
    erasure uuid := gen_random_uuid();
begin
    insert into voiceagent.erasures (organization_id, id, subject_hash, phone_number, email, customer_id)
    values (t.a(), erasure, repeat('0', 64), number, address, customer);
    return t.app(t.a(), format('select voiceagent.erase_person(%L)', erasure));
end
$$;
delete from customers;
delete from kept_refusals;
update organizations set owner_phone = '+14165550002', email = 'shop@a.example' where id = t.a();
insert into organization_phone_numbers (organization_id, phone_number) values (t.a(), '+14165550001');
insert into calls (organization_id, caller_number, called_number, status) values (t.a(), '+16475550141', '+14165550001', 'completed');
insert into messages (organization_id, channel, direction, speaker, content, from_number, to_number) values
    (t.a(), 'sms', 'outbound', 'agent', 'Hello', '+14165550001', '+16475550141'),
    (t.a(), 'sms', 'outbound', 'agent', 'Urgent', '+14165550001', '+14165550002');
select is(pg_temp.erased('+14165550001', 'shop@a.example'), '[{"erase_person": true}]', 'the shop''s own number can be asked for');
select is(pg_temp.erased('+14165550002'), '[{"erase_person": true}]', 'and its owner''s');
select is((select count(*)::int from calls) || ' ' || (select count(*) from messages), '1 2', 'and nothing of anybody goes');

insert into customers (organization_id, id, phone_number, email, contact_preferences) values
    (t.a(), '11111111-1111-4111-8111-111111111111', '+16475550141', 'ann@x.com', '{"call": false}'),
    (t.a(), '22222222-2222-4222-8222-222222222222', null, 'ann@x.com', '{}'),
    (t.a(), '33333333-3333-4333-8333-333333333333', '+164755501412', 'ann@x.com', '{}'),
    (t.a(), '44444444-4444-4444-8444-444444444444', null, 'joann@x.com', '{}'),
    (t.a(), '55555555-5555-4555-8555-555555555555', null, null, '{}');
insert into chat_sessions (organization_id, customer_id, token_sha256, email) values
    (t.a(), '55555555-5555-4555-8555-555555555555', repeat('5', 64), 'ann@x.com'),
    (t.a(), '44444444-4444-4444-8444-444444444444', repeat('4', 64), 'joann@x.com');
insert into appointments (organization_id, customer_email, starts_at, ends_at) values
    (t.a(), 'ann@x.com', now(), now() + interval '1 hour'), (t.a(), 'joann@x.com', now() + interval '1 hour', now() + interval '2 hours');
insert into tasks (organization_id, kind, title, body) values
    (t.a(), 'callback', 'x', 'Joann, joann@x.com, +164755501412'), (t.a(), 'callback', 'y', 'Ann, ANN@x.com');
insert into calls (organization_id, id, customer_id, status) values
    (t.a(), '66666666-6666-4666-8666-666666666666', '22222222-2222-4222-8222-222222222222', 'completed');
insert into outbox (organization_id, kind, type, call_id) values (t.a(), 'event', 'x', '66666666-6666-4666-8666-666666666666'), (t.a(), 'event', 'x', null);
insert into effects (organization_id, id, kind, key, state, finished_at) values
    (t.a(), '77777777-7777-4777-8777-777777777777', 'sms', 'notice:66666666-6666-4666-8666-666666666666', 'done', now()),
    (t.a(), '88888888-8888-4888-8888-888888888888', 'sms', 'notice:another', 'done', now());
insert into messages (organization_id, channel, direction, speaker, content, effect_id) values
    (t.a(), 'sms', 'outbound', 'agent', 'Ann wants bells', '77777777-7777-4777-8777-777777777777'),
    (t.a(), 'sms', 'outbound', 'agent', 'Joann wants bells', '88888888-8888-4888-8888-888888888888');
insert into messages (organization_id, channel, direction, speaker, content, from_number, provider, provider_message_id)
values (t.a(), 'sms', 'inbound', 'customer', 'Hi', '+16475550141', 'twilio', 'SM1');
insert into message_status_events (organization_id, provider, provider_message_id, status) values
    (t.a(), 'twilio', 'SM1', 'received'), (t.a(), 'twilio', 'SM2', 'received');
select is(pg_temp.erased('+16475550141'), '[{"erase_person": true}]', 'a person is erased by his number');
select results_eq($$ select right(id::text, 1), email::text from customers order by 1 $$, $$ values ('3', null), ('4', 'joann@x.com') $$,
    'with the leads of his address, which who has another number loses');
select results_eq($$ select email::text from chat_sessions $$, $$ values ('joann@x.com') $$, 'the chats he gave it in');
select results_eq($$ select customer_email::text from appointments $$, $$ values ('joann@x.com') $$, 'the appointments made with it');
select results_eq($$ select title from tasks $$, $$ values ('x') $$, 'what is to be done about him');
select results_eq($$ select content from messages order by 1 $$, $$ values ('Joann wants bells'), ('Urgent') $$, 'what the shop was told of his calls');
select results_eq($$ select key from effects $$, $$ values ('notice:another') $$, 'the ledger of them');
select is((select count(*)::int from outbox), 1, 'what was to be told of them');
select results_eq($$ select provider_message_id from message_status_events $$, $$ values ('SM2') $$, 'the callbacks of his texts');
select is((select count(*)::int from erasure_requests where reference = 'SM1'), 1, 'which their carrier is asked to delete');
select is((select found @> '{22222222-2222-4222-8222-222222222222,ann@x.com,+16475550141}' from erasures where phone_number = '+16475550141'),
    true, 'what was found is known until the last run');
select is((select array_agg(channel) from kept_refusals where organization_id = t.a()), '{call}', 'and what he did not want is kept');
select * from finish();
rollback;
