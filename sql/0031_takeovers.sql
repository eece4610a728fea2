-- People who took a talk over from the agent: a customer's texts, and the call he is in. While
-- one lasts, nothing of the agent's goes out in that thread.

create table voiceagent.takeovers (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    customer_id uuid not null,
    call_id uuid,                        -- null: of the texts alone
    user_id uuid,
    channel text not null check (channel in ('text', 'phone')),  -- how the person speaks
    -- joining: the agent is being silenced; leaving: the call is on its way back to the agent
    state text not null default 'joining' check (state in ('joining', 'held', 'leaving', 'over')),

    -- the caller, while a person has him: documents he was given, counted through the whole call
    dial voiceagent.phone_number,        -- the person's telephone, until it was rung
    step integer not null default 0 check (step >= 0),
    document text,                       -- the last one
    listening boolean not null default false,  -- it does nothing but listen: another may replace it
    called_at timestamptz,               -- when the carrier was last asked to replace it

    began_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (organization_id, id),
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete cascade,
    foreign key (organization_id, call_id)
        references voiceagent.calls (organization_id, id) on delete cascade,
    foreign key (organization_id, user_id)
        references voiceagent.users (organization_id, id) on delete set null (user_id)
);
create unique index takeovers_open on voiceagent.takeovers (organization_id, customer_id) where state <> 'over';
create index takeovers_customer on voiceagent.takeovers (organization_id, customer_id, began_at desc);
create index takeovers_call on voiceagent.takeovers (organization_id, call_id, began_at desc) where call_id is not null;
create index takeovers_user on voiceagent.takeovers (organization_id, user_id) where user_id is not null;
grant select, insert, update, delete on voiceagent.takeovers to va_app;
call voiceagent.isolate('voiceagent.takeovers', read_from => 'staff');
