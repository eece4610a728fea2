-- Customers. A lead is a customer (one id), and the conversation over calls, SMS
-- and chat is the customer's too: its summary and state stand here, its turns in
-- messages.

create table voiceagent.customers (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    phone_number voiceagent.phone_number,  -- null: withheld, or a chat that gave none
    email voiceagent.email_address,
    first_name text not null default '',
    last_name text not null default '',
    name text generated always as (btrim(first_name || ' ' || last_name)) stored,
    company text,
    address voiceagent.json_object,
    preferred_language voiceagent.language_code,
    contact_preferences voiceagent.json_object not null default '{"sms": true, "email": true, "call": true}',
    source text not null default 'call' check (
        source in ('call', 'sms', 'chat', 'shop', 'calendar', 'crm', 'import', 'staff')),
    customer_since timestamptz not null default now(),

    lead_status text not null default 'new' check (
        lead_status in ('new', 'contacted', 'qualified', 'hot', 'cold', 'closed')),
    lead_score integer not null default 0 check (lead_score between 0 and 100),
    priority voiceagent.priority not null default 'normal',
    tier text not null default 'regular' check (tier in ('regular', 'vip', 'wholesale')),
    sentiment voiceagent.sentiment not null default 'neutral',
    lead_answers voiceagent.json_object not null default '{}',  -- lead_questions.id to the answer
    bike_interest voiceagent.json_object not null default '{}', -- type budget usage size brand_preference timeline
    assigned_to uuid,
    tags text[] not null default '{}',
    notes text,

    total_spent numeric(12, 2) not null default 0 check (total_spent >= 0),
    purchase_count integer not null default 0 check (purchase_count >= 0),
    purchase_history voiceagent.json_list not null default '[]',
    last_purchase_at timestamptz,
    service_history voiceagent.json_list not null default '[]',
    last_service_at timestamptz,
    interaction_count integer not null default 0 check (interaction_count >= 0),
    last_contact_at timestamptz,

    conversation_summary text,
    conversation_language voiceagent.language_code,  -- what the talk is in now
    conversation_sentiment voiceagent.sentiment,
    dialog_state voiceagent.json_object not null default '{}',
    commitments voiceagent.json_list not null default '[]',  -- what was promised: {"text", "due", "done"}

    shopify_customer_id text,
    hubspot_contact_id text,
    looked_up_at timestamptz,  -- when the shop's customer list was asked
    created_by uuid,
    metadata voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint customers_phone_number unique (organization_id, phone_number),
    constraint customers_shopify unique (organization_id, shopify_customer_id),
    constraint customers_hubspot unique (organization_id, hubspot_contact_id),
    foreign key (organization_id, assigned_to)
        references voiceagent.users (organization_id, id) on delete set null (assigned_to),
    foreign key (organization_id, created_by)
        references voiceagent.users (organization_id, id) on delete set null (created_by)
);
-- Lists page by (updated_at, id); a search filters while it pages. There is no
-- trigram index: LIKE is not leak-proof, so under row level security it could
-- never be an index condition.
create index customers_updated on voiceagent.customers (organization_id, updated_at desc, id desc);
create index customers_lead_status on voiceagent.customers (organization_id, lead_status, updated_at desc, id desc);
create index customers_email on voiceagent.customers (organization_id, email);
create index customers_assigned_to on voiceagent.customers (organization_id, assigned_to);
create index customers_created_by on voiceagent.customers (organization_id, created_by);

grant select, insert, update, delete on voiceagent.customers to va_app;
call voiceagent.isolate('voiceagent.customers', read_from => 'staff', write_from => 'manager');

-- Every "yes" and "no" ever said, by whom and how; never changed.
create table voiceagent.consents (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    customer_id uuid,
    channel text not null check (channel in ('sms', 'call', 'email', 'recording')),
    address text not null check (address <> ''),  -- the phone number or e-mail address it is about
    granted boolean not null,
    source text not null check (source in ('keyword', 'carrier', 'call', 'chat', 'web', 'staff', 'import', 'purchase')),
    evidence text,                                -- the words, the message's or the call's provider id
    recorded_by uuid,
    occurred_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete set null (customer_id),
    foreign key (organization_id, recorded_by)
        references voiceagent.users (organization_id, id) on delete set null (recorded_by)
);
create index consents_customer on voiceagent.consents (organization_id, customer_id);
create index consents_address on voiceagent.consents (organization_id, channel, address, occurred_at desc);
create index consents_recorded_by on voiceagent.consents (organization_id, recorded_by);
grant select, insert, delete on voiceagent.consents to va_app;
call voiceagent.isolate('voiceagent.consents', read_from => 'staff');

-- What holds now. No row: never asked.
create table voiceagent.consent_states (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    channel text not null,
    address text not null,
    granted boolean not null,
    occurred_at timestamptz not null,
    primary key (organization_id, channel, address)
);
grant select, insert, update, delete on voiceagent.consent_states to va_app;
call voiceagent.isolate('voiceagent.consent_states', read_from => 'staff');

-- The latest word counts, whatever order the words arrive in; of two at the same
-- instant the refusal.
create function voiceagent.keep_consent_state() returns trigger
language plpgsql as $$
begin
    insert into voiceagent.consent_states as s (organization_id, channel, address, granted, occurred_at)
    values (new.organization_id, new.channel, new.address, new.granted, new.occurred_at)
    on conflict (organization_id, channel, address) do update
       set granted = excluded.granted, occurred_at = excluded.occurred_at
     where (excluded.occurred_at, not excluded.granted) > (s.occurred_at, not s.granted);
    return null;
end
$$;
create trigger keep_consent_state after insert on voiceagent.consents
    for each row execute function voiceagent.keep_consent_state();
