-- What is due where, and what belongs to nobody.
begin;
set local search_path = voiceagent, public;
select plan(24);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset
update privacy_settings set swept_at = now();

create function pg_temp.due(what text) returns text language sql as $$
    select string_agg(left(x #>> '{due}', 1), '' order by x #>> '{due}')
      from jsonb_array_elements(t.app(null, format('select due from voiceagent.due(%L, 10) as due', what))) x
$$;
create function pg_temp.due_effects() returns text language sql as $$
    select string_agg(left(x #>> '{due}', 1), '' order by x #>> '{due}')
      from jsonb_array_elements(t.app(null, 'select due from voiceagent.due_effects(10) as due')) x
$$;
create function pg_temp.due_outbox(n int default 10) returns text language sql as $$
    select string_agg(left(x #>> '{due}', 1), '' order by x #>> '{due}')
      from jsonb_array_elements(t.app(null, format('select due from voiceagent.due_outbox(%s) as due', n))) x
$$;
select is(concat(pg_temp.due_outbox(), pg_temp.due('reminders'), pg_temp.due('campaigns'), pg_temp.due_effects()),
          '', 'nothing is due');

insert into outbox (organization_id, kind, type) values (t.a(), 'event', 'young');
select is(pg_temp.due_outbox(), null, 'a young row is its own thread''s');
insert into outbox (organization_id, kind, type, created_at) select o, 'event', 'old', now() - interval '6 seconds' from unnest(array[t.a(), t.b()]) o, generate_series(1, 100);
select is(pg_temp.due_outbox(), 'ab', 'an old one is due, each shop once');
select is(pg_temp.due_outbox(1), 'a', 'as many shops as asked');

insert into appointments (organization_id, starts_at, ends_at) values (t.b(), now() + interval '47 hours', now() + interval '48 hours');
select is(pg_temp.due('reminders'), 'b', '48 hours ahead');
update appointments set reminded_48h_at = now();
select is(pg_temp.due('reminders'), null, 'reminded');
update appointments set starts_at = now() + interval '23 hours', ends_at = now() + interval '24 hours';
select is(pg_temp.due('reminders'), 'b', '24 hours ahead');
update appointments set reminded_24h_at = now(), starts_at = now() + interval '59 minutes', ends_at = now() + interval '2 hours';
select is(pg_temp.due('reminders'), 'b', '1 hour ahead');
update appointments set remind_at = now() + interval '1 minute';
select is(pg_temp.due('reminders'), null, 'not while it waits');
update appointments set remind_at = now();
select is(pg_temp.due('reminders'), 'b', 'and then it is');
update appointments set status = 'cancelled';
select is(pg_temp.due('reminders'), null, 'cancelled ones are not');

insert into effects (organization_id, kind, key, claimed_at) values (t.a(), 'sms', 'k', now() - interval '9 minutes');
select is(pg_temp.due_effects(), null, 'an effect under way');
update effects set settle_at = now();
select is(pg_temp.due_effects(), 'a', 'an effect that may be lost');
update effects set state = 'done', finished_at = now();
select is(pg_temp.due_effects(), null, 'one that has ended');

create function pg_temp.due_calendars() returns text language sql as $$
    select string_agg(left(x #>> '{due}', 1), '' order by x #>> '{due}')
      from jsonb_array_elements(t.app(null, 'select due from voiceagent.due_calendars(10) as due')) x
$$;
insert into integrations (organization_id, service) values (t.a(), 'google_calendar');
insert into sync_tokens (organization_id, resource, synced_at) values (t.a(), 'primary', now()), (t.a(), 'other', now());
select is(pg_temp.due_calendars(), null, 'calendars that were looked at');
update sync_tokens set synced_at = now() - interval '6 minutes' where resource = 'other';
select is(pg_temp.due_calendars(), 'a', 'one that was not');
update sync_tokens set gone_at = now() where resource = 'other';
select is(pg_temp.due_calendars(), null, 'one that is gone is looked at with the others');
update sync_tokens set gone_at = now(), synced_at = null;
select is(pg_temp.due_calendars(), 'a', 'or alone');

insert into customers (id, organization_id) values ('11111111-1111-4111-8111-111111111111', t.a());
insert into campaigns (id, organization_id, name, trigger) values ('22222222-2222-4222-8222-222222222222', t.a(), 'c', 'manual');
insert into campaign_runs (organization_id, campaign_id, customer_id, key, due_at)
values (t.a(), '22222222-2222-4222-8222-222222222222', '11111111-1111-4111-8111-111111111111', 'k', now());
select is(pg_temp.due('campaigns'), 'a', 'a campaign''s run');
update organizations set is_active = false where id = t.a();
select is(pg_temp.due('campaigns'), null, 'of active shops');
select is(pg_temp.due('nonsense'), null, 'an unknown kind of work is nobody''s');

select t.app(null, $$ select voiceagent.record_unrouted('number', '+14165550199', 'voice.incoming', repeat('a', 64)) $$) \gset
select is((select concat_ws(' ', kind, key, type, length(body_sha256), expires_at - received_at = interval '7 days') from unrouted_events),
          'number +14165550199 voice.incoming 64 t', 'what belongs to nobody is noted for a week');
update unrouted_events set expires_at = now() - interval '1 second';
select t.app(null, $$ select voiceagent.record_unrouted('slug', 'x', 'chat') $$) \gset
select is((select string_agg(kind, ' ') from unrouted_events), 'slug', 'and then forgotten');
select is(t.app(t.a(), $$ select * from voiceagent.unrouted_events $$) ->> 'error', '42501', 'no shop reads it');
select * from finish();
rollback;
