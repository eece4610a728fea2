// What the resolvers of the Admin API find: the root, and the mutations.
import {connection} from './connection.mjs';
import {CHECKOUTS, CUSTOMERS, ORDERS, PRODUCTS, VARIANTS} from './kinds.mjs';
import {View} from './view.mjs';

export function rootOf(shop, webhooks) {
  const view = new View(shop);
  const one = (list, show) => ({id}) => {
    const found = list.find((item) => item.id === id);
    return found ? show(found) : null;
  };
  return {
    shop: shop.about,
    order: one(shop.orders, view.order),
    orders: connection(shop.orders, view.order, ORDERS),
    customer: one(shop.customers, view.customer),
    customers: connection(shop.customers, view.customer, CUSTOMERS),
    customerByIdentifier: ({identifier}) => {
      const found = shop.customers.find((c) => isIdentified(c, identifier));
      return found ? view.customer(found) : null;
    },
    product: one(shop.products, view.product),
    products: connection(shop.products, view.product, PRODUCTS),
    productVariant: one(shop.variants, view.variant),
    productVariants: connection(shop.variants, view.variant, VARIANTS),
    abandonedCheckouts: connection(shop.checkouts, view.basket, CHECKOUTS),
    draftOrder: one(shop.drafts, view.basket),
    draftOrderCreate: ({input}) => draftOrderCreate(shop, view, input),
    webhookSubscriptions: connection(webhooks.subscriptions(shop)),
    webhookSubscriptionCreate: (args) => webhooks.subscribe(shop, args),
    webhookSubscriptionDelete: ({id}) => webhooks.unsubscribe(shop, id),
  };
}

const isIdentified = (c, {id, emailAddress, phoneNumber}) => (id && c.id === id) ||
    (emailAddress && c.email?.toLowerCase() === emailAddress.toLowerCase()) ||
    (phoneNumber && c.phone === phoneNumber);

function draftOrderCreate(shop, view, input) {
  const lines = (input.lineItems ?? []).map((l) => lineOf(shop, l));
  const wrong =
      lines.length === 0 ? 'Add at least 1 product' : lines.find((l) => l.problem)?.problem;
  if (wrong) return {draftOrder: null, userErrors: [{field: ['lineItems'], message: wrong}]};
  return {draftOrder: view.basket(shop.addDraft(input, lines)), userErrors: []};
}

function lineOf(shop, {variantId, quantity, title, originalUnitPrice}) {
  if (quantity < 1) return {problem: 'Quantity must be greater than or equal to 1'};
  if (!variantId) {
    return title && originalUnitPrice ? {title, quantity, price: originalUnitPrice} :
                                        {problem: 'Title can\'t be blank'};
  }
  const variant = shop.variants.find((v) => v.id === variantId);
  if (!variant)
    return {problem: `Product with ID ${variantId.split('/').at(-1)} is no longer available.`};
  const {sku, price, product} = variant;
  return {title: product.title, variantTitle: variant.title, sku, price, quantity};
}
