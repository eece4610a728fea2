-- What is due to be swept, texts without names, and a "no" that outlives its person.
begin;
set local search_path = voiceagent, public;
select plan(14);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset

-- ---- what is due
update privacy_settings set swept_at = now() - interval '11 minutes';
select is_empty($$ select due_retention(10) $$, 'a shop that was swept today is not due');
update privacy_settings set zero_retention = true where organization_id = t.b();
update organizations set is_active = false where id = t.b();
select results_eq($$ select due_retention(10) $$, $$ values (t.b()) $$, 'one that keeps nothing is, though it is not active');
update privacy_settings set swept_at = now() - interval '25 hours';
select is((select count(*)::int from due_retention(10)), 2, 'after a day each is');
select is((select count(*)::int from due_retention(1)), 1, 'as many as were asked for');

-- ---- texts without names
select is(anonymized('Ann Lee, +1 (647) 555-0123. Write to ann@mail.example!', '{ann,Lee}'),
    '[name] [name], [number]. Write to [address]!', 'names, numbers and addresses go');
select is(anonymized('Annabel at 10:30, order 1042', '{Ann}'), 'Annabel at 10:30, order 1042', 'words, times and order numbers stay');
select is(anonymized('C.J. (x) came', '{C.J.,(x)}'), 'C.J. (x) came', 'a name is no pattern');
select is(anonymized('nothing', '{}'), 'nothing', 'and nobody has no name');

-- ---- a "no"
insert into consents (organization_id, channel, address, granted, source) values
    (t.a(), 'sms', '+16475550123', false, 'keyword'), (t.a(), 'call', '+16475550123', true, 'call'),
    (t.b(), 'sms', '+16475550123', true, 'keyword');
select t.app(t.a(), $$ select voiceagent.keep_refusals('{+16475550123}') $$) \gset
delete from consents where organization_id = t.a();
delete from consent_states where organization_id = t.a();
select is((select count(*)::int from kept_refusals), 1, 'of what was refused a hash stays, of what was granted nothing');
select is((select count(*)::int from kept_refusals where encode(address_hash, 'escape') like '%555%'), 0, 'the number is not in it');
select t.app(t.a(), $$ insert into voiceagent.customers (organization_id, phone_number) values (t.a(), '+16475550124') $$) \gset
select is((select count(*)::int from kept_refusals), 1, 'another number changes nothing');
select t.app(t.b(), $$ insert into voiceagent.customers (organization_id, phone_number) values (t.b(), '+16475550123') $$) \gset
select is((select count(*)::int from kept_refusals), 1, 'nor does another shop');
select t.app(t.a(), $$ insert into voiceagent.customers (organization_id, phone_number) values (t.a(), '+16475550123') $$) \gset
select results_eq($$ select channel, granted from consent_states where organization_id = t.a() $$, $$ values ('sms', false) $$,
    'whoever comes back has still refused texts');
select is_empty($$ select from kept_refusals $$, 'and is known by his number again');
select * from finish();
rollback;
