-- What a Supabase client may do, role by role; and a workers' transaction without
-- a proper organization.
begin;
set local search_path = voiceagent, public;
select plan(105);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset
insert into customers (id, organization_id, phone_number, first_name) values
    ('11111111-1111-4111-8111-111111111111', t.a(), '+14165550100', 'Ann'), ('22222222-2222-4222-8222-222222222222', t.b(), '+14165550100', 'Bob'),
    ('11111111-1111-4111-8111-222222222222', t.a(), '+14165550101', 'Amy');
insert into appointments (organization_id, customer_id, starts_at, ends_at)
values (t.a(), '11111111-1111-4111-8111-111111111111', now(), now() + interval '1 hour');
insert into tasks (organization_id, kind, title) values (t.a(), 'message', 'call back');
insert into audit_log (organization_id, actor, action) values (t.a(), 'system', 'test');
insert into calls (organization_id) values (t.a());
insert into users (organization_id, auth_user_id, email, role, is_active) values
    (t.a(), '00000000-0000-4000-8000-00000000000a', 'admin@a.example', 'admin', true),
    (t.a(), '00000000-0000-4000-8000-00000000000b', 'manager@a.example', 'manager', true),
    (t.a(), '00000000-0000-4000-8000-00000000000c', 'staff@a.example', 'staff', true),
    (t.a(), '00000000-0000-4000-8000-00000000000d', 'tech@a.example', 'service_tech', true),
    (t.a(), '00000000-0000-4000-8000-00000000000e', 'gone@a.example', 'admin', false);

-- The claims of a user of shop A by the last letter of its id.
create function pg_temp.user_(letter text, organization uuid default null) returns jsonb language sql as $$
    select jsonb_strip_nulls(jsonb_build_object('sub', '00000000-0000-4000-8000-00000000000' || letter, 'role', 'authenticated',
                             'app_metadata', jsonb_build_object('organization_id', organization)))
$$;
create function pg_temp.may(claims jsonb, statement text) returns text language sql as $$
    select case when r ->> 'error' = '42501' then 'denied' when r ? 'error' then r ->> 'error'
                when jsonb_typeof(r) = 'array' then jsonb_array_length(r)::text else r ->> 'rows' end
      from t.client(claims, statement) as x (r)
$$;

-- ---- who is a member
select is(pg_temp.may(pg_temp.user_('a'), 'select * from voiceagent.customers'), '2', 'a member sees the customers of its shop');
select is(pg_temp.may(pg_temp.user_('a', t.a()), 'select * from voiceagent.customers'), '2', 'also when the token names the shop');
select is(pg_temp.may(pg_temp.user_('a', t.b()), 'select * from voiceagent.customers'), '0', 'a token that names another shop than the user''s sees nothing');
select is(pg_temp.may(pg_temp.user_('e'), 'select * from voiceagent.customers'), '0', 'an inactive user sees nothing');
select is(pg_temp.may(pg_temp.user_('e', t.a()), 'select * from voiceagent.customers'), '0', 'whatever the token says');
select is(pg_temp.may(pg_temp.user_('f'), 'select * from voiceagent.customers'), '0', 'an unknown user sees nothing');
select is(pg_temp.may(jsonb_build_object('sub', gen_random_uuid(), 'app_metadata', jsonb_build_object('organization_id', t.a(), 'role', 'staff')),
                      'select * from voiceagent.customers'), '2', 'a token of the server alone: its organization and role');
select is(pg_temp.may(jsonb_build_object('sub', gen_random_uuid(), 'app_metadata', jsonb_build_object('organization_id', t.a())),
                      'select * from voiceagent.customers'), '0', 'no role, no rows');
select is(pg_temp.may(jsonb_build_object('sub', gen_random_uuid(), 'app_metadata', jsonb_build_object('organization_id', t.a(), 'role', 'owner')),
                      'select * from voiceagent.customers'), '0', 'an unknown role, no rows');
select is(pg_temp.may(jsonb_build_object('sub', gen_random_uuid(), 'user_metadata', jsonb_build_object('organization_id', t.a(), 'role', 'admin')),
                      'select * from voiceagent.customers'), '0', 'what the user says of himself does not count');
select is(pg_temp.may(null, 'select * from voiceagent.customers'), '0', 'no claims, no rows');
select is(pg_temp.may('{"sub":"not a uuid","app_metadata":{"organization_id":"neither"}}', 'select * from voiceagent.customers'), '0', 'claims that are none, no rows');
select is(t.run('anon', null, pg_temp.user_('a'), 'select * from voiceagent.customers') ->> 'error', '42501', 'anon is refused');
select is(t.run('authenticated', t.a()::text, null, 'select * from voiceagent.customers'), '[]', 'the workers'' setting means nothing to a Supabase client');
update organizations set is_active = false where id = t.a();
select is(pg_temp.may(pg_temp.user_('a'), 'select * from voiceagent.customers'), '0', 'an inactive shop is closed at once');
update organizations set is_active = true where id = t.a();

-- ---- who may do what: admin, manager, staff, service_tech
create function pg_temp.all_may(statement text) returns text language sql as $$
    select string_agg(pg_temp.may(pg_temp.user_(u), statement), ' ' order by u) from unnest(array['a', 'b', 'c', 'd']) u
