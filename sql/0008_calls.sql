-- Calls, from the first ring to the analysis, and what the carrier reported.

create table voiceagent.calls (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    customer_id uuid,
    direction text not null default 'inbound' check (direction in ('inbound', 'outbound')),
    caller_number voiceagent.phone_number,  -- null: withheld
    called_number voiceagent.phone_number,
    caller_name text,
    forwarded_from voiceagent.phone_number,
    stir_verstat text,
    twilio_call_sid text,
    elevenlabs_conversation_id text,
    agent_id text,
    engine voiceagent.engine,
    language voiceagent.language_code,
    epoch integer not null default 0,  -- raised by a takeover: older words are stale

    status text not null default 'connecting' check (
        status in ('connecting', 'in_progress', 'completed', 'failed', 'busy', 'no_answer', 'canceled')),
    started_at timestamptz not null default now(),
    answered_at timestamptz,
    ended_at timestamptz,
    duration_seconds integer check (duration_seconds >= 0),
    end_reason text,
    answered_by text,                    -- human, machine, … on outbound calls
    sip_response_code integer,

    -- outbound
    call_reason voiceagent.call_reason,
    priority voiceagent.priority not null default 'normal',
    initiated_by uuid,                   -- null: the system
    campaign_run_id uuid,

    -- what was said and what came of it
    conversation_context text,
    dynamic_variables voiceagent.json_object not null default '{}',
    transcript jsonb,
    summary text,
    analysis voiceagent.json_object not null default '{}',
    call_type text check (
        call_type in ('order_status', 'service_booking', 'sales_inquiry', 'store_info', 'complaint', 'general_support')),
    outcome text check (
        outcome in ('appointment_booked', 'product_inquiry', 'order_status', 'technical_support', 'complaint',
                    'information_only', 'other')),
    resolution text check (resolution in ('resolved', 'transferred', 'followup_needed', 'abandoned')),
    sentiment voiceagent.sentiment,
    satisfaction_score integer check (satisfaction_score between 1 and 10),
    survey_sent_at timestamptz,
    success_score numeric(5, 2) check (success_score between 0 and 100),
    lead_score integer check (lead_score between 0 and 100),
    appointment_booked boolean not null default false,
    emergency_level voiceagent.priority not null default 'normal',
    analyzed_at timestamptz,

    -- people
    human_escalation_required boolean not null default false,
    transfer_id uuid,
    transferred_to text,
    transfer_reason text,
    transferred_at timestamptz,
    taken_over_by uuid,
    taken_over_at timestamptz,
    resumed_at timestamptz,

    -- recording
    recording_url text,                  -- where the encrypted audio is, not where the provider had it
    recording_sid text,
    recording_seconds integer,
    recording_deleted_at timestamptz,
    has_audio boolean not null default false,
    has_user_audio boolean not null default false,
    has_response_audio boolean not null default false,

    -- figures
    cost_usd numeric(12, 6) check (cost_usd >= 0),
    costs voiceagent.json_object not null default '{}',    -- provider to USD
    latency voiceagent.json_object not null default '{}',  -- answer_ms, first_audio_ms, …
    metadata voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint calls_twilio_call_sid unique (organization_id, twilio_call_sid),
    constraint calls_elevenlabs_conversation unique (organization_id, elevenlabs_conversation_id),
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete set null (customer_id),
    foreign key (organization_id, initiated_by)
        references voiceagent.users (organization_id, id) on delete set null (initiated_by),
    foreign key (organization_id, taken_over_by)
        references voiceagent.users (organization_id, id) on delete set null (taken_over_by)
);
create index calls_started on voiceagent.calls (organization_id, started_at desc, id desc);
create index calls_status on voiceagent.calls (organization_id, status, started_at desc, id desc);
create index calls_customer on voiceagent.calls (organization_id, customer_id, started_at desc, id desc);
create index calls_initiated_by on voiceagent.calls (organization_id, initiated_by) where initiated_by is not null;
create index calls_taken_over_by on voiceagent.calls (organization_id, taken_over_by) where taken_over_by is not null;

