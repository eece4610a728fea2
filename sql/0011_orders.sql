-- A cache of the shop system: orders and products. provider_updated_at tells an
-- old webhook from a new one.

create table voiceagent.orders (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    customer_id uuid,
    order_number text not null check (order_number ~ '^[^#[:space:]]'),  -- without the '#'
    provider text not null default 'shopify',
    provider_order_id text,
    status text not null default 'pending' check (
        status in ('pending', 'awaiting_payment', 'processing', 'on_hold', 'scheduled', 'ready_for_pickup',
                   'partially_shipped', 'shipped', 'in_transit', 'out_for_delivery', 'delayed', 'delivery_problem',
                   'delivered', 'cancelled', 'refunded', 'returned')),
    financial_status text,
    fulfillment_status text,
    total_amount numeric(12, 2) check (total_amount >= 0),
    currency voiceagent.currency_code not null default 'CAD',
    items voiceagent.json_list not null default '[]',  -- {"title", "quantity", "price", "sku", "line_id"}
    email voiceagent.email_address,
    phone_number voiceagent.phone_number,
    shipping_address voiceagent.json_object,
    tracking_number text,
    tracking_company text,
    tracking_url text,
    estimated_delivery date,
    placed_at timestamptz not null default now(),
    shipped_at timestamptz,
    delivered_at timestamptz,
    cancelled_at timestamptz,
    returns voiceagent.json_list not null default '[]',  -- {"rma", "line_id", "quantity", "reason", "state"}
    provider_updated_at timestamptz,
    synced_at timestamptz not null default now(),
    metadata voiceagent.json_object not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint orders_number unique (organization_id, order_number),
    constraint orders_provider_order unique (organization_id, provider, provider_order_id),
    foreign key (organization_id, customer_id)
        references voiceagent.customers (organization_id, id) on delete set null (customer_id)
);
create index orders_customer on voiceagent.orders (organization_id, customer_id, placed_at desc);
create index orders_placed on voiceagent.orders (organization_id, placed_at desc, id desc);
create index orders_phone_number on voiceagent.orders (organization_id, phone_number);
create index orders_email on voiceagent.orders (organization_id, email);
grant select, insert, update, delete on voiceagent.orders to va_app;
call voiceagent.isolate('voiceagent.orders', read_from => 'staff');

-- One row a variant.
create table voiceagent.products (
    id uuid not null default gen_random_uuid(),
    organization_id uuid not null references voiceagent.organizations (id) on delete cascade,
    provider text not null default 'shopify',
    provider_product_id text,
    provider_variant_id text,
    sku text,
    title text not null,
    variant_title text,
    vendor text,
    product_type text,
    description text,
    price numeric(12, 2) check (price >= 0),
    compare_at_price numeric(12, 2) check (compare_at_price >= 0),
    currency voiceagent.currency_code not null default 'CAD',
    available integer not null default 0,  -- negative: oversold
    is_tracked boolean not null default true,
    tags text[] not null default '{}',
    attributes voiceagent.json_object not null default '{}',  -- frame size, riding style, …
    url text,
    image_url text,
    is_active boolean not null default true,
    provider_updated_at timestamptz,
    synced_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint products_variant unique (organization_id, provider, provider_variant_id)
);
create index products_product on voiceagent.products (organization_id, provider, provider_product_id);
create index products_sku on voiceagent.products (organization_id, sku);
create index products_type on voiceagent.products (organization_id, product_type, price);
grant select, insert, update, delete on voiceagent.products to va_app;
call voiceagent.isolate('voiceagent.products', read_from => 'staff');
