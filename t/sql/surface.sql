-- The whole of what could reach another shop's rows, held against a list. A new
-- function, view, table or grant that is not on it fails here: decide, then list it
-- here and in docs/database.md.
begin;
set local search_path = pg_catalog, public;
select plan(39);

create temp view ours as
    select c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, c.relowner, c.reloptions
      from pg_class c where c.relnamespace = 'voiceagent'::regnamespace;
create temp view tenant_tables as
    select o.* from ours o
     where o.relkind in ('r', 'p') and o.relname not in ('routing_keys', 'unrouted_events', 'schema_migrations');
create temp view functions as
    select p.oid, p.oid::regprocedure::text as signature, p.prosecdef, p.proowner::regrole::text as owner, p.proconfig, p.proacl
      from pg_proc p where p.pronamespace = 'voiceagent'::regnamespace;

-- ---- functions
select bag_eq($$ select signature from functions where prosecdef or owner = 'va_directory' $$, array[
    'voiceagent.organization_by(text,text)', 'voiceagent.login_lookup(text)', 'voiceagent.session_lookup(text)',
    'voiceagent.due_outbox(integer)', 'voiceagent.due(text,integer)', 'voiceagent.due_pickups(integer)', 'voiceagent.due_takeovers(integer)', 'voiceagent.due_retention(integer)', 'voiceagent.due_effects(integer)', 'voiceagent.due_recordings(integer)', 'voiceagent.due_calls(integer)', 'voiceagent.due_registrations(integer)', 'voiceagent.numbers_of_a_day()',
    'voiceagent.due_calendars(integer)', 'voiceagent.due_campaigns(integer)', 'voiceagent.due_keys(text,integer)', 'voiceagent.record_unrouted(text,text,text,text)',
    'voiceagent.jwt_member()', 'voiceagent.keep_routing_key()', 'voiceagent.is_widget_origin(text)', 'voiceagent.is_person(text)', 'voiceagent.is_known_number(text)', 'voiceagent.recall_refusals()'],
    'the functions that look across organizations are the listed ones');
select is_empty($$ select signature from functions where prosecdef <> (owner = 'va_directory') $$,
    'a function runs with its owner''s rights exactly when va_directory owns it');
select is_empty($$ select signature from functions where prosecdef
                    and not coalesce('search_path=pg_catalog, voiceagent, pg_temp' = any (proconfig), false) $$,
    'each has a fixed search path');
select is_empty($$ select f.signature from functions f, aclexplode(f.proacl) a where f.prosecdef and a.grantee = 0 $$,
    'PUBLIC may execute none');
select is_empty($$ select signature from functions where prosecdef and proacl is null $$,
    'none has the default rights');
select bag_eq($$ select signature || ' ' || r from functions, unnest(array['va_app', 'authenticated', 'anon']) r
                  where prosecdef and has_function_privilege(r, oid, 'execute') $$, array[
    'voiceagent.organization_by(text,text) va_app', 'voiceagent.login_lookup(text) va_app',
    'voiceagent.session_lookup(text) va_app', 'voiceagent.due_outbox(integer) va_app', 'voiceagent.due(text,integer) va_app', 'voiceagent.due_pickups(integer) va_app', 'voiceagent.due_takeovers(integer) va_app', 'voiceagent.due_retention(integer) va_app', 'voiceagent.due_effects(integer) va_app', 'voiceagent.due_recordings(integer) va_app', 'voiceagent.due_calls(integer) va_app', 'voiceagent.due_registrations(integer) va_app', 'voiceagent.numbers_of_a_day() va_app',
    'voiceagent.due_calendars(integer) va_app', 'voiceagent.due_campaigns(integer) va_app', 'voiceagent.due_keys(text,integer) va_app',
    'voiceagent.record_unrouted(text,text,text,text) va_app', 'voiceagent.is_widget_origin(text) va_app', 'voiceagent.is_person(text) va_app', 'voiceagent.is_known_number(text) va_app',
    'voiceagent.jwt_member() authenticated'],
    'who may execute them');
-- Nobody names a row of another shop by one of them, nor is told more of it than whose it is.
select is_empty($$ select f.signature from functions f join pg_proc p on p.oid = f.oid
                    where f.prosecdef and p.proargtypes::oid[] && (select array_agg(oid) from pg_type
                          where typname = 'uuid' or typname = '_uuid' or typtype = 'c' or typelem <> 0 or typcategory = 'U') $$,
    'none takes the id of a row, nor a row');
