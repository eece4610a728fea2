-- How a shop's agent speaks and what it asks; the services it books.

create table voiceagent.agent_configs (
    organization_id uuid primary key references voiceagent.organizations (id) on delete cascade,
    agent_name text not null default 'AI Assistant',
    persona_prompt text not null default 'You are a helpful and friendly assistant.',
    system_prompt text,                      -- replaces the template of the business type
    voice_personality text not null default 'professional' check (
        voice_personality in ('professional', 'friendly', 'casual')),

    -- Texts by language, {"en": "…", "fr": "…"}; what is missing comes from the message catalogue.
    welcome_message voiceagent.json_object not null default '{}',
    lead_capture_completion_message voiceagent.json_object not null default '{}',
    voice_greeting_message voiceagent.json_object not null default '{}',
    voice_completion_message voiceagent.json_object not null default '{}',
    voice_emergency_message voiceagent.json_object not null default '{}',
    voice_end_call_message voiceagent.json_object not null default '{}',
    voicemail_message voiceagent.json_object not null default '{}',
    transfer_message voiceagent.json_object not null default '{}',

    color_theme voiceagent.json_object not null default '{"primary": "#0ea5e9", "secondary": "#64748b"}',
    twilio_voice text not null default 'alice',
    twilio_language text not null default 'en-US' check (twilio_language ~ '^[a-z]{2,3}(-[A-Za-z0-9]+)*$'),
    voices voiceagent.json_object not null default '{}',     -- language to the engine's voice id
    llm_model text,
    tts_model text,
    realtime_voice text not null default 'alloy',
    temperature numeric(3, 2) not null default 0.80 check (temperature between 0 and 2),
    max_tokens integer not null default 500 check (max_tokens > 0),
    stability numeric(3, 2) not null default 0.50 check (stability between 0 and 1),
    similarity_boost numeric(3, 2) not null default 0.80 check (similarity_boost between 0 and 1),
    speed numeric(3, 2) not null default 1.00 check (speed between 0.5 and 2),
    vad_threshold numeric(3, 2) not null default 0.50 check (vad_threshold between 0 and 1),
    prefix_padding_ms integer not null default 500 check (prefix_padding_ms between 0 and 5000),
    silence_ms integer not null default 500 check (silence_ms between 100 and 5000),
    language_detection boolean not null default true,
    language_confidence voiceagent.confidence not null default 0.8,

    -- {"name", "number", "description", "rules"}: general_support, technical_support, …
    transfer_destinations voiceagent.json_list not null default '[]',
    emergency_words voiceagent.json_object not null default '{}',  -- language to words, added to the business type's
    vocabulary voiceagent.json_object not null default '{}',       -- language to {"term": "term"}
    recording_enabled boolean not null default false,
    survey_enabled boolean not null default false,
    sms_reminders boolean not null default true,
    call_reminders boolean not null default false,
    quiet_from time not null default '21:00',  -- no outbound calls and no campaign messages
    quiet_until time not null default '09:00',
    caller_attestation text[] not null default '{A}' check (caller_attestation <@ '{A,B,C}'), -- STIR levels believed
    allowed_origins text[] not null default '{}',  -- browser voice
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
grant select, insert, update, delete on voiceagent.agent_configs to va_app;
call voiceagent.isolate('voiceagent.agent_configs', read_from => 'staff', write_from => 'manager');

create table voiceagent.lead_questions (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    question_text text not null check (btrim(question_text) <> ''),
    translations voiceagent.json_object not null default '{}',  -- language to text
    expected_format text not null default 'text' check (expected_format in ('text', 'email', 'phone')),
    position integer not null,
    is_required boolean not null default true,
    maps_to_lead_field text,
    is_essential_for_emergency boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint lead_questions_position unique (organization_id, position) deferrable  -- so that two can change places
);
grant select, insert, update, delete on voiceagent.lead_questions to va_app;
call voiceagent.isolate('voiceagent.lead_questions', read_from => 'staff', write_from => 'manager');

create table voiceagent.services (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    appointment_type voiceagent.appointment_type not null,
    name voiceagent.json_object not null default '{}',  -- language to the word spoken
    duration_minutes integer not null check (duration_minutes between 5 and 1440),
    price numeric(12, 2) check (price >= 0),
    resource text not null default 'default' check (resource <> ''),  -- what is occupied: a mechanic, a stand
    calendar_id text not null default 'primary',
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, appointment_type)
);
grant select, insert, update, delete on voiceagent.services to va_app;
call voiceagent.isolate('voiceagent.services', read_from => 'service_tech', write_from => 'manager');
