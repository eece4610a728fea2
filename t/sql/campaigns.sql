-- The campaigns a shop begins with, where a number is at home, and the shops that have to look.
begin;
set local search_path = voiceagent, public;
select plan(13);

select t.make_organization(t.a(), 'shop-a'), t.make_organization(t.b(), 'shop-b') \gset
select results_eq($$ select name::text from voiceagent.campaigns where organization_id = t.a() order by name $$,
    array['abandoned_cart', 'appointment_call', 'call_followup', 'delivery_notice', 'post_inquiry_followup', 'service_reminder'], 'every shop has the guide''s campaigns');
select results_eq($$ select distinct name::text from voiceagent.campaigns where is_active order by 1 $$,
    array['appointment_call', 'call_followup'], 'and none that it did not ask for, but for what callers ask for');

select is(voiceagent.zone_of_number('+14165550001'), 'America/Toronto', 'Toronto');
select is(voiceagent.zone_of_number('+16045550001'), 'America/Vancouver', 'Vancouver');
select is(voiceagent.zone_of_number('+13125550001'), 'America/Chicago', 'Chicago');
select is(voiceagent.zone_of_number('+442079460123'), null, 'a number of elsewhere tells nothing');
select is(voiceagent.zone_of_number('+18005550001'), null, 'nor one that is at home nowhere');
select is(voiceagent.zone_of_number(null), null, 'nor none');
select is_empty($$ select z from (select distinct voiceagent.zone_of_number('+1' || code || '5550001') z
                                    from generate_series(201, 989) code) a
                    where z is not null and z not in (select name from pg_timezone_names) $$, 'every zone is one');

create function pg_temp.due() returns integer language sql as $$
    select count(*)::int from voiceagent.due_campaigns(10)
$$;
select is(pg_temp.due(), 0, 'no campaign looks for customers');
update voiceagent.campaigns set is_active = true where name = 'service_reminder';
select is(pg_temp.due(), 2, 'they never looked');
update voiceagent.campaigns set swept_at = now() - interval '9 minutes';
select is(pg_temp.due(), 0, 'they looked just now');
update voiceagent.campaigns set swept_at = now() - interval '11 minutes';
select is(pg_temp.due(), 2, 'and have to look again');

select * from finish();
rollback;
