// By what each kind of thing is searched and sorted.
const tail = (id) => id?.split('/').at(-1);

export const ORDERS = {
  filters: {
    name: (o) => [o.name, o.name.replace('#', '')],
    email: (o) => o.email,
    customer_id: (o) => tail(o.customerId),
    confirmation_number: (o) => o.confirmationNumber,
    status: (o) => [statusOf(o), 'any'],
    financial_status: (o) => o.displayFinancialStatus,
    fulfillment_status: (o) => fulfillmentWords(o),
    created_at: (o) => o.createdAt,
    updated_at: (o) => o.updatedAt,
    sku: (o) => o.lines.map((l) => l.sku),
    id: (o) => tail(o.id),
  },
  sorts: {
    CREATED_AT: (o) => o.createdAt,
    PROCESSED_AT: (o) => o.processedAt,
    UPDATED_AT: (o) => o.updatedAt,
    ID: (o) => o.id,
  },
};

const statusOf = (o) => (o.cancelledAt ? 'cancelled' : o.closedAt ? 'closed' : 'open');
const fulfillmentWords = (o) => {
  const words = {FULFILLED: 'shipped', PARTIALLY_FULFILLED: 'partial', UNFULFILLED: 'unshipped'};
  return [o.displayFulfillmentStatus, words[o.displayFulfillmentStatus]];
};

export const CUSTOMERS = {
  filters: {
    email: (c) => c.email,
    phone: (c) => c.phone,
    first_name: (c) => c.firstName,
    last_name: (c) => c.lastName,
    id: (c) => tail(c.id),
  },
  sorts: {CREATED_AT: (c) => c.createdAt, NAME: (c) => c.lastName, ID: (c) => c.id},
};

export const PRODUCTS = {
  filters: {
    title: (p) => [p.title, ...p.title.split(' ')],
    sku: (p) => p.variants.map((v) => v.sku),
    vendor: (p) => p.vendor,
    product_type: (p) => p.productType,
    status: (p) => p.status,
    tag: (p) => p.tags,
    id: (p) => tail(p.id),
  },
  sorts: {TITLE: (p) => p.title, ID: (p) => p.id},
};

export const VARIANTS = {
  filters: {
    sku: (v) => v.sku,
    title: (v) => [v.title, ...v.product.title.split(' '), v.product.title],
    product_id: (v) => tail(v.product.id),
    vendor: (v) => v.product.vendor,
    product_type: (v) => v.product.productType,
    inventory_quantity: (v) => v.inventoryQuantity,
    id: (v) => tail(v.id),
  },
  sorts: {SKU: (v) => v.sku, TITLE: (v) => v.title, ID: (v) => v.id},
};

export const CHECKOUTS = {
  filters: {
    created_at: (c) => c.createdAt,
    updated_at: (c) => c.updatedAt,
    status: (c) => (c.completedAt ? 'closed' : 'open'),
    recovery_state: (c) => (c.completedAt ? 'recovered' : 'not_recovered'),
    id: (c) => tail(c.id),
  },
  sorts: {CREATED_AT: (c) => c.createdAt, ID: (c) => c.id},
};
