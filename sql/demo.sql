-- Two demo shops. May be loaded again at any time: what exists stays as it is.
-- The owners' password is "demo-password" (yescrypt).

-- ---------------------------------------------------------------- Bici Downtown
select set_config('app.current_organization_id', 'd0000000-0000-4000-8000-000000000001', false);

insert into voiceagent.organizations
    (id, name, slug, business_type, plan, timezone, language, languages, hours, phone, owner_phone, email,
     notification_email, website_url, address, directions, description, services_description, policies, promotions,
     elevenlabs_agent_id, widget_origins, terms_accepted_at)
values
    ('d0000000-0000-4000-8000-000000000001', 'Bici Downtown', 'bici-downtown', 'bike_shop', 'PRO',
     'America/Toronto', 'en', '{en,fr}',
     '{"monday":{"open":"08:00","close":"18:00"},"tuesday":{"open":"08:00","close":"18:00"},
       "wednesday":{"open":"08:00","close":"18:00"},"thursday":{"open":"08:00","close":"18:00"},
       "friday":{"open":"08:00","close":"18:00"},"saturday":{"open":"09:00","close":"17:00"},
       "sunday":{"closed":true}}',
     '+14165550001', '+14165550010', 'hello@downtown.example', 'owner@downtown.example',
     'https://downtown.example',
     '{"street":"123 Queen Street West","city":"Toronto","region":"ON","postal_code":"M5H 2M9","country":"CA"}',
     'Across from Osgoode station; bike parking in front.',
     'Road, mountain and electric bikes, and a full workshop.',
     'Tune-ups, repairs, bike fitting, warranty work',
     '{"returns":"30 days with the receipt, unridden.","warranty":"Frames for life, parts for one year."}',
     '[{"text":"Free safety check with every tune-up"}]',
     'agent_downtown', '{http://localhost,https://localhost}', now())
on conflict (id) do nothing;

insert into voiceagent.organization_phone_numbers
    (id, organization_id, phone_number, label, is_primary, elevenlabs_phone_number_id)
values ('d0000000-0000-4000-8000-000000000011', 'd0000000-0000-4000-8000-000000000001', '+14165550001', 'Main', true, 'phnum_downtown')
on conflict do nothing;

-- The key of the chat: wk_demo_downtown.
insert into voiceagent.widget_keys (organization_id, key_sha256)
values ('d0000000-0000-4000-8000-000000000001', encode(sha256('wk_demo_downtown'), 'hex'))
on conflict do nothing;

insert into voiceagent.users (id, organization_id, email, password_hash, role, first_name, last_name)
values ('d0000000-0000-4000-8000-000000000021', 'd0000000-0000-4000-8000-000000000001', 'owner@downtown.example',
        '$y$j9T$YU069zQfxVdfG1/PBpycR.$00JQVVWaqlRVeBGlvWKmzsSkefJ3VCbTUcqcWGtDzw2', 'admin', 'Dana', 'Owner')
on conflict do nothing;

update voiceagent.agent_configs
   set agent_name = 'Bici', voice_personality = 'friendly',
       welcome_message = '{"en":"Hi! How can I help you with your bike today?","fr":"Bonjour! Comment puis-je vous aider avec votre vélo?"}',
       transfer_destinations = '[{"name":"general_support","number":"+14165550010","description":"The shop floor"},
                                 {"name":"manager","number":"+14165550010","description":"Complaints and escalations"}]'
 where organization_id = 'd0000000-0000-4000-8000-000000000001' and updated_at = created_at;

