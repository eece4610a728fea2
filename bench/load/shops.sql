-- 16 shops with 64 customers each, who bought, wrote and booked; the numbers follow
-- suites/personalization.mjs, agents and SKUs suites/tools.mjs.
set search_path = voiceagent, public;

create temp table shop as
select n, gen_random_uuid() as id, '+1604' || lpad(n::text, 7, '0') as number from generate_series(1, 16) n;

create temp table buyer as
select s.id as organization_id, s.n as shop, c as n, gen_random_uuid() as id,
       '+1778' || lpad((s.n * 1000 + c)::text, 7, '0') as number
  from shop s, generate_series(1, 64) c;

insert into organizations (id, elevenlabs_agent_id, name, slug, business_type, plan, language, languages, phone,
                           description, services_description, promotions)
select id, 'agent_' || n, 'Shop ' || n, 'shop-' || n, 'bike_shop', 'PRO', 'en', '{en,fr}', number,
       'Road, mountain and electric bikes, and a full workshop.', 'Tune-ups, repairs, bike fitting',
       '[{"text":"Free safety check with every tune-up"}]'
  from shop;

insert into organization_phone_numbers (organization_id, phone_number, is_primary)
select id, number, true from shop;

insert into customers (id, organization_id, phone_number, email, first_name, last_name, tier, preferred_language,
                       total_spent, purchase_count, last_purchase_at, interaction_count, last_contact_at,
                       conversation_summary)
select id, organization_id, number, 'buyer' || n || '@customer.example', 'Buyer', 'No ' || n, 'vip', 'en',
       2485.94, 3, now() - interval '6 days', 10, now() - interval '1 day',
       'Asked about the order and booked a tune-up for next week.'
  from buyer;

insert into orders (organization_id, customer_id, order_number, status, total_amount, items, phone_number,
                    tracking_number, tracking_company, estimated_delivery, placed_at)
select organization_id, id, shop * 10000 + n * 10 + o, 'shipped', 219.95,
       '[{"title":"Commuter helmet","quantity":1},{"title":"Rear lamp","quantity":2}]', number,
       '1Z999AA10123456784', 'UPS', current_date + 2, now() - o * interval '5 days'
  from buyer, generate_series(1, 3) o;

insert into messages (organization_id, customer_id, channel, direction, speaker, content, occurred_at)
select organization_id, id, 'voice', case when m % 2 = 0 then 'inbound' else 'outbound' end,
       case when m % 2 = 0 then 'customer' else 'agent' end,
       'Where is my order? It is on its way and will arrive in two days.', now() - m * interval '1 hour'
  from buyer, generate_series(1, 12) m;

-- What was texted before: a ledger that is still empty when statements are planned is read from
-- end to end by each check of a foreign key, until PostgreSQL has counted its rows.
insert into effects (organization_id, kind, key, state, claimed_at, finished_at)
select organization_id, 'sms', 'reminder:' || id || ':' || m, 'done', now() - m * interval '9 days',
       now() - m * interval '9 days'
  from buyer, generate_series(1, 12) m;

insert into appointments (organization_id, customer_id, appointment_type, resource, starts_at, ends_at, bike_details)
select organization_id, id, 'tune_up', 'stand-' || n, now() + interval '2 days', now() + interval '2 days 1 hour',
       '{"model":"Ridgeback Trail 29"}'
  from buyer;

insert into products (organization_id, provider_variant_id, sku, title, product_type, price, available)
select s.id, 'v' || p, 'SKU-' || p, 'Product ' || p,
       (array['road_bike', 'mountain_bike', 'e_bike', 'city_bike', 'accessory', 'part'])[1 + p % 6], 99.95, p % 3
  from shop s, generate_series(1, 500) p;

analyze;