select bag_eq($$ select f.signature from functions f join pg_proc p on p.oid = f.oid
                  where f.prosecdef and p.prorettype not in ('uuid'::regtype, 'boolean'::regtype, 'bigint'::regtype, 'void'::regtype, 'trigger'::regtype) $$, array[
    'voiceagent.login_lookup(text)', 'voiceagent.session_lookup(text)', 'voiceagent.jwt_member()'],
    'only the listed ones give more than an organization, a count, or yes and no');
select bag_eq($$ select f.signature from functions f join pg_proc p on p.oid = f.oid where f.prosecdef and p.provolatile = 'v' $$, array[
    'voiceagent.record_unrouted(text,text,text,text)', 'voiceagent.numbers_of_a_day()', 'voiceagent.keep_routing_key()', 'voiceagent.recall_refusals()'],
    'only the listed ones could write');
select is_empty($$ select f.signature from functions f join pg_proc p on p.oid = f.oid
                    where f.prosecdef and p.prorettype <> 'trigger'::regtype and p.prosrc ~* '\m(execute|set_config)\M' $$,
    'none makes a statement of what it is given, nor sets whose transaction it is');
select is_empty($$ select signature from functions where signature ~ '\.(isolate|hand_to_directory)\('
                    and (has_function_privilege('va_app', oid, 'execute') or has_function_privilege('authenticated', oid, 'execute')) $$,
    'the migrations'' procedures are the owner''s alone');

-- ---- tables and views
select is_empty($$ select relname from ours where relkind in ('r', 'p') and relname <> 'schema_migrations'
                    and not (relrowsecurity and relforcerowsecurity) $$, 'row level security is forced on every table');
select is_empty($$ select relname from tenant_tables t where relname <> 'organizations' and not exists (
                    select from pg_attribute where attrelid = t.oid and attname = 'organization_id' and attnotnull
                       and atttypid = 'uuid'::regtype) $$, 'every tenant table has organization_id, not null');
select is_empty($$ select relname from ours where relkind = 'v'
                    and not coalesce(reloptions @> '{security_invoker=true}' or reloptions @> '{security_invoker=on}', false) $$,
    'views run with the rights of who asks');
select is_empty($$ select relname from ours where relkind in ('m', 'f') $$,
    'there are no materialized views nor foreign tables: row level security does not reach them');
select is_empty($$ select c.conrelid::regclass::text || ' ' || c.conname from pg_constraint c
                    join tenant_tables s on s.oid = c.conrelid join tenant_tables r on r.oid = c.confrelid
                   where c.contype = 'f' and r.relname <> 'organizations'
                     and not (select bool_or(sa.attname = 'organization_id' and ra.attname = 'organization_id')
                                from unnest(c.conkey, c.confkey) k (s, r)
                                join pg_attribute sa on sa.attrelid = c.conrelid and sa.attnum = k.s
                                join pg_attribute ra on ra.attrelid = c.confrelid and ra.attnum = k.r) $$,
    'foreign keys between shops'' tables carry the organization');
select is_empty($$ select i.indexrelid::regclass::text from pg_index i join tenant_tables t on t.oid = i.indrelid
                    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
                   where (i.indisunique or i.indisexclusion) and a.attname <> 'organization_id' and t.relname <> 'organizations' $$,
    'unique and exclusion constraints begin with the organization');
select is_empty($$ select i.indexrelid::regclass::text from pg_index i where i.indrelid = 'voiceagent.organizations'::regclass
                    and i.indisunique and not i.indisprimary $$, 'and organizations has none but its key');
select is_empty($$ select t.relname from tenant_tables t where not exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary) $$,
    'every table has a primary key');
select is_empty($$ select c.conrelid::regclass::text || ' ' || c.conname from pg_constraint c join tenant_tables t on t.oid = c.conrelid
                   where c.contype = 'f' and not exists (
                     select from pg_index i where i.indrelid = c.conrelid
                        and (select array_agg(k order by k) from unnest(c.conkey) k)
                          = (select array_agg(k order by k) from unnest((i.indkey::int2[])[0:cardinality(c.conkey) - 1]) k)) $$,
    'every foreign key has an index, so that a deletion does not scan');
select is_empty($$ select t.relname from tenant_tables t join pg_attribute a on a.attrelid = t.oid and a.attname = 'updated_at'
                   where not exists (select from pg_trigger g where g.tgrelid = t.oid and g.tgname = 'touch_updated_at') $$,
    'updated_at is kept wherever it is');

