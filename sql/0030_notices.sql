-- Notices of a delivery, and the call two days before an appointment: runs like those of campaigns.

alter table voiceagent.campaigns
    drop constraint campaigns_trigger_check,
    add constraint campaigns_trigger_check check (
        trigger in ('lead_created', 'cart_abandoned', 'service_due', 'order_ready', 'call_ended', 'order_moved',
                    'appointment_near', 'manual'));

-- What the customer is told when an order stands so; null: nothing.
create function voiceagent.notice_of_order(status text) returns text
language sql immutable parallel safe as $$
    select case status
               when 'shipped' then 'shipped'
               when 'in_transit' then 'shipped'
               when 'out_for_delivery' then 'out_for_delivery'
               when 'delivered' then 'delivered'
               when 'delayed' then 'delay'
               when 'delivery_problem' then 'delay'
           end
$$;

-- The call is made where agent_configs.call_reminders is on.
create or replace function voiceagent.first_campaigns(
    out name text, out trigger text, out delay_seconds integer, out conditions jsonb, out call_reason text,
    out is_active boolean)
returns setof record
language sql immutable as $$
    values ('call_followup', 'call_ended', 86400, '{}'::jsonb, 'follow_up', true),
           ('post_inquiry_followup', 'lead_created', 86400,
            '{"lead_status": ["new", "contacted"], "no_purchase": true}', 'follow_up', false),
           ('abandoned_cart', 'cart_abandoned', 7200, '{"cart_over": 100}', 'promotion', false),
           ('service_reminder', 'service_due', 0, '{"months_since_service": 6}', 'service_reminder', false),
           ('delivery_notice', 'order_moved', 0, '{}', 'order_update', false),
           ('appointment_call', 'appointment_near', 0, '{}', 'service_reminder', true)
$$;

alter table voiceagent.organizations no force row level security;
alter table voiceagent.campaigns no force row level security;
insert into voiceagent.campaigns
    (organization_id, name, trigger, channel, delay_seconds, conditions, call_reason, is_active)
select o.id, f.name, f.trigger, 'sms', f.delay_seconds, f.conditions, f.call_reason, f.is_active
  from voiceagent.organizations o, voiceagent.first_campaigns() f
on conflict on constraint campaigns_name do nothing;
alter table voiceagent.organizations force row level security;
alter table voiceagent.campaigns force row level security;
