-- Each utterance of a call and each change of a stock is a webhook, and a row here: those that
-- nobody can tell again are forgotten (store/privacy.c). Shopify signs no time, so that what it
-- said once could be told again by whoever has it: of it only what does no harm is forgotten, a
-- product whose state has a time, and a stock that is asked for.
drop index voiceagent.webhook_events_received;
create index webhook_events_forgotten on voiceagent.webhook_events (organization_id, received_at)
    where provider <> 'shopify' or type in ('inventory_levels/update', 'products/create', 'products/update');
