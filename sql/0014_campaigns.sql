-- Follow-ups a shop wants, and each one's execution.

create table voiceagent.campaigns (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    name text not null check (name ~ '^[a-z0-9_-]+$'),  -- part of the run's key
    trigger text not null check (
        trigger in ('lead_created', 'cart_abandoned', 'service_due', 'order_ready', 'manual')),
    channel text not null default 'call' check (channel in ('call', 'sms', 'email')),
    delay_seconds integer not null default 0 check (delay_seconds >= 0),
    conditions voiceagent.json_object not null default '{}',
    message_template voiceagent.json_object not null default '{}',  -- language to text
    call_reason voiceagent.call_reason,
    priority voiceagent.priority not null default 'normal',
    is_active boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint campaigns_name unique (organization_id, name)
);
grant select, insert, update, delete on voiceagent.campaigns to va_app;
call voiceagent.isolate('voiceagent.campaigns', read_from => 'staff', write_from => 'manager');

create table voiceagent.campaign_runs (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    campaign_id uuid not null,
    customer_id uuid not null,
    key text not null,  -- campaign:<name>:<lead>:<period>: once, whatever triggers it
    state text not null default 'scheduled' check (
        state in ('scheduled', 'running', 'done', 'skipped', 'failed', 'cancelled')),
    due_at timestamptz not null default now(),
    executed_at timestamptz,
    result text,        -- why it was skipped or failed
    call_id uuid,
    message_id uuid,
    data voiceagent.json_object not null default '{}',  -- the cart, the order
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint campaign_runs_key unique (organization_id, key),
    foreign key (organization_id, campaign_id)
        references voiceagent.campaigns (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete cascade,
    foreign key (organization_id, call_id)
        references voiceagent.calls (organization_id, id) on delete set null (call_id),
    foreign key (organization_id, message_id)
        references voiceagent.messages (organization_id, id) on delete set null (message_id)
);
create index campaign_runs_campaign on voiceagent.campaign_runs (organization_id, campaign_id, created_at desc);
create index campaign_runs_customer on voiceagent.campaign_runs (organization_id, customer_id, executed_at desc);
create index campaign_runs_call on voiceagent.campaign_runs (organization_id, call_id) where call_id is not null;
create index campaign_runs_message on voiceagent.campaign_runs (organization_id, message_id) where message_id is not null;
create index campaign_runs_due on voiceagent.campaign_runs (due_at) where state = 'scheduled';
grant select, insert, update, delete on voiceagent.campaign_runs to va_app;
call voiceagent.isolate('voiceagent.campaign_runs', read_from => 'staff');

alter table voiceagent.calls add foreign key (organization_id, campaign_run_id)
    references voiceagent.campaign_runs (organization_id, id) on delete set null (campaign_run_id);
create index calls_campaign_run on voiceagent.calls (organization_id, campaign_run_id) where campaign_run_id is not null;
