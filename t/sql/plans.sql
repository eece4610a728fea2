-- What the product asks all day is answered by an index, as the workers run it:
-- under row level security, where only leak-proof conditions reach an index.
begin;
set local search_path = voiceagent, public;
select plan(64);

-- Ten shops alike; t.a() is one of them.
create temp table shops as select case i when 1 then t.a() else md5('shop' || i)::uuid end as o, i as shop from generate_series(1, 10) i;
select count(t.make_organization(o, 'shop-' || shop)) from shops \gset
insert into customers (id, organization_id, phone_number, email, first_name, lead_status, updated_at)
select md5('customer' || o || i)::uuid, o, '+1416' || lpad(i::text, 7, '0'), 'c' || i || '@x.example', 'Customer ' || i,
       (array['new', 'contacted', 'qualified', 'hot', 'cold', 'closed'])[1 + i % 6], now() - make_interval(mins => i)
  from shops, generate_series(1, 600) i;
insert into calls (id, organization_id, customer_id, twilio_call_sid, elevenlabs_conversation_id, status, started_at)
select md5('call' || o || i)::uuid, o, md5('customer' || o || i)::uuid, 'CA' || i, 'conv_' || i,
       case when i <= 3 then 'in_progress' else 'completed' end, now() - make_interval(mins => i)
  from shops, generate_series(1, 600) i;
insert into messages (organization_id, customer_id, call_id, position, channel, direction, speaker, content, provider, provider_message_id, occurred_at)
select o, md5('customer' || o || i)::uuid, md5('call' || o || i)::uuid, p, 'voice', 'inbound', 'customer', 'hello', 'twilio', 'SM' || i || '-' || p,
       now() - make_interval(mins => i)
  from shops, generate_series(1, 400) i, generate_series(1, 3) p;
insert into appointments (organization_id, customer_id, starts_at, ends_at)
select o, md5('customer' || o || abs(i))::uuid, now() + make_interval(hours => i), now() + make_interval(hours => i + 1)
  from shops, generate_series(-300, 300) i where i > 0 or i < -1;
insert into orders (organization_id, customer_id, order_number, provider_order_id, phone_number, email, placed_at)
select o, md5('customer' || o || i)::uuid, i::text, 'gid://shopify/Order/' || i, '+1416' || lpad(i::text, 7, '0'), 'c' || i || '@x.example', now() - make_interval(mins => i)
  from shops, generate_series(1, 600) i;
insert into products (organization_id, provider_product_id, provider_variant_id, sku, title, product_type, price)
select o, 'p' || i / 4, 'v' || i, 'sku' || i, 'Bike ' || i, 'type' || i % 20, i from shops, generate_series(1, 600) i;
insert into tasks (organization_id, customer_id, kind, title, status, done_at, created_at)
select o, md5('customer' || o || i)::uuid, 'message', 'x', case when i % 100 = 0 then 'open' else 'done' end, case when i % 100 = 0 then null else now() end,
       now() - make_interval(mins => i)
  from shops, generate_series(1, 600) i;
insert into effects (organization_id, kind, key, state, claimed_at, finished_at)
select o, 'sms', 'k' || i, case when i % 100 = 0 then 'pending' else 'done' end, now() - make_interval(mins => i), case when i % 100 = 0 then null else now() end
  from shops, generate_series(1, 600) i;