insert into voiceagent.services (organization_id, appointment_type, name, duration_minutes, price)
values
    ('d0000000-0000-4000-8000-000000000001', 'tune_up', '{"en":"tune-up","fr":"mise au point"}', 60, 89.00),
    ('d0000000-0000-4000-8000-000000000001', 'repair', '{"en":"repair","fr":"réparation"}', 90, null),
    ('d0000000-0000-4000-8000-000000000001', 'pickup', '{"en":"pickup","fr":"ramassage"}', 15, null),
    ('d0000000-0000-4000-8000-000000000001', 'fitting', '{"en":"bike fitting","fr":"ajustement"}', 90, 150.00),
    ('d0000000-0000-4000-8000-000000000001', 'warranty', '{"en":"warranty check","fr":"vérification de garantie"}', 30, 0),
    ('d0000000-0000-4000-8000-000000000001', 'general', '{"en":"appointment","fr":"rendez-vous"}', 30, null)
on conflict do nothing;

insert into voiceagent.customers
    (id, organization_id, phone_number, email, first_name, last_name, tier, lead_status, preferred_language, source,
     total_spent, purchase_count, last_purchase_at, customer_since, address)
values
    ('d0000000-0000-4000-8000-000000000031', 'd0000000-0000-4000-8000-000000000001', '+14165559876',
     'john.tremblay@customer.example', 'John', 'Tremblay', 'vip', 'qualified', 'en', 'shop',
     2485.94, 1, now() - interval '6 days', now() - interval '3 years',
     '{"street":"45 King Street East","city":"Toronto","region":"ON","postal_code":"M5C 1E9","country":"CA"}')
on conflict do nothing;

insert into voiceagent.orders
    (id, organization_id, customer_id, order_number, provider_order_id, status, financial_status, fulfillment_status,
     total_amount, items, email, phone_number, shipping_address, tracking_number, tracking_company, tracking_url,
     estimated_delivery, placed_at, shipped_at)
values
    ('d0000000-0000-4000-8000-000000000041', 'd0000000-0000-4000-8000-000000000001',
     'd0000000-0000-4000-8000-000000000031', '1042', 'gid://shopify/Order/1042', 'shipped', 'paid', 'fulfilled', 2485.94,
     '[{"line_id":"1","title":"Ridgeback Trail 29 mountain bike","sku":"RB-T29-M","quantity":1,"price":"2149.99"},
       {"line_id":"2","title":"Commuter helmet","sku":"HLM-COM-M","quantity":1,"price":"49.96"}]',
     'john.tremblay@customer.example', '+14165559876',
     '{"street":"45 King Street East","city":"Toronto","region":"ON","postal_code":"M5C 1E9","country":"CA"}',
     '1Z999AA10123456784', 'UPS', 'https://www.ups.com/track?tracknum=1Z999AA10123456784',
     current_date + 2, now() - interval '6 days', now() - interval '2 days')
on conflict do nothing;

insert into voiceagent.products
    (id, organization_id, provider_product_id, provider_variant_id, sku, title, variant_title, vendor, product_type,
     description, price, available, attributes)
values
    ('d0000000-0000-4000-8000-000000000051', 'd0000000-0000-4000-8000-000000000001', 'gid://shopify/Product/1',
     'gid://shopify/ProductVariant/1', 'RB-T29-M',
     'Ridgeback Trail 29', 'Medium', 'Ridgeback', 'mountain_bike', 'Hardtail mountain bike, 29 inch wheels.', 2149.99, 4,
     '{"riding_style":["trail","mountain"],"experience":["beginner","intermediate"],"height_cm":[165,178]}'),
    ('d0000000-0000-4000-8000-000000000052', 'd0000000-0000-4000-8000-000000000001', 'gid://shopify/Product/2',
     'gid://shopify/ProductVariant/2', 'VL-CIT-L',
     'Velo City E', 'Large', 'Velo', 'e_bike', 'Electric city bike, 90 km range.', 3299.00, 2,
     '{"riding_style":["commuting","city"],"experience":["beginner"],"height_cm":[175,190]}'),
    ('d0000000-0000-4000-8000-000000000053', 'd0000000-0000-4000-8000-000000000001', 'gid://shopify/Product/3',
     'gid://shopify/ProductVariant/3', 'RD-SPR-54',
     'Sprinter Road', '54 cm', 'Sprinter', 'road_bike', 'Carbon road bike, 24 gears.', 2799.00, 0,
     '{"riding_style":["road","racing"],"experience":["intermediate","expert"],"height_cm":[168,178]}'),
    ('d0000000-0000-4000-8000-000000000054', 'd0000000-0000-4000-8000-000000000001', 'gid://shopify/Product/4',
     'gid://shopify/ProductVariant/4', 'HLM-COM-M',
     'Commuter helmet', 'Medium', 'Bici', 'accessory', 'Light helmet with a rear lamp.', 49.96, 18, '{}')