$$;
select is(pg_temp.all_may('select * from voiceagent.customers'), '2 2 2 1', 'service_tech sees the customers of appointments alone');
select is(pg_temp.all_may('select id, email from voiceagent.users'), '5 5 5 5', 'everybody sees who works here');
select is(pg_temp.all_may('select password_hash from voiceagent.users'), 'denied denied denied denied', 'and nobody a password');
select is(pg_temp.all_may('select * from voiceagent.appointments'), '1 1 1 1', 'everybody sees appointments');
select is(pg_temp.all_may($$ update voiceagent.appointments set notes = 'x' $$), '1 1 1 1', 'and works on them');
select is(pg_temp.all_may('delete from voiceagent.appointments'), 'denied denied denied denied', 'but deletes none');
select is(pg_temp.all_may('select * from voiceagent.calls'), '1 1 1 0', 'staff see calls');
select is(pg_temp.all_may($$ update voiceagent.calls set summary = 'x' $$), 'denied denied denied denied', 'which only the product writes');
select is(pg_temp.all_may($$ insert into voiceagent.messages (organization_id, channel, direction, speaker, content) values (t.a(), 'sms', 'outbound', 'human_agent', 'x') $$),
          'denied denied denied denied', 'as it does messages: a row sends nothing');
select is(pg_temp.all_may($$ update voiceagent.tasks set body = 'x' $$), '1 1 1 0', 'staff work on tasks');
select is(pg_temp.all_may($$ update voiceagent.customers set notes = 'x' $$), '2 2 0 0', 'managers on customers');
select is(pg_temp.all_may($$ update voiceagent.agent_configs set agent_name = 'x' $$), '1 1 0 0', 'and on the agent');
select is(pg_temp.all_may($$ update voiceagent.organizations set description = 'x' $$), '1 1 0 0', 'and on the shop');
select is(pg_temp.all_may($$ update voiceagent.organizations set plan = 'PRO' $$), 'denied denied denied denied', 'nobody on the plan');
select is(pg_temp.all_may($$ update voiceagent.organizations set elevenlabs_agent_id = 'x' $$), 'denied denied denied denied', 'nor on the agent that answers');
select is(pg_temp.all_may($$ update voiceagent.organizations set is_active = true $$), 'denied denied denied denied', 'nor on whether it is active');
select is(pg_temp.all_may('select * from voiceagent.privacy_settings'), '1 1 0 0', 'managers see retention');
select is(pg_temp.all_may($$ update voiceagent.privacy_settings set transcript_retention_days = 30 $$), '1 0 0 0', 'admins change it');
select is(pg_temp.all_may($$ update voiceagent.privacy_settings set swept_at = 'infinity' $$), 'denied denied denied denied', 'and cannot fake that it was enforced');
select is(pg_temp.all_may('select * from voiceagent.audit_log'), '1 0 0 0', 'admins read the audit log');
select is(pg_temp.all_may('delete from voiceagent.audit_log'), 'denied denied denied denied', 'and nobody changes it');
select is(pg_temp.all_may($$ update voiceagent.users set role = 'super_admin' $$), 'denied denied denied denied', 'nobody raises himself');
select is(pg_temp.all_may('select * from voiceagent.' || tab), 'denied denied denied denied', tab || ' is out of reach')
  from unnest(array['sessions', 'integrations', 'sync_tokens', 'effects', 'outbox', 'routing_keys', 'webhook_events']) tab;

-- ---- an organization that is none, as the workers and as the server of a Supabase project say it
create temp table odd_organizations as
select o from unnest(array[null, '', 'nonsense', '00000000-0000-0000-0000-000000000000', repeat('-', 36), repeat('a', 36), left(t.a()::text, 35)]) o
 union all
-- What the type would read as shop A's, and what is nearly so.
select replace(replace(form, 'A', t.a()::text), 'D', replace(t.a()::text, '-', ''))
  from unnest(array['A ', ' A', e'A\n', e'\nA', 'Aa', '{A}', 'urn:uuid:A', 'D', 'DD', '{D}']) form
 union all
select overlay(t.a()::text placing piece from place)
  from (values ('g', 1), ('g', 36), (e'\n', 36), (e'\u0430', 1), (e'\uff41', 36), ('-', 8), ('-', 25), ('-', 36),
               ('a', 9), ('aaaa-aaaa-aaaa-4aaa-8aaa', 1), (e'\u2010', 9)) x (piece, place);
select is(t.run('va_app', o, null, 'select * from voiceagent.customers'), '[]',
          'no rows and no error with the organization ' || coalesce(to_json(o)::text, 'unset')) from odd_organizations;
create function pg_temp.server_(organization text) returns jsonb language sql as $$
    select jsonb_build_object('sub', '99999999-0000-4000-8000-000000000000',
                              'app_metadata', jsonb_build_object('organization_id', organization, 'role', 'staff'))
$$;
select is(pg_temp.may(pg_temp.server_(o), 'select * from voiceagent.customers'), '0',
          'nor in a token with ' || coalesce(to_json(o)::text, 'none')) from odd_organizations;
select is(jsonb_array_length(t.run('va_app', o, null, 'select * from voiceagent.customers')), 2, 'the shop''s with ' || o)
  from unnest(array[t.a()::text, upper(t.a()::text)]) o;
select is(pg_temp.may(pg_temp.server_(o), 'select * from voiceagent.customers'), '2', 'and in a token with ' || o)
  from unnest(array[t.a()::text, upper(t.a()::text)]) o;
select is(t.run('va_app', null, pg_temp.user_('a'), 'select * from voiceagent.customers'), '[]', 'claims mean nothing to the workers');
select * from finish();
rollback;
