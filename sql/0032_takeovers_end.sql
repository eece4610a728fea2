-- A takeover that nobody ends, ends by itself; texts that fell due meanwhile leave afterwards.

alter table voiceagent.agent_configs
    add column takeover_idle_minutes integer not null default 480 check (takeover_idle_minutes between 10 and 10080);

alter table voiceagent.takeovers
    add column stale_at timestamptz not null default now() + interval '8 hours',  -- unless something happens before
    add column reached boolean not null default false,  -- the caller has come since the last join
    add column asked integer not null default 0,        -- times the carrier was asked to replace a document
    add column spoken_to integer;                       -- which of them the last document was said to
create index takeovers_stale on voiceagent.takeovers (stale_at) where state <> 'over';
create policy directory on voiceagent.takeovers for select to va_directory using (true);
grant select (organization_id, state, stale_at) on voiceagent.takeovers to va_directory;

-- Texts of the agent's that wait for the end of a takeover.
create table voiceagent.postponed_texts (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    message_id uuid not null,
    useful_until timestamptz not null,
    primary key (organization_id, message_id),
    foreign key (organization_id, message_id)
        references voiceagent.messages (organization_id, id) on delete cascade
);
grant select, insert, update, delete on voiceagent.postponed_texts to va_app;
call voiceagent.isolate('voiceagent.postponed_texts');
create policy directory on voiceagent.postponed_texts for select to va_directory using (true);
grant select (organization_id) on voiceagent.postponed_texts to va_directory;

create function voiceagent.due_takeovers(max_rows integer) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, voiceagent, pg_temp
as $$
    select distinct o.id
      from voiceagent.organizations o
      join (
        select t.organization_id from voiceagent.takeovers t where t.state <> 'over' and t.stale_at <= now()
        union all
        select p.organization_id from voiceagent.postponed_texts p) d on d.organization_id = o.id
     where o.is_active
     limit max_rows
$$;
call voiceagent.hand_to_directory('voiceagent.due_takeovers(integer)', '{va_app}');
