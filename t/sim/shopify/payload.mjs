// Webhook bodies: REST-shaped, with bare numbers for ids and lower-case states.
const number = (id) => Number(id.split('/').at(-1));

const FULFILLED = {
  FULFILLED: 'fulfilled',
  PARTIALLY_FULFILLED: 'partial',
  RESTOCKED: 'restocked'
};

export function orderPayload(shop, o) {
  return {
    id: number(o.id),
    admin_graphql_api_id: o.id,
    name: o.name,
    order_number: Number(o.name.replace('#', '')),
    email: o.email,
    phone: o.phone,
    created_at: o.createdAt,
    updated_at: o.updatedAt,
    cancelled_at: o.cancelledAt,
    cancel_reason: o.cancelReason?.toLowerCase() ?? null,
    closed_at: o.closedAt,
    currency: shop.about.currencyCode,
    total_price: o.total,
    financial_status: o.displayFinancialStatus?.toLowerCase() ?? null,
    fulfillment_status: FULFILLED[o.displayFulfillmentStatus] ?? null,
    order_status_url: o.statusPageUrl,
    customer: customer(shop, o.customerId),
    line_items: o.lines.map(line),
    fulfillments: o.fulfillments.map((f) => fulfillment(o, f)),
  };
}

export function checkoutPayload(shop, c) {
  const buyer = customer(shop, c.customerId);
  return {
    id: number(c.id),
    token: c.abandonedCheckoutUrl.split('/').at(-2),
    name: c.name,
    email: buyer?.email ?? null,
    phone: buyer?.phone ?? null,
    abandoned_checkout_url: c.abandonedCheckoutUrl,
    created_at: c.createdAt,
    updated_at: c.updatedAt,
    completed_at: c.completedAt,
    currency: shop.about.currencyCode,
    total_price: c.total,
    customer: buyer,
    line_items: c.lines.map(line),
  };
}

function customer(shop, id) {
  const found = shop.customers.find((c) => c.id === id);
  if (!found) return null;
  const {firstName, lastName, email, phone} = found;
  return {id: number(id), first_name: firstName, last_name: lastName, email, phone};
}

const line = (l, i) => ({
  id: i + 1,
  title: l.title,
  variant_title: l.variantTitle ?? null,
  sku: l.sku,
  quantity: l.quantity,
  price: l.price,
});

function fulfillment(order, f) {
  const tracking = f.tracking ?? [];
  return {
    id: number(f.id),
    order_id: number(order.id),
    status: f.status.toLowerCase(),
    shipment_status: f.displayStatus?.toLowerCase() ?? null,
    created_at: f.createdAt,
    tracking_company: tracking[0]?.company ?? null,
    tracking_number: tracking[0]?.number ?? null,
    tracking_numbers: tracking.map((t) => t.number),
    tracking_url: tracking[0]?.url ?? null,
    tracking_urls: tracking.map((t) => t.url),
  };
}
