-- What campaigns and calendars look for in a whole shop, every few minutes, is found by indexes:
-- leads of a time, customers whose last service was told, appointments that no calendar has yet.
create index customers_created on voiceagent.customers (organization_id, created_at);
create index customers_served on voiceagent.customers (organization_id, last_service_at)
    where last_service_at is not null;
create index appointments_behind on voiceagent.appointments (organization_id, ends_at)
    where calendar_state in ('none', 'pending', 'failed');
