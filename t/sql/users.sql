-- Logins and sessions before the tenant is known.
begin;
set local search_path = voiceagent, public;
select plan(22);
select t.make_organization(t.a(), 'a') \gset
select t.make_organization(t.b(), 'b') \gset
select t.app(t.a(), $$ insert into voiceagent.users (id, organization_id, email, password_hash, role)
                       values ('11111111-1111-4111-8111-111111111111', t.a(), 'ann@a.example', '$2b$12$abcdefghijklmnopqrstuv', 'admin') $$) \gset

create function pg_temp.login(email text) returns jsonb language sql as
    $$ select t.app(null, format('select * from voiceagent.login_lookup(%L)', email)) $$;
select is((pg_temp.login('Ann@A.example') -> 0) - 'password_hash',
          jsonb_build_object('user_id', '11111111-1111-4111-8111-111111111111', 'organization_id', t.a(), 'role', 'admin',
                             'is_active', true, 'failed_logins', 0, 'locked_until', null),
          'a login is found in any case of letters');
select is(pg_temp.login('ann@a.example') -> 0 ->> 'password_hash', '$2b$12$abcdefghijklmnopqrstuv', 'with its hash');
select is(pg_temp.login('bob@a.example'), '[]', 'an unknown address finds nothing');
select is(pg_temp.login('%'), '[]', 'nor does a pattern');
select is(t.app(t.b(), $$ insert into voiceagent.users (organization_id, email) values (t.b(), 'ann@a.example') $$),
          '{"error": "23505", "message": "this email is already in use", "constraint": "routing_keys_email"}',
          'an address logs in to one shop only');
select is(t.app(t.b(), $$ insert into voiceagent.users (organization_id, email) values (t.b(), 'Ann@A.example') $$) ->> 'error', '23514',
          'also not by other letters');
select is(t.app(t.a(), $$ insert into voiceagent.users (organization_id, email) values (t.a(), 'ann@a.example') $$) ->> 'constraint', 'users_email',
          'nor twice to the same shop');
update users set is_active = false;
select is(pg_temp.login('ann@a.example') -> 0 -> 'is_active', 'false', 'an inactive user is told so');
update users set is_active = true;
update organizations set is_active = false where id = t.a();
select is(pg_temp.login('ann@a.example') -> 0 -> 'is_active', 'false', 'as is one of an inactive shop');
update organizations set is_active = true where id = t.a();
create function pg_temp.is_person(subject text) returns jsonb language sql as
    $$ select t.app(t.b(), format('select voiceagent.is_person(%L) as known', subject)) -> 0 -> 'known' $$;
update users set auth_user_id = '22222222-2222-4222-8222-222222222222', is_active = false;
select is(pg_temp.is_person('11111111-1111-4111-8111-111111111111'), 'true', 'another shop''s person is one');
select is(pg_temp.is_person('22222222-2222-4222-8222-222222222222'), 'true', 'also by the identity provider''s word');
select is(pg_temp.is_person('33333333-3333-4333-8333-333333333333'), 'false', 'another id is nobody''s');
select is(pg_temp.is_person('ann@a.example'), 'false', 'nor is what is no id');
select is(pg_temp.is_person(null), 'false', 'nor none');
update users set is_active = true;
select throws_ok($$ insert into users (organization_id, email, password_hash) values (t.a(), 'x@a.example', 'demo-password') $$, '23514', null,
                 'a password in clear is refused');
select throws_ok($$ insert into users (organization_id, email, role) values (t.a(), 'x@a.example', 'owner') $$, '23514', null, 'roles are the five');

select t.app(t.a(), $$ insert into voiceagent.sessions (organization_id, user_id, token_hash, expires_at)
                       values (t.a(), '11111111-1111-4111-8111-111111111111', repeat('ab', 32), now() + interval '30 days') $$) \gset
select is(t.app(null, $$ select organization_id, user_id from voiceagent.session_lookup(repeat('ab', 32)) $$),
          jsonb_build_array(jsonb_build_object('organization_id', t.a(), 'user_id', '11111111-1111-4111-8111-111111111111')),
          'a refresh token tells its shop');
select is(t.app(null, $$ select * from voiceagent.session_lookup(repeat('cd', 32)) $$), '[]', 'another tells nothing');
select is(t.app(t.b(), $$ insert into voiceagent.sessions (organization_id, user_id, token_hash, expires_at)
                          values (t.b(), '11111111-1111-4111-8111-111111111111', repeat('ef', 32), now()) $$) ->> 'error',
          '23503', 'a session is of a user of its own shop');
-- Rotation: of two that use a token at once, one wins.
select is(t.app(t.a(), $$ update voiceagent.sessions set used_at = now() where token_hash = repeat('ab', 32) and used_at is null and revoked_at is null $$),
          '{"rows": 1}', 'a token is used once');
select is(t.app(t.a(), $$ update voiceagent.sessions set used_at = now() where token_hash = repeat('ab', 32) and used_at is null and revoked_at is null $$),
          '{"rows": 0}', 'and not again');
delete from users where organization_id = t.a();
select is((select count(*)::int from sessions), 0, 'a user''s sessions go with the user');
select * from finish();
rollback;
