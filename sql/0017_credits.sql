-- Metering: an account a shop, and its entries, which are never changed. A trigger
-- keeps the balance at their sum.

create table voiceagent.credit_accounts (
    organization_id uuid primary key references voiceagent.organizations (id) on delete cascade,
    balance numeric(14, 4) not null default 0,
    granted numeric(14, 4) not null default 0,  -- what 100 % is: the warning comes at 20 % of it
    warned_low_at timestamptz,
    warned_empty_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
grant select, insert, update (warned_low_at, warned_empty_at, granted, balance) on voiceagent.credit_accounts to va_app;
call voiceagent.isolate('voiceagent.credit_accounts', read_from => 'manager');

create table voiceagent.credit_entries (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    kind text not null check (kind in ('grant', 'purchase', 'usage', 'adjustment')),
    amount numeric(14, 4) not null check ((kind = 'usage') <= (amount <= 0)),  -- usage is negative
    key text,  -- what is charged, so that it is charged once: call:<id>
    description text,
    call_id uuid,
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint credit_entries_key unique (organization_id, key),
    foreign key (organization_id, call_id)
        references voiceagent.calls (organization_id, id) on delete set null (call_id)
);
create index credit_entries_created on voiceagent.credit_entries (organization_id, created_at desc, id desc);
create index credit_entries_call on voiceagent.credit_entries (organization_id, call_id);
grant select, insert on voiceagent.credit_entries to va_app;
call voiceagent.isolate('voiceagent.credit_entries', read_from => 'manager');

create function voiceagent.book_credit_entry() returns trigger
language plpgsql as $$
begin
    insert into voiceagent.credit_accounts as a (organization_id, balance, granted)
    values (new.organization_id, new.amount, greatest(new.amount, 0))
    on conflict (organization_id) do update
       set balance = a.balance + new.amount,
           -- a grant or purchase starts a new allowance, and new warnings
           granted = case when new.kind in ('grant', 'purchase') then a.balance + new.amount else a.granted end,
           warned_low_at = case when new.amount > 0 then null else a.warned_low_at end,
           warned_empty_at = case when new.amount > 0 then null else a.warned_empty_at end;
    return null;
end
$$;
create trigger book_credit_entry after insert on voiceagent.credit_entries
    for each row execute function voiceagent.book_credit_entry();
