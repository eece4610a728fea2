-- The demo shops are what the documentation promises. Loaded twice by the runner.
begin;
set local search_path = voiceagent, public;
select plan(19);

select results_eq($$ select slug, name, plan, timezone::text, array_to_string(languages, '+'), business_type from organizations order by slug $$,
    $$ values ('bici-downtown', 'Bici Downtown', 'PRO', 'America/Toronto', 'en+fr', 'bike_shop'),
              ('bici-uptown', 'Bici Uptown', 'BASIC', 'America/Toronto', 'en', 'bike_shop') $$, 'two shops');
select is((select count(distinct hours)::int from organizations), 1, 'with the same hours');
select is((hours_on(hours, '2026-11-23'))::text, '(f,08:00,18:00)', 'Monday 08:00 to 18:00') from organizations where slug = 'bici-downtown';
select is((hours_on(hours, '2026-11-27'))::text, '(f,08:00,18:00)', 'Friday 08:00 to 18:00') from organizations where slug = 'bici-downtown';
select is((hours_on(hours, '2026-11-21'))::text, '(f,09:00,17:00)', 'Saturday 09:00 to 17:00') from organizations where slug = 'bici-downtown';
select is((hours_on(hours, '2026-11-22'))::text, '(t,,)', 'Sunday closed') from organizations where slug = 'bici-downtown';

create function pg_temp.slug_by(kind text, key text) returns text language sql as
    $$ select slug from organizations where id = organization_by(kind, key) $$;
select is(pg_temp.slug_by('number', '+14165550001'), 'bici-downtown', 'the number of one');
select is(pg_temp.slug_by('number', '+14165550002'), 'bici-uptown', 'and of the other');
select is(pg_temp.slug_by('agent', 'agent_downtown'), 'bici-downtown', 'the agent of one');
select is(pg_temp.slug_by('agent', 'agent_uptown'), 'bici-uptown', 'and of the other');
select results_eq($$ select l.role, l.is_active, o.slug from unnest(array['owner@downtown.example', 'owner@uptown.example']) e, login_lookup(e) l
                       join organizations o on o.id = l.organization_id $$,
    $$ values ('admin', true, 'bici-downtown'), ('admin', true, 'bici-uptown') $$, 'the owners log in as admin');

select results_eq($$ select o.slug, c.name, c.phone_number::text, c.tier from customers c join organizations o on o.id = c.organization_id order by 1 $$,
    $$ values ('bici-downtown', 'John Tremblay', '+14165559876', 'vip'), ('bici-uptown', 'Sarah Chen', '+14165559877', 'regular') $$,
    'a customer each, John Tremblay a VIP');
select results_eq($$ select s.slug, c.name, o.order_number, o.status, o.tracking_number is not null from orders o
                       join organizations s on s.id = o.organization_id join customers c on c.id = o.customer_id order by 1 $$,
    $$ values ('bici-downtown', 'John Tremblay', '1042', 'shipped', true), ('bici-uptown', 'Sarah Chen', '2042', 'processing', false) $$,
    'an order each, 1042 shipped with its tracking number');
select is((select max(abs(total_amount - (select sum((i ->> 'price')::numeric * (i ->> 'quantity')::int) from jsonb_array_elements(items) i) * 1.13))::numeric(4, 2) < 0.02 from orders), true,
    'totals are the items and 13 % of tax');
select is(t.app((select id from organizations where slug = 'bici-uptown'), $$ select name from voiceagent.customers where phone_number = '+14165559876' $$), '[]',
    'John Tremblay is unknown to the other shop');
select is((select count(*)::int from services s join organizations o on o.id = s.organization_id and o.slug = 'bici-downtown'), 6, 'every service has its duration');
select cmp_ok((select count(*)::int from products), '>=', 4, 'there is something to sell');
select is((select string_agg(agent_name || ' ' || (welcome_message ? 'en')::text, ', ') from agent_configs), 'Bici true, Bici true', 'and an agent that greets');
select is((select string_agg(balance::int::text, ' ' order by balance desc) from credit_accounts), '1000 200', 'credits are granted once, however often it is loaded');
select * from finish();
rollback;
