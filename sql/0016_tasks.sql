-- What a person has to do.

create table voiceagent.tasks (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    kind text not null check (
        kind in ('message', 'callback', 'review', 'alarm', 'followup', 'return', 'suggestion', 'opt_out', 'emergency')),
    key text,  -- natural key of what raised it: raised once
    status text not null default 'open' check (status in ('open', 'done')),
    priority voiceagent.priority not null default 'normal',
    title text not null check (btrim(title) <> ''),
    body text,
    customer_id uuid,
    call_id uuid,
    appointment_id uuid,
    order_id uuid,
    assigned_to uuid,
    due_at timestamptz,
    done_at timestamptz,
    done_by uuid,
    data voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint tasks_key unique (organization_id, key),
    check ((status = 'done') = (done_at is not null)),
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete set null (customer_id),
    foreign key (organization_id, call_id)
        references voiceagent.calls (organization_id, id) on delete set null (call_id),
    foreign key (organization_id, appointment_id)
        references voiceagent.appointments (organization_id, id) on delete set null (appointment_id),
    foreign key (organization_id, order_id)
        references voiceagent.orders (organization_id, id) on delete set null (order_id),
    foreign key (organization_id, assigned_to)
        references voiceagent.users (organization_id, id) on delete set null (assigned_to),
    foreign key (organization_id, done_by)
        references voiceagent.users (organization_id, id) on delete set null (done_by)
);
create index tasks_status on voiceagent.tasks (organization_id, status, created_at desc, id desc);
create index tasks_customer on voiceagent.tasks (organization_id, customer_id);
create index tasks_call on voiceagent.tasks (organization_id, call_id) where call_id is not null;
create index tasks_appointment on voiceagent.tasks (organization_id, appointment_id) where appointment_id is not null;
create index tasks_order on voiceagent.tasks (organization_id, order_id) where order_id is not null;
create index tasks_assigned_to on voiceagent.tasks (organization_id, assigned_to) where assigned_to is not null;
create index tasks_done_by on voiceagent.tasks (organization_id, done_by) where done_by is not null;
grant select, insert, update, delete on voiceagent.tasks to va_app;
call voiceagent.isolate('voiceagent.tasks', read_from => 'staff', write_from => 'staff');
