-- Two transactions at the same moment. Each test lets the second one run into the
-- first one's locks (seen in pg_locks, not waited for by the clock), then ends the
-- first. Works on committed rows and takes them away again.
create extension if not exists dblink with schema public;
set search_path = voiceagent, public;

create function t.connect(name text) returns void language plpgsql as $$
begin
    perform dblink_connect(name, format('host=%s port=%s dbname=%s user=%s application_name=%s',
        split_part(current_setting('unix_socket_directories'), ',', 1), current_setting('port'), current_database(), session_user, name));
    perform dblink_exec(name, 'set role va_app');
end
$$;
-- Sends a statement; true when it waits for somebody, false when it is through.
create function t.send(name text, statement text) returns boolean language plpgsql as $$
begin
    perform dblink_send_query(name, statement);
    loop
        if exists (select from pg_stat_activity a where a.application_name = name and cardinality(pg_blocking_pids(a.pid)) > 0) then
            return true;
        elsif dblink_is_busy(name) = 0 then
            return false;
        end if;
        perform pg_sleep(0.01), pg_stat_clear_snapshot();
    end loop;
end
$$;
-- The outcome of what was sent: its status or the error's name.
create function t.outcome(name text) returns text language plpgsql as $$
declare
    result text;
    state text;
begin
    begin
        select status into result from dblink_get_result(name) as x (status text);
    exception when others then
        get stacked diagnostics state = returned_sqlstate;
        result := state;
    end;
    perform * from dblink_get_result(name) as x (status text); -- clears the connection
    return result;
end
$$;
create procedure t.start(name text, organization uuid) language plpgsql as $$
begin
    perform dblink_exec(name, 'begin');
    perform * from dblink(name, format('select set_config(''app.current_organization_id'', %L, true)', organization)) as x (y text);
end
$$;

select plan(27);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset
select t.connect('one'), t.connect('two') \gset

-- ---- a call and its status callback
call t.start('one', t.a()); call t.start('two', t.a());
select dblink_exec('one', $$ insert into voiceagent.calls (organization_id, twilio_call_sid) values (t.a(), 'CA1') $$) \gset
select ok(t.send('two', $$ insert into voiceagent.call_status_events (organization_id, twilio_call_sid, sequence_number, status) values (t.a(), 'CA1', 3, 'completed') $$),
          'a callback waits for the call being written');
select dblink_exec('one', 'commit') \gset
select is(t.outcome('two'), 'INSERT 0 1', 'and is kept');
select dblink_exec('two', 'commit') \gset
select is((select status from calls where twilio_call_sid = 'CA1'), 'completed', 'and applied');

call t.start('one', t.a()); call t.start('two', t.a());
select dblink_exec('one', $$ insert into voiceagent.call_status_events (organization_id, twilio_call_sid, sequence_number, status) values (t.a(), 'CA2', 3, 'completed') $$) \gset
select ok(t.send('two', $$ insert into voiceagent.calls (organization_id, twilio_call_sid) values (t.a(), 'CA2') $$), 'a call waits for its callback being written');
select dblink_exec('one', 'commit') \gset
select is(t.outcome('two'), 'INSERT 0 1', 'and is kept');
select dblink_exec('two', 'commit') \gset
select is((select status from calls where twilio_call_sid = 'CA2'), 'completed', 'and knows what was told');

-- ---- a message that learns its id, and its delivery
insert into messages (organization_id, channel, direction, speaker, content, provider, status) values (t.a(), 'sms', 'outbound', 'agent', 'x', 'twilio', 'queued');
call t.start('one', t.a()); call t.start('two', t.a());
select dblink_exec('one', $$ update voiceagent.messages set provider_message_id = 'SM1' $$) \gset
select ok(t.send('two', $$ insert into voiceagent.message_status_events (organization_id, provider, provider_message_id, status) values (t.a(), 'twilio', 'SM1', 'delivered') $$),
          'a delivery waits for the message');
select dblink_exec('one', 'commit') \gset
select is(t.outcome('two'), 'INSERT 0 1', 'and is kept');
select dblink_exec('two', 'commit') \gset
select is((select status from messages), 'delivered', 'and applied');

-- ---- one slot
call t.start('one', t.a()); call t.start('two', t.a());
select dblink_exec('one', $$ insert into voiceagent.appointments (organization_id, starts_at, ends_at) values (t.a(), '2026-11-23 10:00+00', '2026-11-23 11:00+00') $$) \gset
select ok(t.send('two', $$ insert into voiceagent.appointments (organization_id, starts_at, ends_at) values (t.a(), '2026-11-23 10:30+00', '2026-11-23 11:30+00') $$),
          'the second booking waits for the first');
