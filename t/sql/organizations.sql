-- Shops: their defaults, their words, and the names that route to them.
begin;
set local search_path = voiceagent, public;
select plan(48);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset

select is((select count(*)::int from agent_configs) + (select count(*)::int from credit_accounts) + (select count(*)::int from privacy_settings),
          6, 'each shop has its configuration, account and privacy settings');
select is((select hours::jsonb from organizations where id = t.a()),
    normal_hours('{"open":"08:00","close":"18:00","days":["monday","tuesday","wednesday","thursday","friday"],"saturday":"09:00-17:00"}'),
    'and hours to begin with');
select is((select transcript_retention_days || ' ' || audio_retention_days from privacy_settings where organization_id = t.a()), '90 30', 'transcripts 90 days, audio 30');
update organizations set hours = '{"monday":"9:00-18:00"}' where id = t.a();
select is((select hours -> 'monday' from organizations where id = t.a()), '{"open":"09:00","close":"18:00"}', 'hours are kept in one shape');
select throws_ok($$ update organizations set hours = '{"monday":"whenever"}' where id = t.a() $$, '22007', null, 'what is no hours is refused');

select ok(is_time_zone(z), z || ' is a zone') from unnest(array['America/Toronto', 'Europe/Paris', 'America/Argentina/Buenos_Aires', 'UTC', 'Etc/GMT+5']) z;
select ok(not is_time_zone(z), z || ' is none') from unnest(array['Toronto', 'EST', 'EST5EDT', 'Foo/Bar', '+05:00', 'America/Toronto; drop', '']) z;
select throws_ok($$ update organizations set timezone = 'Mars/Base' where id = t.a() $$, '23514', null, 'a zone that is none is refused');
select throws_ok($$ update organizations set plan = 'pro' where id = t.a() $$, '23514', null, 'plans are FREE, BASIC, PRO');
select throws_ok($$ update organizations set slug = 'No Slug' where id = t.a() $$, '23514', null, 'a slug is lower case without spaces');
select throws_ok($$ update organizations set language = 'fr' where id = t.a() $$, '23514', null, 'the language is one of the languages');
select throws_ok($$ update organizations set engines = '{}' where id = t.a() $$, '23514', null, 'there is always an engine');
select throws_ok($$ update organizations set engines = '{siri}' where id = t.a() $$, '23514', null, 'of the ones we have');
select throws_ok($$ update organizations set phone = '4165550100' where id = t.a() $$, '23514', null, 'phone numbers are E.164');
select throws_ok($$ update organizations set email = 'Shop@Example.com' where id = t.a() $$, '23514', null, 'e-mail addresses are lower case');
select throws_ok($$ update organizations set promotions = '{}' where id = t.a() $$, '23514', null, 'a list is a list');

-- ---- routing, as the workers see it
create function pg_temp.by(kind text, key text) returns text language sql as
    $$ select t.app_value(null, format('select voiceagent.organization_by(%L, %L)', kind, key)) $$;
select is(t.app(t.a(), $$ insert into voiceagent.organization_phone_numbers (organization_id, phone_number) values (t.a(), '+14165550100') $$),
          '{"rows": 1}', 'a number is added');
select is(pg_temp.by('number', '+14165550100'), t.a()::text, 'and routes');
select is(pg_temp.by('number', '+14165550199'), null, 'another does not');
select is(t.app(t.b(), $$ insert into voiceagent.organization_phone_numbers (organization_id, phone_number) values (t.b(), '+14165550100') $$),
          '{"error": "23505", "message": "this number is already in use", "constraint": "routing_keys_number"}', 'another shop cannot take it');
select is(pg_temp.by('number', '+14165550100'), t.a()::text, 'nor did it');
select t.app(t.a(), $$ update voiceagent.organization_phone_numbers set is_active = false $$) \gset
select is(pg_temp.by('number', '+14165550100'), null, 'an inactive number routes nowhere');
select is(t.app(t.b(), $$ insert into voiceagent.organization_phone_numbers (organization_id, phone_number) values (t.b(), '+14165550100') $$) ->> 'error',
          '23505', 'but stays taken');
select t.app(t.a(), $$ update voiceagent.organization_phone_numbers set is_active = true, phone_number = '+14165550101' $$) \gset
select is(pg_temp.by('number', '+14165550101'), t.a()::text, 'a changed number routes');
select is(t.app(t.b(), $$ insert into voiceagent.organization_phone_numbers (organization_id, phone_number) values (t.b(), '+14165550100') $$),
          '{"rows": 1}', 'the old one is free');
select t.app(t.a(), $$ delete from voiceagent.organization_phone_numbers $$) \gset
select is(pg_temp.by('number', '+14165550101'), null, 'a removed number routes nowhere');
select is(pg_temp.by('slug', 'a'), t.a()::text, 'a slug routes');
select t.app(t.a(), $$ update voiceagent.organizations set elevenlabs_agent_id = 'agent_1' $$) \gset
select is(pg_temp.by('agent', 'agent_1'), t.a()::text, 'an agent routes');
select t.app(t.a(), $$ insert into voiceagent.integrations (organization_id, service, account_id) values
                       (t.a(), 'shopify', 'a.myshopify.com'), (t.a(), 'hubspot', '42') $$) \gset
select is(pg_temp.by('shop', 'a.myshopify.com'), t.a()::text, 'a shop domain routes');
select is(pg_temp.by('shop', '42'), null, 'another service''s account does not');
select t.app(t.a(), $$ insert into voiceagent.sync_tokens (organization_id, channel_id) values (t.a(), 'chan-1') $$) \gset
select is(pg_temp.by('channel', 'chan-1'), t.a()::text, 'a channel routes');
select is(pg_temp.by('id', t.a()::text), t.a()::text, 'an id stands for itself');
select is(pg_temp.by('id', 'nonsense'), null, 'what is no id for nothing');
update organizations set is_active = false where id = t.a();
select is(array(select distinct pg_temp.by(k, v) from (values ('slug', 'a'), ('agent', 'agent_1'), ('id', t.a()::text)) x (k, v)), array[null::text],
          'an inactive shop is not found by any name');

update organizations set is_active = true where id = t.a();
insert into organizations (id, name, slug, is_active) values ('cccccccc-cccc-4ccc-8ccc-cccccccccccc', 'Late', 'late', false);
select is(pg_temp.by('slug', 'late'), null, 'a shop that is not active yet');
update organizations set is_active = true where slug = 'late';
select is(pg_temp.by('slug', 'late'), 'cccccccc-cccc-4ccc-8ccc-cccccccccccc', 'is found once it is');

-- ---- the end of a shop
delete from organizations where id = t.a();
select is((select count(*)::int from routing_keys where organization_id = t.a()), 0, 'a deleted shop leaves no routing key');
select is(t.app(t.b(), $$ update voiceagent.organizations set slug = 'a' $$), '{"rows": 1}', 'its names are free');
select * from finish();
rollback;