insert into effects (organization_id, kind, key, state, provider_id, request, finished_at)
select o, 'call', 'call' || i, 'done', 'CA' || i, '{"to": "+14160000001"}', now() from shops, generate_series(1, 600) i;
insert into outbox (organization_id, kind, type, created_at) select o, 'event', 'x', now() - interval '1 minute' from shops, generate_series(1, 600);
insert into audit_log (organization_id, actor, action, created_at) select o, 'system', 'x', now() - make_interval(mins => i) from shops, generate_series(1, 600) i;
insert into system_logs (organization_id, event_type, created_at) select o, 'e' || i % 50, now() - make_interval(mins => i) from shops, generate_series(1, 600) i;
insert into credit_entries (organization_id, kind, amount, key, created_at) select o, 'usage', -1, 'k' || i, now() - make_interval(mins => i) from shops, generate_series(1, 600) i;
insert into consents (organization_id, channel, address, granted, source) select o, 'sms', '+1416' || i, true, 'keyword' from shops, generate_series(1, 600) i;
insert into webhook_events (organization_id, provider, type, key) select o, 'shopify', 'orders/updated', 'k' || i from shops, generate_series(1, 600) i;
insert into knowledge_documents (id, organization_id, title, updated_at) select md5('doc' || o || i)::uuid, o, 'd' || i, now() - make_interval(mins => i) from shops, generate_series(1, 400) i;
insert into knowledge_chunks (organization_id, document_id, position, content) select o, md5('doc' || o || i)::uuid, 0, 'text' from shops, generate_series(1, 400) i;
insert into users (organization_id, email) select o, 'u' || i || '@shop' || shop || '.example' from shops, generate_series(1, 200) i;
insert into sessions (organization_id, user_id, token_hash, expires_at)
select u.organization_id, u.id, md5(u.email) || md5(u.id::text), now() from users u;
insert into calendar_events (organization_id, calendar_id, event_id, starts_at, ends_at)
select o, 'primary', 'e' || i, now() + make_interval(hours => i), now() + make_interval(hours => i + 1) from shops, generate_series(1, 600) i;
analyze customers, calls, messages, appointments, orders, products, tasks, effects, outbox, audit_log, system_logs, credit_entries, consents,
        consent_states, webhook_events, knowledge_documents, knowledge_chunks, users, sessions, calendar_events, routing_keys, organizations;