grant select, insert, update, delete on voiceagent.calls to va_app;
call voiceagent.isolate('voiceagent.calls', read_from => 'staff');

-- A carrier's word as ours.
create function voiceagent.call_status_of(twilio_status text) returns text
language sql immutable parallel safe as $$
    select case twilio_status
        when 'queued' then 'connecting'
        when 'initiated' then 'connecting'
        when 'ringing' then 'connecting'
        when 'in-progress' then 'in_progress'
        when 'answered' then 'in_progress'
        when 'no-answer' then 'no_answer'
        when 'cancelled' then 'canceled'
        else twilio_status
    end
$$;

-- A call's status only rises, so that callbacks in any order end the same:
-- connecting, in_progress, then the final ones (among which only contradictory
-- reports have to be ordered: that it was completed is the strongest).
create function voiceagent.call_status_rank(status text) returns integer
language sql immutable parallel safe as $$
    select array_position(array['connecting', 'in_progress', 'canceled', 'no_answer', 'busy', 'failed', 'completed'],
                          status)
$$;

-- Callbacks as they came; one row each, whether or not the call is known yet.
create table voiceagent.call_status_events (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    twilio_call_sid text not null,
    sequence_number integer not null check (sequence_number >= 0),
    status text not null check (voiceagent.call_status_rank(status) is not null),
    occurred_at timestamptz not null default now(),
    duration_seconds integer check (duration_seconds >= 0),
    sip_response_code integer,
    data voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    primary key (organization_id, twilio_call_sid, sequence_number)
);
create index call_status_events_created on voiceagent.call_status_events (organization_id, created_at);
grant select, insert, delete on voiceagent.call_status_events to va_app;
call voiceagent.isolate('voiceagent.call_status_events');

-- Merges what is known by another name into the row: greatest status, earliest
-- answer, latest end. All three are independent of order.
create function voiceagent.merge_call_status() returns trigger
language plpgsql as $$
declare
    told record;
begin
    if tg_op = 'INSERT' or new.twilio_call_sid is distinct from old.twilio_call_sid then
        perform voiceagent.lock_key(new.twilio_call_sid);
    end if;
    select (array_agg(e.status order by voiceagent.call_status_rank(e.status) desc))[1] as status,
           min(e.occurred_at) filter (where e.status = 'in_progress') as answered_at,
           max(e.occurred_at) filter (where voiceagent.call_status_rank(e.status) > 2) as ended_at,
           max(e.duration_seconds) as duration_seconds, max(e.sip_response_code) as sip_response_code
      into told
      from voiceagent.call_status_events e
     where e.organization_id = new.organization_id and e.twilio_call_sid = new.twilio_call_sid;

    if voiceagent.call_status_rank(told.status) > voiceagent.call_status_rank(new.status) then
        new.status := told.status;
    end if;
    if tg_op = 'UPDATE' and voiceagent.call_status_rank(old.status) > voiceagent.call_status_rank(new.status) then
        new.status := old.status;
    end if;
    new.answered_at := least(new.answered_at, told.answered_at);
    new.ended_at := greatest(new.ended_at, told.ended_at);
    new.duration_seconds := greatest(new.duration_seconds, told.duration_seconds);
    new.sip_response_code := coalesce(told.sip_response_code, new.sip_response_code);
    return new;
end
$$;
create trigger merge_call_status before insert or update of status, twilio_call_sid on voiceagent.calls
    for each row execute function voiceagent.merge_call_status();

create function voiceagent.apply_call_status_event() returns trigger
language plpgsql as $$
begin
    perform voiceagent.lock_key(new.twilio_call_sid);
    update voiceagent.calls c set status = new.status
     where c.organization_id = new.organization_id and c.twilio_call_sid = new.twilio_call_sid;
    return null;
end
$$;
create trigger apply_call_status_event after insert on voiceagent.call_status_events
    for each row execute function voiceagent.apply_call_status_event();
