-- HubSpot tells of changes by the account they are in.

alter table voiceagent.routing_keys
    drop constraint routing_keys_kind_check,
    add constraint routing_keys_kind_check check (
        kind in ('number', 'agent', 'shop', 'slug', 'channel', 'twilio_account', 'email', 'auth_user', 'portal'));
alter table voiceagent.integrations
    add constraint integrations_portal check (service <> 'hubspot' or account_id ~ '^[0-9]{1,20}$');
create trigger route_portal after insert or delete or update of service, account_id on voiceagent.integrations
    for each row execute function voiceagent.keep_routing_key('portal', 'account_id', 'service', 'hubspot');
