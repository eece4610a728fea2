-- What was learnt from a call: data collected and success judged.

create table voiceagent.call_data (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    call_id uuid not null,
    customer_id uuid,
    data_type text not null,  -- bike_interest, contact_info, satisfaction, …
    field_name text not null,
    field_value text,
    value_type text not null default 'string' check (value_type in ('string', 'integer', 'boolean', 'number')),
    confidence voiceagent.confidence,
    extracted_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint call_data_field unique (organization_id, call_id, data_type, field_name),
    foreign key (organization_id, call_id) references voiceagent.calls (organization_id, id) on delete cascade,
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete set null (customer_id)
);
create index call_data_customer on voiceagent.call_data (organization_id, customer_id);
grant select, insert, update, delete on voiceagent.call_data to va_app;
call voiceagent.isolate('voiceagent.call_data', read_from => 'staff');

create table voiceagent.evaluations (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    call_id uuid not null,
    criterion text not null,  -- customer_satisfaction, information_completeness, lead_qualification, next_steps_clear
    result text not null check (result in ('success', 'failure', 'unknown')),
    rationale text,
    confidence voiceagent.confidence,
    source text not null default 'rules' check (source in ('rules', 'llm', 'elevenlabs', 'staff')),
    evaluated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint evaluations_criterion unique (organization_id, call_id, criterion),
    foreign key (organization_id, call_id) references voiceagent.calls (organization_id, id) on delete cascade
);
grant select, insert, update, delete on voiceagent.evaluations to va_app;
call voiceagent.isolate('voiceagent.evaluations', read_from => 'staff');
