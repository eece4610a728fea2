-- Shopify tells of a change of stock by the inventory item, which is not the variant's id.

alter table voiceagent.products add column provider_inventory_item_id text;
create index products_inventory_item on voiceagent.products (organization_id, provider_inventory_item_id)
    where provider_inventory_item_id is not null;
