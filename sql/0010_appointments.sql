-- Appointments, the shop's other calendar entries, and the free slots between them.

create table voiceagent.appointments (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    customer_id uuid,
    call_id uuid,
    appointment_type voiceagent.appointment_type not null default 'general',
    purpose text,  -- in the customer's words
    resource text not null default 'default' check (resource <> ''),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    period tstzrange generated always as (tstzrange(starts_at, ends_at, '[)')) stored,
    status text not null default 'confirmed' check (
        status in ('held', 'confirmed', 'in_progress', 'completed', 'cancelled', 'no_show')),
    hold_expires_at timestamptz,

    customer_name text,
    customer_phone voiceagent.phone_number,
    customer_email voiceagent.email_address,
    language voiceagent.language_code,
    bike_details voiceagent.json_object not null default '{}',
    notes text,
    price numeric(12, 2) check (price >= 0),
    source text not null default 'agent' check (source in ('agent', 'staff', 'web', 'sms', 'calendar')),
    created_by uuid,

    google_calendar_id text,
    google_event_id text,
    google_etag text,
    calendar_state text not null default 'none' check (calendar_state in ('none', 'pending', 'synced', 'failed')),
    calendar_synced_at timestamptz,

    confirmation_sent_at timestamptz,
    reminded_48h_at timestamptz,
    reminded_24h_at timestamptz,
    reminded_1h_at timestamptz,
    pickup_notified_at timestamptz,

    rescheduled_from uuid,
    cancelled_at timestamptz,
    cancelled_by text check (cancelled_by in ('customer', 'staff', 'calendar', 'expiry', 'reschedule')),
    cancel_reason text,
    metadata voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint appointments_google_event unique (organization_id, google_calendar_id, google_event_id),
    check (ends_at > starts_at and ends_at <= starts_at + interval '744 hours'),
    check ((status = 'held') <= (hold_expires_at is not null)),
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete set null (customer_id),
    foreign key (organization_id, call_id)
        references voiceagent.calls (organization_id, id) on delete set null (call_id),
    foreign key (organization_id, created_by)
        references voiceagent.users (organization_id, id) on delete set null (created_by),
    foreign key (organization_id, rescheduled_from)
        references voiceagent.appointments (organization_id, id) on delete set null (rescheduled_from),
    -- Two callers never get one slot, whatever the program does.
    constraint appointments_no_overlap exclude using gist (
        organization_id with =, resource with =, period with &&)
        where (status in ('held', 'confirmed', 'in_progress'))
);
create index appointments_starts on voiceagent.appointments (organization_id, starts_at, id);
create index appointments_customer on voiceagent.appointments (organization_id, customer_id, starts_at desc);
create index appointments_call on voiceagent.appointments (organization_id, call_id);
create index appointments_created_by on voiceagent.appointments (organization_id, created_by) where created_by is not null;
create index appointments_rescheduled_from on voiceagent.appointments (organization_id, rescheduled_from)
    where rescheduled_from is not null;
create index appointments_hold_expires on voiceagent.appointments (hold_expires_at) where status = 'held';
create index appointments_upcoming on voiceagent.appointments (starts_at) where status = 'confirmed';

grant select, insert, update, delete on voiceagent.appointments to va_app;
call voiceagent.isolate('voiceagent.appointments', read_from => 'service_tech', write_from => 'service_tech');

-- service_tech sees the customers it has appointments with.
create policy service_tech_read on voiceagent.customers for select to authenticated
    using (organization_id = (select voiceagent.jwt_organization())
           and (select voiceagent.jwt_role()) = 'service_tech'
           and exists (select from voiceagent.appointments a
                        where a.organization_id = customers.organization_id and a.customer_id = customers.id));

-- A hold that ran out never stands in somebody's way, even before the scheduler
-- has cleared it away.
create function voiceagent.release_expired_holds() returns trigger
language plpgsql as $$
begin
    update voiceagent.appointments a
       set status = 'cancelled', cancelled_at = now(), cancelled_by = 'expiry'
     where a.organization_id = new.organization_id and a.resource = new.resource
       and a.status = 'held' and a.hold_expires_at <= now() and a.id <> new.id
       and a.starts_at < new.ends_at and a.ends_at > new.starts_at;
    return new;
end
$$;
create trigger release_expired_holds before insert or update of starts_at, ends_at, resource, status
    on voiceagent.appointments
    for each row when (new.status in ('held', 'confirmed', 'in_progress'))
    execute function voiceagent.release_expired_holds();

-- What else is in the shop's calendars: times that are taken, mirrored from Google.
create table voiceagent.calendar_events (
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    calendar_id text not null,
    event_id text not null,
    resource text not null default 'default',
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    summary text,
    is_busy boolean not null default true,
    etag text,
    synced_at timestamptz not null default now(),
    primary key (organization_id, calendar_id, event_id),
    check (ends_at >= starts_at)
);
create index calendar_events_starts on voiceagent.calendar_events (organization_id, resource, starts_at);
grant select, insert, update, delete on voiceagent.calendar_events to va_app;
call voiceagent.isolate('voiceagent.calendar_events', read_from => 'staff');

-- Free slots of the organization of this transaction, earliest first: starts every
-- `step` from the opening on, ends by the closing, within [from, until), clear of
-- appointments, of holds that still stand, and of the calendar.
create function voiceagent.free_slots(
    wanted_resource text, duration interval, from_instant timestamptz, until_instant timestamptz,
    step interval default '30 minutes', out starts_at timestamptz, out ends_at timestamptz)
returns setof record
language plpgsql stable rows 50 as $$
declare
    shop record;
    day date;
    open_period tstzrange;
begin
    if duration <= interval '0' or step <= interval '0' or until_instant > from_instant + interval '370 days' then
        raise exception 'free_slots: duration and step must be positive, the range a year at most'
            using errcode = 'invalid_parameter_value';
    end if;

    select o.hours, o.timezone::text as timezone into shop
      from voiceagent.organizations o where o.id = voiceagent.current_organization();
    -- The day before as well: its hours may end after midnight.
    for day in select generate_series((from_instant at time zone shop.timezone)::date - 1,
                                      (until_instant at time zone shop.timezone)::date, interval '1 day')::date
    loop
        open_period := voiceagent.opening_period(shop.hours, shop.timezone, day);
        return query
            select s, s + duration
              from generate_series(lower(open_period), upper(open_period) - duration, step) s
             where s >= from_instant and s < until_instant
               and not exists (
                   select from voiceagent.appointments a
                    where a.organization_id = voiceagent.current_organization() and a.resource = wanted_resource
                      and a.starts_at < s + duration and a.ends_at > s
                      and (a.status in ('confirmed', 'in_progress')
                           or a.status = 'held' and a.hold_expires_at > now()))
               and not exists (
                   select from voiceagent.calendar_events e
                    where e.organization_id = voiceagent.current_organization() and e.resource = wanted_resource
                      and e.is_busy and e.starts_at < s + duration and e.ends_at > s);
    end loop;
end
$$;
