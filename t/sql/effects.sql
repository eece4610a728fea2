-- The ledger, the outbox, tasks, credits: what is done once.
begin;
set local search_path = voiceagent, public;
select plan(28);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset

-- ---- ledger
select is(t.app(t.a(), $$ insert into voiceagent.effects (organization_id, kind, key) values (t.a(), 'sms', 'k1') on conflict (organization_id, key) do nothing $$), '{"rows": 1}', 'an effect is claimed');
select is(t.app(t.a(), $$ insert into voiceagent.effects (organization_id, kind, key) values (t.a(), 'sms', 'k1') on conflict (organization_id, key) do nothing $$), '{"rows": 0}', 'once');
select is(t.app(t.b(), $$ insert into voiceagent.effects (organization_id, kind, key) values (t.b(), 'sms', 'k1') on conflict (organization_id, key) do nothing $$), '{"rows": 1}', 'in each shop');
select is(t.app(t.a(), $$ update voiceagent.effects set state = 'unknown', finished_at = now() $$), '{"rows": 1}', 'nobody can tell');
select is(t.app(t.a(), $$ update voiceagent.effects set state = 'pending', finished_at = null $$) ->> 'constraint', 'effects_ended', 'then it is never tried again');
select is(t.app(t.a(), $$ update voiceagent.effects set state = 'done', provider_id = 'SM1' $$), '{"rows": 1}', 'a late callback settles it');
select is(t.app(t.a(), format('update voiceagent.effects set state = %L', s)) ->> 'error', '55000', 'done never becomes ' || s) from unnest(array['failed', 'unknown', 'pending']) s;
select is(t.app(t.a(), $$ update voiceagent.effects set result = '{}' $$), '{"rows": 1}', 'a result can be added');
select throws_ok($$ insert into effects (organization_id, kind, key, state) values (t.a(), 'sms', 'k2', 'done') $$, '23514', null, 'what is done has an end');

-- ---- outbox
select throws_ok($$ insert into outbox (organization_id, kind, type) values (t.a(), 'job', 'sms.send') $$, '23514', null, 'a job needs its queue');
select throws_ok($$ insert into outbox (organization_id, kind, type, queue) values (t.a(), 'event', 'sms_sent', 'bulk') $$, '23514', null, 'an event has none');
select is(t.app(t.a(), $$ insert into voiceagent.outbox (organization_id, kind, type) select t.a(), 'event', 'e' || i from generate_series(1, 3) i $$), '{"rows": 3}', 'rows are written without rights on a sequence');
select is(t.app(t.a(), $$ delete from voiceagent.outbox where id = (select min(id) from voiceagent.outbox) returning type $$), '[{"type": "e1"}]', 'and drained in order');

-- ---- tasks
select is(t.app(t.a(), $$ insert into voiceagent.tasks (organization_id, kind, title, key) values (t.a(), 'alarm', 'SMS unknown', 'effect:1') on conflict do nothing $$), '{"rows": 1}', 'a task is raised');
select is(t.app(t.a(), $$ insert into voiceagent.tasks (organization_id, kind, title, key) values (t.a(), 'alarm', 'SMS unknown', 'effect:1') on conflict do nothing $$), '{"rows": 0}', 'once');
select throws_ok($$ update tasks set status = 'done' where organization_id = t.a() $$, '23514', null, 'what is done has a time');

-- ---- credits
create function pg_temp.book(kind text, amount numeric, key text) returns text language sql as $$
    select t.app(t.a(), format('insert into voiceagent.credit_entries (organization_id, kind, amount, key) values (t.a(), %L, %L, %L) on conflict do nothing', kind, amount, key));
    select balance::numeric(10, 2) || ' of ' || granted::numeric(10, 2) from voiceagent.credit_accounts where organization_id = t.a()
$$;
select is(pg_temp.book('grant', 100, 'g1'), '100.00 of 100.00', 'a grant');
select is(pg_temp.book('usage', -30, 'call:1'), '70.00 of 100.00', 'a call');
select is(pg_temp.book('usage', -30, 'call:1'), '70.00 of 100.00', 'is charged once');
select is(pg_temp.book('usage', -80, 'call:2'), '-10.00 of 100.00', 'a balance may fall below zero: nobody is cut off');
update credit_accounts set warned_low_at = now(), warned_empty_at = now() where organization_id = t.a();
select is(pg_temp.book('purchase', 50, 'p1'), '40.00 of 40.00', 'a purchase starts a new allowance');
select is((select num_nulls(warned_low_at, warned_empty_at) from credit_accounts where organization_id = t.a()), 2, 'and new warnings');
select throws_ok($$ insert into credit_entries (organization_id, kind, amount) values (t.a(), 'usage', 5) $$, '23514', null, 'usage does not add');
select is(t.app(t.a(), $$ delete from voiceagent.credit_entries $$) ->> 'error', '42501', 'entries are never removed');
select is((select balance from credit_accounts where organization_id = t.b()), 0::numeric, 'another shop''s account is untouched');
select is((select sum(amount) from credit_entries), (select sum(balance) from credit_accounts), 'the balances are the sums of the entries');
select * from finish();
rollback;
