-- Delivery of messages, and what makes a message one message.
begin;
set local search_path = voiceagent, public;
select plan(15);
select t.make_organization(t.a(), 'a') \gset
insert into customers (id, organization_id, phone_number) values ('11111111-1111-4111-8111-111111111111', t.a(), '+14165550100');

-- Five callbacks; step 6 is the moment the message learns its provider's id.
create temp table callbacks (n int, status text);
insert into callbacks values (1, 'queued'), (2, 'sending'), (3, 'sent'), (4, 'delivered'), (5, 'read');

create function pg_temp.play(steps int[], sid text) returns text language plpgsql as $$
declare
    step int;
    message uuid;
begin
    insert into messages (organization_id, customer_id, channel, direction, speaker, content, provider, status)
    values (t.a(), '11111111-1111-4111-8111-111111111111', 'sms', 'outbound', 'agent', 'hello', 'twilio', 'queued')
    returning id into message;
    foreach step in array steps loop
        if step = 6 then
            update messages set provider_message_id = sid where id = message;
        else
            insert into message_status_events (organization_id, provider, provider_message_id, status)
            select t.a(), 'twilio', sid, status from callbacks where n = step on conflict do nothing;
        end if;
    end loop;
    return (select status from messages where id = message);
end
$$;
create temp table arrivals as
with recursive p (steps, rest) as (
    select array[]::int[], array[1, 2, 3, 4, 5, 6]
    union all
    select steps || x, array_remove(rest, x) from p, unnest(rest) x
)
select steps, row_number() over () as k from p where cardinality(rest) = 0;
select is((select count(*)::int from arrivals), 720, 'all orders of six steps');
select is((select array_agg(distinct pg_temp.play(steps, 'SM' || k)) from arrivals), array['read'], 'every order ends read');
select is((select array_agg(distinct pg_temp.play(array_remove(steps, 5), 'SN' || k)) from arrivals where k % 7 = 0),
          array['delivered'], 'every order ends delivered');

insert into messages (organization_id, channel, direction, speaker, content, provider, provider_message_id, status)
values (t.a(), 'sms', 'outbound', 'agent', 'hello', 'twilio', 'SMfail', 'queued');
insert into message_status_events (organization_id, provider, provider_message_id, status, error_code)
values (t.a(), 'twilio', 'SMfail', 'undelivered', '30003');
select is((select status || ' ' || error_code from messages where provider_message_id = 'SMfail'), 'undelivered 30003',
          'the error comes with the status');
insert into message_status_events (organization_id, provider, provider_message_id, status) values (t.a(), 'twilio', 'SMfail', 'sent');
select is((select status || ' ' || error_code from messages where provider_message_id = 'SMfail'), 'undelivered 30003',
          'and stays when an older callback arrives');
update messages set status = 'queued' where provider_message_id = 'SMfail';
select is((select status from messages where provider_message_id = 'SMfail'), 'undelivered', 'the program cannot lower it either');

select is(array(select message_status_of(s) from unnest(array['accepted', 'scheduled', 'queued', 'sending', 'sent', 'delivered',
                 'undelivered', 'failed', 'canceled', 'read', 'partially_delivered', 'receiving', 'received']) s),
          array['queued', 'queued', 'queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'canceled', 'read',
                'sent', 'received', 'received'], 'Twilio''s words');

select throws_ok($$ insert into messages (organization_id, channel, direction, speaker, content, provider, provider_message_id)
                    values (t.a(), 'sms', 'inbound', 'customer', 'again', 'twilio', 'SMfail') $$,
                 '23505', null, 'a provider''s message is kept once');
select lives_ok($$ insert into messages (organization_id, channel, direction, speaker, content) select t.a(), 'chat', 'inbound', 'customer', 'yes'
                     from generate_series(1, 2) $$, 'messages without a provider''s id are as many as they are');
select throws_ok($$ insert into messages (organization_id, channel, direction, speaker, content, provider_message_id)
                    values (t.a(), 'sms', 'inbound', 'customer', 'x', 'SM9') $$, '23514', null, 'an id needs its provider');
insert into calls (id, organization_id) values ('22222222-2222-4222-8222-222222222222', t.a());
insert into messages (organization_id, call_id, position, channel, direction, speaker, content)
values (t.a(), '22222222-2222-4222-8222-222222222222', 0, 'voice', 'outbound', 'agent', 'Hello');
select is((select status from messages where position = 0), null, 'a spoken turn has no delivery');
select throws_ok($$ insert into messages (organization_id, call_id, position, channel, direction, speaker, content)
                    values (t.a(), '22222222-2222-4222-8222-222222222222', 0, 'voice', 'outbound', 'agent', 'Hello') $$,
                 '23505', null, 'a turn of a call is kept once');
select throws_ok($$ insert into messages (organization_id, channel, direction, speaker, content, confidence)
                    values (t.a(), 'voice', 'inbound', 'customer', 'x', 1.2) $$, '23514', null, 'confidence is 0 to 1');
delete from customers;
select is((select count(*)::int from messages where content = 'hello' and customer_id is not null), 0, 'a customer''s messages go with the customer');
select is((select count(*)::int from messages where content = 'Hello'), 1, 'a call''s turn without customer stays');
select * from finish();
rollback;
