// A shop's things as the Admin API shows them. What refers to something else is a
// function, so that nothing is followed that was not asked for.
import {connection} from './connection.mjs';
import {ORDERS, VARIANTS} from './kinds.mjs';

export class View {
  constructor(shop) {
    this.shop = shop;
  }

  #money(amount) {
    const {currencyCode} = this.shop.about;
    return {amount: Number(amount).toFixed(2), currencyCode};
  }

  #bag = (amount) => ({shopMoney: this.#money(amount)});

  #customer(id) {
    const found = this.shop.customers.find((c) => c.id === id);
    return found ? this.customer(found) : null;
  }

  // An order, a draft or a checkout: somebody's lines and what they come to.
  basket = (b) => ({
    ...b,
    totalPriceSet: this.#bag(b.total),
    customer: () => this.#customer(b.customerId),
    lineItems: connection(b.lines.map((l, i) => ({id: `${b.id}?line=${i + 1}`, ...l})), this.#line),
  });

  order = (o) => ({
    ...this.basket(o),
    currencyCode: this.shop.about.currencyCode,
    fulfillments: ({first}) => o.fulfillments.slice(0, first ?? undefined).map(fulfillment),
  });

  #line = (l) => ({
    ...l,
    name: l.variantTitle? `${l.title} - ${
        l.variantTitle }`: l.title, originalUnitPriceSet: this.#bag(l.price),
        variant:
            () => {
              const found = this.shop.variants.find((v) => v.sku === l.sku);
              return found ? this.variant(found) : null;
            },
    });

  customer = (c) => {
    const orders = this.shop.orders.filter((o) => o.customerId === c.id);
    return {
      ...c,
      displayName: `${c.firstName} ${c.lastName}`,
      defaultPhoneNumber: c.phone ? {phoneNumber: c.phone} : null,
      defaultEmailAddress: c.email ? {emailAddress: c.email} : null,
      numberOfOrders: String(orders.length),  // 64 bits travel as text
      amountSpent: this.#money(orders.reduce((sum, o) => sum + Number(o.total), 0)),
      orders: connection(orders, this.order, ORDERS),
    };
  };

  product = (p) => ({
    ...p,
    totalInventory: p.variants.reduce((n, v) => n + v.inventoryQuantity, 0),
    variants: connection(p.variants, this.variant, VARIANTS),
  });

  variant = (v) => ({
    ...v,
    displayName: `${v.product.title} - ${v.title}`,
    availableForSale: v.inventoryQuantity > 0,
    product: () => this.product(v.product),
    inventoryItem: {
      id: v.id.replace('ProductVariant', 'InventoryItem'),
      sku: v.sku,
      tracked: true,
      inventoryLevels: connection([this.#level(v)]),
    },
  });

  // What is on hand is available or committed to orders that have not been shipped.
  #level(v) {
    const committed = this.shop.committed(v.sku);
    const counted = {
      available: v.inventoryQuantity,
      committed,
      on_hand: v.inventoryQuantity + committed,
      incoming: 0,
      reserved: 0,
    };
    return {
      id: `${v.id.replace('ProductVariant', 'InventoryLevel')}?inventory_item_id=${
          v.id.split('/').at(-1)}`,
      location: this.shop.location,
      quantities: ({names}) =>
          names.filter((name) => name in counted).map((name) => ({name, quantity: counted[name]})),
    };
  }
}

const fulfillment = (f) => ({
  ...f,
  trackingInfo: ({first}) => (f.tracking ?? []).slice(0, first ?? undefined),
});