-- ---- policies
select is_empty($$ select t.relname from tenant_tables t where not exists (
                    select from pg_policies p where p.schemaname = 'voiceagent' and p.tablename = t.relname and p.policyname = 'tenant'
                       and p.cmd = 'ALL' and p.permissive = 'PERMISSIVE' and 'va_app' = any (p.roles) and p.qual = p.with_check
                       and p.qual = format('(%s = ( SELECT voiceagent.current_organization() AS current_organization))',
                                           case t.relname when 'organizations' then 'id' else 'organization_id' end)) $$,
    'every table has the tenant policy, reading and writing, evaluated once a query');
select is_empty($$ select tablename || '.' || policyname from pg_policies where schemaname = 'voiceagent'
                    and 'va_app' = any (roles) and policyname <> 'tenant' $$, 'va_app has no other policy');
select is_empty($$ select tablename || '.' || policyname from pg_policies where schemaname = 'voiceagent' and roles && '{public,anon}' $$,
    'no policy is for everybody or for anon');
select is_empty($$ select tablename || '.' || policyname from pg_policies where schemaname = 'voiceagent' and 'authenticated' = any (roles)
                    and coalesce(qual, with_check) !~ '^\(*(organization_id|id) = \( SELECT voiceagent\.jwt_organization\(\)' $$,
    'each policy of a Supabase client begins with its organization');
select is_empty($$ select tablename || '.' || policyname from pg_policies where schemaname = 'voiceagent' and 'authenticated' = any (roles)
                    and cmd <> 'SELECT' and coalesce(with_check, '') !~ 'jwt_organization' $$, 'and checks what it writes');
select bag_eq($$ select tablename || ' ' || cmd from pg_policies where schemaname = 'voiceagent' and 'va_directory' = any (roles) $$, array[
    'routing_keys ALL', 'unrouted_events ALL', 'organizations SELECT', 'users SELECT', 'sessions SELECT', 'outbox SELECT',
    'appointments SELECT', 'effects SELECT', 'campaign_runs SELECT', 'sync_tokens SELECT', 'privacy_settings SELECT',
    'integrations SELECT', 'recordings SELECT', 'calls SELECT', 'recording_chunks SELECT', 'campaigns SELECT', 'takeovers SELECT', 'postponed_texts SELECT',
    'subject_keys SELECT', 'kept_refusals ALL', 'consents INSERT', 'consent_states ALL'],
    'the policies of va_directory are the listed ones');

-- ---- rights
select bag_eq($$ select table_name || '.' || column_name || ' ' || privilege_type from information_schema.column_privileges
                  where table_schema = 'voiceagent' and grantee = 'va_directory' and table_name not in ('routing_keys', 'unrouted_events')
                    and privilege_type = 'SELECT' $$, array[
    'organizations.id SELECT', 'organizations.is_active SELECT', 'organizations.widget_origins SELECT',
    'organizations.provisioning_state SELECT', 'organizations.provisioning_until SELECT',
    'users.id SELECT', 'users.organization_id SELECT', 'users.auth_user_id SELECT', 'users.email SELECT', 'users.password_hash SELECT',
    'users.role SELECT', 'users.is_active SELECT', 'users.failed_logins SELECT', 'users.locked_until SELECT',
    'sessions.id SELECT', 'sessions.organization_id SELECT', 'sessions.user_id SELECT', 'sessions.token_hash SELECT',
    'outbox.organization_id SELECT', 'outbox.id SELECT', 'outbox.created_at SELECT',
    'appointments.organization_id SELECT', 'appointments.status SELECT', 'appointments.starts_at SELECT',
    'appointments.reminded_48h_at SELECT', 'appointments.reminded_24h_at SELECT', 'appointments.reminded_1h_at SELECT',
    'appointments.pickup_ready_at SELECT', 'appointments.pickup_notified_at SELECT', 'appointments.remind_at SELECT',
    'effects.organization_id SELECT', 'effects.state SELECT', 'effects.settle_at SELECT', 'effects.kind SELECT', 'effects.claimed_at SELECT',
    'calls.organization_id SELECT', 'calls.look_at SELECT',
    'recordings.organization_id SELECT', 'recordings.removed SELECT', 'recordings.settle_at SELECT',
    'recording_chunks.organization_id SELECT', 'recording_chunks.key_id SELECT',
    'campaigns.organization_id SELECT', 'campaigns.trigger SELECT', 'campaigns.is_active SELECT', 'campaigns.swept_at SELECT',
    'campaign_runs.organization_id SELECT', 'campaign_runs.state SELECT', 'campaign_runs.due_at SELECT',
    'takeovers.organization_id SELECT', 'takeovers.state SELECT', 'takeovers.stale_at SELECT', 'postponed_texts.organization_id SELECT',
    'sync_tokens.organization_id SELECT',
    'sync_tokens.service SELECT', 'sync_tokens.synced_at SELECT', 'sync_tokens.gone_at SELECT', 'integrations.organization_id SELECT',
    'integrations.service SELECT', 'integrations.status SELECT', 'integrations.key_id SELECT',
    'privacy_settings.organization_id SELECT', 'privacy_settings.swept_at SELECT', 'privacy_settings.zero_retention SELECT',
    'subject_keys.organization_id SELECT', 'subject_keys.key SELECT', 'kept_refusals.organization_id SELECT',
    'kept_refusals.channel SELECT', 'kept_refusals.address_hash SELECT', 'kept_refusals.occurred_at SELECT',
    'consent_states.organization_id SELECT', 'consent_states.channel SELECT', 'consent_states.address SELECT',
    'consent_states.granted SELECT', 'consent_states.occurred_at SELECT'],
    'va_directory reads the columns its functions need');
