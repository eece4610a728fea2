-- What a customer's words are looked for in, put together when the row is written and not for
-- every question: row level security lets no index answer a LIKE, so each question reads all
-- products of its shop.
alter table voiceagent.products add column search_text text not null generated always as (
    lower(title || coalesce(' ' || variant_title, '') || coalesce(' ' || replace(product_type, '_', ' '), '')
          || coalesce(' ' || vendor, ''))) stored;