create temp table asked (what text, index_name text, sorted boolean, statement text);
insert into asked values
('leads, newest first', 'customers_updated', false, $$ select * from customers order by updated_at desc, id desc limit 50 $$),
('leads, next page', 'customers_updated', false, $$ select * from customers where (updated_at, id) < (now() - interval '1 hour', gen_random_uuid()) order by updated_at desc, id desc limit 50 $$),
('leads of a status', 'customers_lead_status', false, $$ select * from customers where lead_status = 'hot' order by updated_at desc, id desc limit 50 $$),
('leads of a campaign''s time', 'customers_created', null, $$ select * from customers where created_at > (select now() - interval '9 days') $$),
('whose last service was told', 'customers_served', null, $$ select id from customers where last_service_at is not null $$),
('appointments that no calendar has', 'appointments_behind', null, $$ select id from appointments where ends_at > now() - interval '1 day' and (calendar_state = 'none' and status = 'confirmed' or calendar_state = 'pending' and updated_at < now() - interval '10 minutes' or calendar_state = 'failed' and updated_at < now() - interval '1 hour') $$),
('leads by words', null, null, $$ select * from customers where name ilike '%mer 1%' or email ilike '%mer 1%' or phone_number like '%1234%' order by updated_at desc, id desc limit 50 $$),
('a customer by number', 'customers_phone_number', false, $$ select * from customers where phone_number = '+14160000001' $$),
('a customer by e-mail', 'customers_email', false, $$ select * from customers where email = 'c1@x.example' $$),
('a customer by id', 'customers_pkey', false, $$ select * from customers where id = 'aaaaaaaa-0000-4000-8000-000000000000' $$),
('calls, newest first', 'calls_started', false, $$ select * from calls order by started_at desc, id desc limit 50 $$),
('calls, next page', 'calls_started', false, $$ select * from calls where (started_at, id) < (now() - interval '1 hour', gen_random_uuid()) order by started_at desc, id desc limit 50 $$),
('calls of a time', 'calls_started', false, $$ select * from calls where started_at >= now() - interval '1 hour' and started_at < now() order by started_at desc, id desc $$),
('figures of the calls of a time', 'calls_started', null, $$ select date_trunc('day', started_at), count(*), avg(duration_seconds) from calls where started_at >= now() - interval '1 hour' and started_at < now() group by grouping sets ((), (1)) $$),
('live calls', 'calls_status', null, $$ select * from calls where status in ('connecting', 'in_progress') $$),
('calls of a status', 'calls_status', false, $$ select * from calls where status = 'in_progress' order by started_at desc, id desc limit 50 $$),
('calls of a customer', 'calls_customer', false, $$ select * from calls where customer_id = 'aaaaaaaa-0000-4000-8000-000000000000' order by started_at desc, id desc limit 10 $$),
('a call by its CallSid', 'calls_twilio_call_sid', false, $$ select * from calls where twilio_call_sid = 'CA7' $$),
('a call by its conversation', 'calls_elevenlabs_conversation', false, $$ select * from calls where elevenlabs_conversation_id = 'conv_7' $$),
('a customer''s last messages', 'messages_customer', false, $$ select * from messages where customer_id = 'aaaaaaaa-0000-4000-8000-000000000000' order by occurred_at desc, id desc limit 8 $$),
('a customer''s next page of messages', 'messages_customer', false, $$ select * from messages where customer_id = 'aaaaaaaa-0000-4000-8000-000000000000' and (occurred_at, id) < (now(), gen_random_uuid()) order by occurred_at desc, id desc limit 50 $$),
('a call''s turns', 'messages_call_position', false, $$ select * from messages where call_id = 'aaaaaaaa-0000-4000-8000-000000000000' order by position $$),
('a call''s last turn', 'messages_call_position', false, $$ select max(position) from messages where call_id = 'aaaaaaaa-0000-4000-8000-000000000000' $$),
('a message by its provider''s id', 'messages_provider_message', false, $$ select * from messages where provider = 'twilio' and provider_message_id = 'SM7-1' $$),
('messages past retention', 'messages_occurred', null, $$ select id from messages where occurred_at < now() - interval '6 hours' $$),
('appointments of a time', 'appointments_starts', false, $$ select * from appointments where starts_at >= now() and starts_at < now() + interval '1 day' order by starts_at, id $$),
('appointments of a customer', 'appointments_customer', false, $$ select * from appointments where customer_id = 'aaaaaaaa-0000-4000-8000-000000000000' order by starts_at desc limit 5 $$),
('the calendar of a time', 'calendar_events_starts', null, $$ select * from calendar_events where resource = 'default' and starts_at >= now() and starts_at < now() + interval '1 day' $$),
('an order by number', 'orders_number', false, $$ select * from orders where order_number = '42' $$),
('an order by the shop''s id', 'orders_provider_order', false, $$ select customer_id from orders where provider = 'shopify' and provider_order_id = 'gid://shopify/Order/7' $$),
('orders that are to be forgotten', 'orders_provider_order', null, $$ delete from orders where provider = 'shopify' and id in (select id from orders where provider = 'shopify' and provider_order_id = any ('{gid://shopify/Order/7}') union all select o.id from orders o join customers c on c.id = o.customer_id where c.shopify_customer_id = 'x') $$),
('orders, newest first', 'orders_placed', false, $$ select * from orders order by placed_at desc, id desc limit 50 $$),
('orders of a customer', 'orders_customer', false, $$ select * from orders where customer_id = 'aaaaaaaa-0000-4000-8000-000000000000' order by placed_at desc limit 5 $$),
('orders of a number', 'orders_phone_number', null, $$ select * from orders where phone_number = '+14160000001' $$),
('orders of an address', 'orders_email', null, $$ select * from orders where email = 'c1@x.example' $$),
('a product''s variants', 'products_product', null, $$ select * from products where provider = 'shopify' and provider_product_id = 'p7' $$),
('a product by SKU', 'products_sku', null, $$ select * from products where sku = 'sku7' $$),
('a product by the number of its id', 'products_product_key', null, $$ select * from products where product_key = '7' and '7' in (product_key, provider_product_id) or sku = '7' or variant_key = '7' $$),
('a variant by the number of its id', 'products_variant_key', null, $$ select * from products where product_key = '7' or sku = '7' or variant_key = '7' and 'v7' in (variant_key, provider_variant_id) $$),
('whether any of a type is in stock', 'products_in_stock', false, $$ select exists (select from products where product_type = 'type7' and is_active and (available > 0 or not is_tracked)) $$),
('products of a type and price', 'products_type', null, $$ select * from products where product_type = 'type7' and price <= 50 $$),
('open tasks', 'tasks_status', false, $$ select * from tasks where status = 'open' order by created_at desc, id desc limit 50 $$),
('tasks of a customer', 'tasks_customer', null, $$ select * from tasks where customer_id = 'aaaaaaaa-0000-4000-8000-000000000000' $$),
('an effect by key', 'effects_key', false, $$ select * from effects where key = 'k7' $$),
('whether a call''s number was dialled', 'effects_calls', false, $$ select exists (select from effects d where d.organization_id = c.organization_id and d.kind = 'call' and d.state = 'done' and d.provider_id in (c.twilio_call_sid, c.elevenlabs_conversation_id) and d.request ->> 'to' = c.called_number) from calls c where c.twilio_call_sid = 'CA7' $$),
('effects nobody settled in time', 'effects_unsettled', false, $$ select * from effects where state = 'pending' and settle_at <= now() order by settle_at, id limit 20 $$),
('effects past keeping', 'effects_claimed', null, $$ select id from effects where claimed_at < now() - interval '9 hours' $$),
('the outbox in order', 'outbox_pkey', false, $$ select * from outbox order by id limit 50 $$),
('the audit log', 'audit_log_created', false, $$ select * from audit_log order by created_at desc, id desc limit 50 $$),
('the system log', 'system_logs_created', false, $$ select * from system_logs order by created_at desc, id desc limit 50 $$),
('the system log of an event', 'system_logs_event_type', false, $$ select * from system_logs where event_type = 'e7' order by created_at desc limit 50 $$),
('credit entries', 'credit_entries_created', false, $$ select * from credit_entries order by created_at desc, id desc limit 50 $$),
('what was agreed', 'consent_states_pkey', false, $$ select * from consent_states where channel = 'sms' and address = '+14167' $$),
('a webhook seen before', 'webhook_events_pkey', false, $$ select * from webhook_events where provider = 'shopify' and type = 'orders/updated' and key = 'k7' $$),
('webhooks to be forgotten', 'webhook_events_forgotten', null, $$ select ctid from webhook_events where received_at < now() - interval '30 days' and (provider <> 'shopify' or type in ('inventory_levels/update', 'products/create', 'products/update')) limit 500 $$),
('knowledge, newest first', 'knowledge_documents_updated', false, $$ select * from knowledge_documents order by updated_at desc, id desc limit 50 $$),
('a document''s chunks', 'knowledge_chunks_position', false, $$ select * from knowledge_chunks where document_id = 'aaaaaaaa-0000-4000-8000-000000000000' order by position $$),
('a session by token', 'sessions_token_hash', false, $$ select * from sessions where token_hash = repeat('ab', 32) $$);