on conflict do nothing;

insert into voiceagent.integrations (organization_id, service, account_id)
values ('d0000000-0000-4000-8000-000000000001', 'shopify', 'bici-downtown.myshopify.com')
on conflict do nothing;

-- The token is HUBSPOT_ACCESS_TOKEN's.
insert into voiceagent.integrations (organization_id, service, account_id)
values ('d0000000-0000-4000-8000-000000000001', 'hubspot', '62515')
on conflict do nothing;

insert into voiceagent.credit_entries (id, organization_id, kind, amount, key, description)
values ('d0000000-0000-4000-8000-000000000061', 'd0000000-0000-4000-8000-000000000001', 'grant', 1000, 'grant:demo', 'Demo credits')
on conflict do nothing;

-- ------------------------------------------------------------------ Bici Uptown
select set_config('app.current_organization_id', 'd0000000-0000-4000-8000-000000000002', false);

insert into voiceagent.organizations
    (id, name, slug, business_type, plan, timezone, language, languages, hours, phone, owner_phone, email,
     notification_email, website_url, address, description, services_description, elevenlabs_agent_id, widget_origins,
     terms_accepted_at)
values
    ('d0000000-0000-4000-8000-000000000002', 'Bici Uptown', 'bici-uptown', 'bike_shop', 'BASIC',
     'America/Toronto', 'en', '{en}',
     '{"monday":{"open":"08:00","close":"18:00"},"tuesday":{"open":"08:00","close":"18:00"},
       "wednesday":{"open":"08:00","close":"18:00"},"thursday":{"open":"08:00","close":"18:00"},
       "friday":{"open":"08:00","close":"18:00"},"saturday":{"open":"09:00","close":"17:00"},
       "sunday":{"closed":true}}',
     '+14165550002', '+14165550020', 'hello@uptown.example', 'owner@uptown.example', 'https://uptown.example',
     '{"street":"2300 Yonge Street","city":"Toronto","region":"ON","postal_code":"M4P 1E4","country":"CA"}',
     'City bikes and family bikes.', 'Tune-ups and repairs',
     'agent_uptown', '{http://localhost,https://localhost}', now())
on conflict (id) do nothing;

insert into voiceagent.organization_phone_numbers
    (id, organization_id, phone_number, label, is_primary, elevenlabs_phone_number_id)
values ('d0000000-0000-4000-8000-000000000012', 'd0000000-0000-4000-8000-000000000002', '+14165550002', 'Main', true, 'phnum_uptown')
on conflict do nothing;

-- The key of the chat: wk_demo_uptown.
insert into voiceagent.widget_keys (organization_id, key_sha256)
values ('d0000000-0000-4000-8000-000000000002', encode(sha256('wk_demo_uptown'), 'hex'))
on conflict do nothing;

insert into voiceagent.users (id, organization_id, email, password_hash, role, first_name, last_name)
values ('d0000000-0000-4000-8000-000000000022', 'd0000000-0000-4000-8000-000000000002', 'owner@uptown.example',
        '$y$j9T$.MwsLbsfUfaJC9bnKine7.$lOkT6h0IdJIELkruXdYkeeRVQRY0.08GQk/rPioZUN9', 'admin', 'Uma', 'Owner')
on conflict do nothing;

update voiceagent.agent_configs
   set agent_name = 'Bici', welcome_message = '{"en":"Hello! How can I help you today?"}',
       transfer_destinations = '[{"name":"general_support","number":"+14165550020","description":"The shop floor"}]'
 where organization_id = 'd0000000-0000-4000-8000-000000000002' and updated_at = created_at;