select dblink_exec('one', 'commit') \gset
select is(t.outcome('two'), '23P01', 'and is refused');
select dblink_exec('two', 'rollback') \gset
delete from appointments;
call t.start('one', t.a()); call t.start('two', t.a());
select dblink_exec('one', $$ insert into voiceagent.appointments (organization_id, starts_at, ends_at) values (t.a(), '2026-11-23 10:00+00', '2026-11-23 11:00+00') $$) \gset
select t.send('two', $$ insert into voiceagent.appointments (organization_id, starts_at, ends_at) values (t.a(), '2026-11-23 10:30+00', '2026-11-23 11:30+00') $$) \gset
select dblink_exec('one', 'rollback') \gset
select is(t.outcome('two'), 'INSERT 0 1', 'or gets the slot when the first gives up');
select dblink_exec('two', 'commit') \gset

-- ---- one effect
call t.start('one', t.a()); call t.start('two', t.a());
select dblink_exec('one', $$ insert into voiceagent.effects (organization_id, kind, key) values (t.a(), 'sms', 'k') $$) \gset
select ok(t.send('two', $$ insert into voiceagent.effects (organization_id, kind, key) values (t.a(), 'sms', 'k') on conflict (organization_id, key) do nothing $$),
          'the second claim waits for the first');
select dblink_exec('one', 'commit') \gset
select is(t.outcome('two'), 'INSERT 0 0', 'and is none');
select dblink_exec('two', 'commit') \gset

-- ---- one refresh token
insert into users (id, organization_id, email) values ('11111111-1111-4111-8111-111111111111', t.a(), 'x@a.example');
insert into sessions (organization_id, user_id, token_hash, expires_at) values (t.a(), '11111111-1111-4111-8111-111111111111', repeat('ab', 32), now());
call t.start('one', t.a()); call t.start('two', t.a());
select dblink_exec('one', $$ update voiceagent.sessions set used_at = now() where token_hash = repeat('ab', 32) and used_at is null $$) \gset
select ok(t.send('two', $$ update voiceagent.sessions set used_at = now() where token_hash = repeat('ab', 32) and used_at is null $$), 'the second use waits for the first');
select dblink_exec('one', 'commit') \gset
select is(t.outcome('two'), 'UPDATE 0', 'and is told that it is used');
select dblink_exec('two', 'commit') \gset

-- ---- one number, two shops
call t.start('one', t.a()); call t.start('two', t.b());
select dblink_exec('one', $$ insert into voiceagent.organization_phone_numbers (organization_id, phone_number) values (t.a(), '+14165550100') $$) \gset
select ok(t.send('two', $$ insert into voiceagent.organization_phone_numbers (organization_id, phone_number) values (t.b(), '+14165550100') $$), 'the second shop waits for the first');
select dblink_exec('one', 'commit') \gset
select is(t.outcome('two'), '23505', 'and cannot have the number');
select dblink_exec('two', 'rollback') \gset
select is((select array_agg(organization_id) from organization_phone_numbers), array[t.a()], 'nor a row of it');

-- ---- one account
call t.start('one', t.a()); call t.start('two', t.a());
select dblink_exec('one', $$ insert into voiceagent.credit_entries (organization_id, kind, amount) values (t.a(), 'usage', -1) $$) \gset
select ok(t.send('two', $$ insert into voiceagent.credit_entries (organization_id, kind, amount) values (t.a(), 'usage', -2) $$), 'the second charge waits for the first');
select dblink_exec('one', 'commit') \gset
select is(t.outcome('two'), 'INSERT 0 1', 'and is booked');
select dblink_exec('two', 'commit') \gset
select is((select balance from credit_accounts where organization_id = t.a()), -3.0000, 'as well as the first');

-- ---- one number's consent
call t.start('one', t.a()); call t.start('two', t.a());
select dblink_exec('one', $$ insert into voiceagent.consents (organization_id, channel, address, granted, source, occurred_at) values (t.a(), 'sms', '+14165550100', true, 'web', '2026-01-02') $$) \gset
select ok(t.send('two', $$ insert into voiceagent.consents (organization_id, channel, address, granted, source, occurred_at) values (t.a(), 'sms', '+14165550100', false, 'keyword', '2026-01-01') $$),
          'the second word waits for the first');
select dblink_exec('one', 'commit') \gset
select is(t.outcome('two'), 'INSERT 0 1', 'and is kept');
select dblink_exec('two', 'commit') \gset
select is((select granted from consent_states), true, 'but the later one holds');
select is((select count(*)::int from consents), 2, 'of the two that were said');

select dblink_disconnect('one'), dblink_disconnect('two') \gset
delete from organizations;
select is((select sum(n)::int from (select (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from voiceagent.%I', tablename), false, true, '')))[1]::text::int as n
                                  from pg_tables where schemaname = 'voiceagent' and tablename <> 'schema_migrations') x), 0, 'a deleted shop leaves nothing in any table');
select * from finish();
