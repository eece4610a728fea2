-- What follows a call: who judged it, what was learnt for the shop, and the follow-ups and
-- campaigns that every shop has.

alter table voiceagent.calls
    add column analysis_source text check (analysis_source in ('rules', 'llm')),
    add column intents voiceagent.json_list not null default '[]',
    add column unanswered_questions voiceagent.json_list not null default '[]',
    add column lead_reasons voiceagent.json_list not null default '[]',
    add column concluded_at timestamptz;  -- what follows from it was decided on

alter table voiceagent.campaigns
    drop constraint campaigns_trigger_check,
    add constraint campaigns_trigger_check check (
        trigger in ('lead_created', 'cart_abandoned', 'service_due', 'order_ready', 'call_ended', 'manual'));

-- The campaigns every shop begins with (the bike store guide's, phase 4, 2A): off until the shop
-- wants them. What a customer asked for in a call is on.
create function voiceagent.first_campaigns(
    out name text, out trigger text, out delay_seconds integer, out conditions jsonb, out call_reason text,
    out is_active boolean)
returns setof record
language sql immutable as $$
    values ('call_followup', 'call_ended', 86400, '{}'::jsonb, 'follow_up', true),
           ('post_inquiry_followup', 'lead_created', 86400,
            '{"lead_status": ["new", "contacted"], "no_purchase": true}', 'follow_up', false),
           ('abandoned_cart', 'cart_abandoned', 7200, '{"cart_over": 100}', 'promotion', false),
           ('service_reminder', 'service_due', 0, '{"months_since_service": 6}', 'service_reminder', false)
$$;

create function voiceagent.add_first_campaigns() returns trigger
language plpgsql as $$
begin
    insert into voiceagent.campaigns
        (organization_id, name, trigger, channel, delay_seconds, conditions, call_reason, is_active)
    select new.id, f.name, f.trigger, 'sms', f.delay_seconds, f.conditions, f.call_reason, f.is_active
      from voiceagent.first_campaigns() f;
    return null;
end
$$;
create trigger add_first_campaigns after insert on voiceagent.organizations
    for each row execute function voiceagent.add_first_campaigns();

-- Those that are there already: the owner sees them all for the length of this migration.
alter table voiceagent.organizations no force row level security;
alter table voiceagent.campaigns no force row level security;
insert into voiceagent.campaigns
    (organization_id, name, trigger, channel, delay_seconds, conditions, call_reason, is_active)
select o.id, f.name, f.trigger, 'sms', f.delay_seconds, f.conditions, f.call_reason, f.is_active
  from voiceagent.organizations o, voiceagent.first_campaigns() f
on conflict on constraint campaigns_name do nothing;
alter table voiceagent.organizations force row level security;
alter table voiceagent.campaigns force row level security;
