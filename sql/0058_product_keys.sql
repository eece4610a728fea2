-- By what people name a product or a variant: the number its id ends with, or the id where it
-- ends with none. Row level security lets an index answer an equality of columns, but of no
-- expression, so that each question for an id read all products of its shop.
alter table voiceagent.products
    add column product_key text generated always as (
        coalesce(substring(provider_product_id from '[0-9]+$'), provider_product_id)) stored,
    add column variant_key text generated always as (
        coalesce(substring(provider_variant_id from '[0-9]+$'), provider_variant_id)) stored;
create index products_product_key on voiceagent.products (organization_id, product_key);
create index products_variant_key on voiceagent.products (organization_id, variant_key);
