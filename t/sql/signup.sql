-- Signing up: a shop that is not there yet, and those that were left in the middle.
begin;
set local search_path = voiceagent, public;
select plan(20);
select t.make_organization(t.a(), 'a') \gset

create function pg_temp.due() returns text language sql as $$
    select string_agg(left(x #>> '{due}', 1), '' order by x #>> '{due}')
      from jsonb_array_elements(t.app(null, 'select due from voiceagent.due_registrations(10) as due')) x
$$;
select is(pg_temp.due(), null, 'no sign-up was left');

-- As the workers do it: they pick the id, and make the shop from within.
select is(t.app(t.b(), $$ insert into voiceagent.organizations (id, name, slug, is_active, terms_accepted_at, terms_version, provisioning_state, provisioning_until)
                          values (t.b(), 'B', 'b', false, now(), '2026-01', 'pending', now() + interval '45 seconds') $$),
          '{"rows": 1}', 'a shop is made in its own transaction');
select is(t.app(t.b(), $$ insert into voiceagent.users (organization_id, email) values (t.b(), 'new@b.example') $$), '{"rows": 1}', 'with its owner');
select is((select count(*)::int from credit_accounts where organization_id = t.b()), 1, 'and its account');
select is(t.app(t.a(), $$ insert into voiceagent.organizations (id, name, slug, is_active, provisioning_state)
                          values ('cccccccc-cccc-4ccc-8ccc-cccccccccccc', 'C', 'c', false, 'pending') $$) ->> 'error', '42501', 'not from within another');
select is(t.app(t.a(), $$ insert into voiceagent.users (organization_id, email) values (t.a(), 'new@b.example') $$) ->> 'constraint',
          'routing_keys_email', 'its address is taken from then on');
select is(t.app_value(null, $$ select voiceagent.organization_by('slug', 'b') $$), null, 'it is found by nothing yet');
select is(t.app_value(null, $$ select is_active from voiceagent.login_lookup('new@b.example') $$), 'false', 'and nobody signs in');
select throws_ok($$ update organizations set is_active = true where id = t.b() $$, '23514', null, 'what is pending is not active');

select is(pg_temp.due(), null, 'somebody is at work on it');
update organizations set provisioning_until = now() - interval '4 minutes' where id = t.b();
select is(pg_temp.due(), null, 'or may come back');
update organizations set provisioning_until = now() - interval '6 minutes' where id = t.b();
select is(pg_temp.due(), 'b', 'it was left');
update organizations set is_active = true, provisioning_state = 'agent' where id = t.b();
select is(pg_temp.due(), null, 'one that has its number stays');

update organizations set is_active = false, provisioning_state = 'pending' where id = t.b();
select t.app(t.b(), $$ delete from voiceagent.organizations where id = t.b() $$) \gset
select is((select count(*)::int from routing_keys where organization_id = t.b()), 0, 'undone, it leaves nothing');

-- What a day's numbers are is counted over all shops.
select t.app(t.a(), $$ insert into voiceagent.effects (organization_id, kind, key, claimed_at)
                       select t.a(), case when n < 3 then 'number' else 'sms' end, 'k' || n, now() - n * interval '12 hours' + interval '1 minute'
                         from generate_series(1, 4) n $$) \gset
select is(t.app_value(null, $$ select voiceagent.numbers_of_a_day() $$), '2', 'numbers of the last 24 hours are counted');
update effects set claimed_at = claimed_at - interval '2 minutes';
select is(t.app_value(t.a(), $$ select voiceagent.numbers_of_a_day() $$), '1', 'and no older ones');

-- What a shop has, however long ago it was active, is no other's to buy.
insert into organization_phone_numbers (organization_id, phone_number, is_active) values (t.a(), '+14165550150', true), (t.a(), '+14165550151', false);
select is(t.app_value(null, $$ select voiceagent.is_known_number('+14165550150') $$), 'true', 'a number that a shop has is known');
select is(t.app_value(t.b(), $$ select voiceagent.is_known_number('+14165550151') $$), 'true', 'one that it does not use, too');
update organizations set is_active = false where id = t.a();
select is(t.app_value(null, $$ select voiceagent.is_known_number('+14165550150') $$), 'true', 'and when the shop is closed');
select is(t.app_value(null, $$ select voiceagent.is_known_number('a') $$), 'false', 'what is no number is not');
select * from finish();
rollback;