select bag_eq($$ select distinct table_name || ' ' || privilege_type
                   from (select table_schema, table_name, grantee, privilege_type from information_schema.table_privileges union all
                         select table_schema, table_name, grantee, privilege_type from information_schema.column_privileges) p
                  where table_schema = 'voiceagent' and grantee = 'va_directory' and privilege_type <> 'SELECT'
                    and table_name not in ('routing_keys', 'unrouted_events') $$, array[
    'kept_refusals DELETE', 'consents INSERT', 'consent_states INSERT', 'consent_states UPDATE'],
    'and writes refusals that are recalled, nothing else');
select is_empty($$ select relname || ' ' || p from ours, unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p
                   where relname in ('routing_keys', 'unrouted_events') and relkind = 'r'
                     and (has_table_privilege('va_app', oid, p) or has_any_column_privilege('va_app', oid, 'SELECT')
                          or has_table_privilege('authenticated', oid, p)) $$, 'what belongs to no shop is nobody''s to read or write');
select is_empty($$ select relname || ' ' || r || ' ' || p from ours, unnest(array['va_app', 'authenticated', 'va_directory']) r,
                          unnest(array['TRUNCATE', 'REFERENCES', 'TRIGGER']) p
                   where relkind in ('r', 'p') and has_table_privilege(r, oid, p) $$,
    'nobody may truncate (it knows no row level security), refer to or put triggers on a table');
select is_empty($$ select relname from ours where relkind in ('r', 'p', 'v', 'S') and relowner in ('va_app'::regrole, 'authenticated'::regrole, 'va_directory'::regrole) $$,
    'the roles own no table');
select is(array(select p from unnest(array['CREATE', 'USAGE']) p where has_schema_privilege('va_app', 'voiceagent', p)
                 or has_schema_privilege('va_directory', 'voiceagent', p) or has_schema_privilege('authenticated', 'voiceagent', p)),
    array['USAGE'], 'nor may they create anything');
select is(has_schema_privilege('anon', 'voiceagent', 'USAGE'), false, 'anon cannot even name a table');
select is_empty($$ select relname from ours where relkind in ('r', 'p', 'v')
                    and (has_table_privilege('anon', oid, 'SELECT,INSERT,UPDATE,DELETE') or has_any_column_privilege('anon', oid, 'SELECT,INSERT,UPDATE')) $$,
    'and has no right on any');
select is_empty($$ select rolname from pg_roles where rolname in ('va_app', 'va_directory')
                    and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication) $$, 'va_app and va_directory have no power');
select is_empty($$ select roleid::regrole::text from pg_auth_members where member in ('va_app'::regrole, 'va_directory'::regrole) $$,
    'and are members of nothing');
select is_empty($$ select member::regrole::text from pg_auth_members where roleid = 'va_directory'::regrole
                    and (to_jsonb(pg_auth_members) ->> 'set_option') is distinct from 'false' $$, 'nobody can become va_directory');
select is_empty($$ select relname from tenant_tables t
                   where exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = any ('{password_hash,token_hash,access_token,refresh_token,secret,channel_token}')
                                    and has_column_privilege('authenticated', t.oid, a.attnum, 'SELECT')) $$,
    'a Supabase client reads no secret');
select * from finish();
rollback;
