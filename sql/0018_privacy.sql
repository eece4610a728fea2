-- How long what is kept, and what was erased.

create table voiceagent.privacy_settings (
    organization_id uuid primary key references voiceagent.organizations (id) on delete cascade,
    transcript_retention_days integer not null default 90 check (transcript_retention_days between 0 and 3650),
    audio_retention_days integer not null default 30 check (audio_retention_days between 0 and 3650),
    zero_retention boolean not null default false,
    disable_audio boolean not null default false,
    anonymize_transcripts boolean not null default false,
    encrypt_at_rest boolean not null default true check (encrypt_at_rest),  -- shown, cannot be switched off
    swept_at timestamptz not null default '-infinity',  -- when retention was last enforced
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
grant select, insert, update on voiceagent.privacy_settings to va_app;
call voiceagent.isolate('voiceagent.privacy_settings', read_from => 'manager', write_from => 'admin');
revoke insert, update on voiceagent.privacy_settings from authenticated;
grant update (transcript_retention_days, audio_retention_days, zero_retention, disable_audio, anonymize_transcripts)
    on voiceagent.privacy_settings to authenticated;
create index privacy_settings_swept on voiceagent.privacy_settings (swept_at);

create table voiceagent.erasures (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    subject_hash text not null check (subject_hash ~ '^[0-9a-f]{64}$'),  -- HMAC of the phone number
    phone_number voiceagent.phone_number,  -- only until it is done
    reason text not null default 'request' check (reason in ('request', 'shop_redact', 'retention')),
    state text not null default 'requested' check (state in ('requested', 'running', 'done', 'failed')),
    requested_by uuid,
    counts voiceagent.json_object not null default '{}',   -- place to number of rows or keys
    vendors voiceagent.json_object not null default '{}',  -- vendor to its answer
    error text,
    requested_at timestamptz not null default now(),
    finished_at timestamptz,
    primary key (organization_id, id),
    check (state <> 'done' or (phone_number is null and finished_at is not null)),
    foreign key (organization_id, requested_by)
        references voiceagent.users (organization_id, id) on delete set null (requested_by)
);
create index erasures_requested on voiceagent.erasures (organization_id, requested_at desc);
create index erasures_requested_by on voiceagent.erasures (organization_id, requested_by);
grant select, insert, update on voiceagent.erasures to va_app;
call voiceagent.isolate('voiceagent.erasures', read_from => 'admin');

-- Every shop has its configuration, account and privacy settings from the first
-- moment: readers need not think about missing rows.
create function voiceagent.add_organization_defaults() returns trigger
language plpgsql as $$
begin
    insert into voiceagent.agent_configs (organization_id) values (new.id);
    insert into voiceagent.credit_accounts (organization_id) values (new.id);
    insert into voiceagent.privacy_settings (organization_id) values (new.id);
    return null;
end
$$;
create trigger add_organization_defaults after insert on voiceagent.organizations
    for each row execute function voiceagent.add_organization_defaults();