insert into voiceagent.services (organization_id, appointment_type, name, duration_minutes, price)
values
    ('d0000000-0000-4000-8000-000000000002', 'tune_up', '{"en":"tune-up"}', 60, 79.00),
    ('d0000000-0000-4000-8000-000000000002', 'repair', '{"en":"repair"}', 60, null),
    ('d0000000-0000-4000-8000-000000000002', 'pickup', '{"en":"pickup"}', 15, null),
    ('d0000000-0000-4000-8000-000000000002', 'general', '{"en":"appointment"}', 30, null)
on conflict do nothing;

insert into voiceagent.customers
    (id, organization_id, phone_number, email, first_name, last_name, lead_status, preferred_language, source,
     total_spent, purchase_count, last_purchase_at, address)
values
    ('d0000000-0000-4000-8000-000000000032', 'd0000000-0000-4000-8000-000000000002', '+14165559877',
     'sarah.chen@customer.example', 'Sarah', 'Chen', 'contacted', 'en', 'shop', 684.78, 1, now() - interval '1 day',
     '{"street":"88 Eglinton Avenue East","city":"Toronto","region":"ON","postal_code":"M4P 1A6","country":"CA"}')
on conflict do nothing;

insert into voiceagent.orders
    (id, organization_id, customer_id, order_number, provider_order_id, status, financial_status, fulfillment_status,
     total_amount, items, email, phone_number, shipping_address, estimated_delivery, placed_at)
values
    ('d0000000-0000-4000-8000-000000000042', 'd0000000-0000-4000-8000-000000000002',
     'd0000000-0000-4000-8000-000000000032', '2042', 'gid://shopify/Order/2042', 'processing', 'paid', null, 684.78,
     '[{"line_id":"1","title":"Junior 24 bike","sku":"JR-24","quantity":1,"price":"606.00"}]',
     'sarah.chen@customer.example', '+14165559877',
     '{"street":"88 Eglinton Avenue East","city":"Toronto","region":"ON","postal_code":"M4P 1A6","country":"CA"}',
     current_date + 5, now() - interval '1 day')
on conflict do nothing;

insert into voiceagent.products
    (id, organization_id, provider_product_id, provider_variant_id, sku, title, vendor, product_type, description,
     price, available, attributes)
values
    ('d0000000-0000-4000-8000-000000000055', 'd0000000-0000-4000-8000-000000000002', 'gid://shopify/Product/1',
     'gid://shopify/ProductVariant/1', 'JR-24',
     'Junior 24', 'Ridgeback', 'kids_bike', 'Bike for 8 to 11 years, 24 inch wheels.', 606.00, 6,
     '{"riding_style":["city"],"experience":["beginner"],"height_cm":[125,145]}'),
    ('d0000000-0000-4000-8000-000000000056', 'd0000000-0000-4000-8000-000000000002', 'gid://shopify/Product/2',
     'gid://shopify/ProductVariant/2', 'CT-HYB-M',
     'City Hybrid', 'Velo', 'hybrid_bike', 'Hybrid bike with fenders and rack.', 899.00, 3,
     '{"riding_style":["commuting","city"],"experience":["beginner","intermediate"],"height_cm":[165,178]}')
on conflict do nothing;

-- Known by its domain, and not asked: it has no token.
insert into voiceagent.integrations (organization_id, service, account_id, status)
values ('d0000000-0000-4000-8000-000000000002', 'shopify', 'bici-uptown.myshopify.com', 'disconnected')
on conflict do nothing;

insert into voiceagent.credit_entries (id, organization_id, kind, amount, key, description)
values ('d0000000-0000-4000-8000-000000000062', 'd0000000-0000-4000-8000-000000000002', 'grant', 200, 'grant:demo', 'Demo credits')
on conflict do nothing;

select set_config('app.current_organization_id', '', false);