create temp table plans as select asked.*, t.plan(t.a(), statement) as plan from asked;
select ok(index_name = any (t.indexes_of(plan)), what || ' by ' || index_name) from plans where index_name is not null;
select is_empty($$ select what from plans where plan @? 'strict $.**."Node Type" ? (@ == "Seq Scan")' $$, 'nothing reads the rows of other shops');

-- Of a few rows a planner may gather and sort them; of many it must not have to.
set local enable_bitmapscan = off;
set local enable_sort = off;
select is_empty($$ select what from asked where not sorted and t.plan(t.a(), statement) @? 'strict $.**."Node Type" ? (@ like_regex "Sort")' $$,
                'no list needs a sort');

set local enable_bitmapscan = on;
set local enable_sort = on;

-- Before the tenant is known: the functions' statements, as their owner runs them.
create function pg_temp.directory_indexes(statement text) returns text[] language sql as
    $$ select t.indexes_of(t.plan(null, statement, 'va_directory')) $$;
select ok('routing_keys_pkey' = any (pg_temp.directory_indexes($$ select organization_id from voiceagent.routing_keys where kind = 'email' and key = 'u7@shop1.example' $$)), 'a routing key by its key');
select ok('users_email' = any (pg_temp.directory_indexes($$ select u.id from voiceagent.routing_keys r join voiceagent.users u on u.organization_id = r.organization_id and u.email = r.key
                                                            where r.kind = 'email' and r.key = 'u7@shop1.example' $$)), 'a login by its address');
select ok('sessions_token_hash' = any (pg_temp.directory_indexes($$ select organization_id from voiceagent.sessions where token_hash = repeat('ab', 32) $$)), 'a session by its token');
select ok('outbox_pkey' = any (pg_temp.directory_indexes($$ select organization_id from voiceagent.outbox where organization_id > t.a() and created_at < now() order by organization_id limit 1 $$)),
          'the next organization of the outbox');
select ok('appointments_upcoming' = any (pg_temp.directory_indexes($$ select organization_id from voiceagent.appointments
                                                            where status = 'confirmed' and starts_at > now() and starts_at <= now() + interval '48 hours' $$)), 'reminders');
select * from finish();
rollback;
