-- Customers and what they agreed to.
begin;
set local search_path = voiceagent, public;
select plan(20);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset

insert into customers (id, organization_id, phone_number, first_name, last_name, created_at, updated_at)
values ('11111111-1111-4111-8111-111111111111', t.a(), '+14165550100', 'Ann', 'Lee', '2026-01-01', '2026-01-01');
select is((select name from customers), 'Ann Lee', 'the name is made of its parts');
update customers set first_name = '' where organization_id = t.a();
select is((select name from customers), 'Lee', 'of those that are there');
select is((select updated_at from customers), now(), 'a change is dated');
select is((select concat_ws(' ', lead_status, priority, tier, sentiment, lead_score) from customers), 'new normal regular neutral 0', 'a new lead');
select throws_ok($$ insert into customers (organization_id, phone_number) values (t.a(), '+14165550100') $$, '23505', null, 'one customer a number and shop');
select lives_ok($$ insert into customers (organization_id, phone_number) values (t.b(), '+14165550100') $$, 'the same person is another shop''s customer too');
select lives_ok($$ insert into customers (organization_id, source) values (t.a(), 'call'), (t.a(), 'chat') $$, 'withheld numbers are customers each');
select is(t.app_value(t.a(), $$ insert into voiceagent.customers (organization_id, phone_number, first_name) values (t.a(), '+14165550100', 'Anna')
                                on conflict on constraint customers_phone_number do update set first_name = excluded.first_name returning id $$),
          '11111111-1111-4111-8111-111111111111', 'an upsert keeps the id');
select throws_ok(format('update customers set %I = %L where organization_id = t.a()', c, v), '23514', null, c || ' ' || v || ' is refused')
  from (values ('lead_status', 'lukewarm'), ('tier', 'gold'), ('priority', 'medium'), ('lead_score', '101'),
               ('preferred_language', 'french'), ('phone_number', '416-555-0100')) x (c, v);

-- Consent: the latest word counts in every order of arrival.
create temp table said (n int, granted boolean, at timestamptz);
insert into said values (1, true, '2026-01-01'), (2, false, '2026-01-02'), (3, true, '2026-01-03'), (4, false, '2026-01-03');
create function pg_temp.hear(words int[], number text) returns text language plpgsql as $$
begin
    for i in 1..cardinality(words) loop
        insert into consents (organization_id, channel, address, granted, source, occurred_at)
        select t.a(), 'sms', number, granted, 'keyword', at from said where n = words[i];
    end loop;
    return (select granted || ' ' || to_char(occurred_at, 'MM-DD') from consent_states where organization_id = t.a() and address = number);
end
$$;
create temp table arrivals as
with recursive p (words, rest) as (
    select array[]::int[], array[1, 2, 3, 4]
    union all
    select words || x, array_remove(rest, x) from p, unnest(rest) x
)
select words, rest, row_number() over () as k from p;
select is((select array_agg(distinct pg_temp.hear(words, '+1416' || k)) from arrivals where rest = '{}'), array['false 01-03'],
          'of two words at one instant the refusal counts');
select is((select array_agg(distinct pg_temp.hear(words, '+1647' || k)) from arrivals where 4 = any (rest) and 3 = any (words)), array['true 01-03'],
          'the latest word counts');
select is((select array_agg(distinct pg_temp.hear(words, '+1905' || k)) from arrivals where words @> '{1,2}' and rest = '{3,4}'), array['false 01-02'],
          'whatever came first');
select is((select count(*)::int from consent_states where channel = 'call'), 0, 'who was never asked has no state');
select is(t.app(t.a(), $$ update voiceagent.consents set granted = true $$) ->> 'error', '42501', 'what was said is never changed');
select is(t.app(t.a(), $$ select granted from voiceagent.consent_states where channel = 'sms' and address = '+14161' $$), '[]', 'states are by full address');
select * from finish();
rollback;
