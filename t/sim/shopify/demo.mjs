// The demo organizations' shops, as sql/demo.sql knows them.
const DAY = 86400000;
const ago = (days) => new Date(Date.now() - days * DAY).toISOString();

const variant = (n, {sku, title = 'Default Title', price, quantity}) =>
    ({id: `gid://shopify/ProductVariant/${n}`, sku, title, price, inventoryQuantity: quantity});

function product(n, {title, vendor, productType, description, tags = [], ...only}) {
  return {
    id: `gid://shopify/Product/${n}`,
    title,
    handle: title.toLowerCase().replace(/\W+/g, '-'),
    status: 'ACTIVE',
    vendor,
    productType,
    description,
    onlineStoreUrl: null,
    tags,
    variants: [variant(n, {title: only.variantTitle, ...only})],
  };
}

function customer(n, {firstName, lastName, email, phone, address, tags = []}) {
  return {
    id: `gid://shopify/Customer/${n}`,
    firstName,
    lastName,
    email,
    phone,
    createdAt: ago(400),
    note: null,
    tags,
    defaultAddress: address,
  };
}

function order(n, domain, told) {
  return {
    id: `gid://shopify/Order/${n}`,
    name: `#${n}`,
    processedAt: told.createdAt,
    updatedAt: told.createdAt,
    cancelledAt: null,
    cancelReason: null,
    closedAt: null,
    confirmationNumber: `CONF${n}`,
    statusPageUrl: `https://${domain}/orders/${n}/status`,
    displayFinancialStatus: 'PAID',
    displayFulfillmentStatus: 'UNFULFILLED',
    returnStatus: 'NO_RETURN',
    fulfillments: [],
    shippingAddress: null,
    ...told,
  };
}

const about = (n, name, domain, email) => ({
  id: `gid://shopify/Shop/${n}`,
  name,
  myshopifyDomain: domain,
  currencyCode: 'CAD',
  ianaTimezone: 'America/Toronto',
  email,
});

const location = (n, name) => ({id: `gid://shopify/Location/${n}`, name});
const toronto = (address1, zip) =>
    ({address1, address2: null, city: 'Toronto', provinceCode: 'ON', zip, countryCodeV2: 'CA'});

const DOWNTOWN = 'bici-downtown.myshopify.com';
const UPTOWN = 'bici-uptown.myshopify.com';

function downtown(token) {
  const address = toronto('45 King Street East', 'M5C 1E9');
  const john = {email: 'john.tremblay@customer.example', phone: '+14165559876'};
  return {
    token,
    about: about(1, 'Bici Downtown', DOWNTOWN, 'hello@downtown.example'),
    location: location(1, 'Queen Street'),
    customers:
        [customer(31, {firstName: 'John', lastName: 'Tremblay', ...john, address, tags: ['VIP']})],
    products: [
      product(1, {
        title: 'Ridgeback Trail 29',
        variantTitle: 'Medium',
        vendor: 'Ridgeback',
        productType: 'mountain_bike',
        description: 'Hardtail mountain bike, 29 inch wheels.',
        sku: 'RB-T29-M',
        price: '2149.99',
        quantity: 4
      }),
      product(2, {
        title: 'Velo City E',
        variantTitle: 'Large',
        vendor: 'Velo',
        productType: 'e_bike',
        description: 'Electric city bike, 90 km range.',
        sku: 'VL-CIT-L',
        price: '3299.00',
        quantity: 2
      }),
      product(3, {
        title: 'Sprinter Road',
        variantTitle: '54 cm',
        vendor: 'Sprinter',
        productType: 'road_bike',
        description: 'Carbon road bike, 24 gears.',
        sku: 'RD-SPR-54',
        price: '2799.00',
        quantity: 0
      }),
      product(4, {
        title: 'Commuter helmet',
        variantTitle: 'Medium',
        vendor: 'Bici',
        productType: 'accessory',
        description: 'Light helmet with a rear lamp.',
        sku: 'HLM-COM-M',
        price: '49.96',
        quantity: 18
      }),
    ],
    orders: [order(1042, DOWNTOWN, {
      ...john,
      createdAt: ago(6),
      customerId: 'gid://shopify/Customer/31',
      shippingAddress: address,
      displayFulfillmentStatus: 'FULFILLED',
      total: '2485.94',
      lines: [
        {
          title: 'Ridgeback Trail 29 mountain bike',
          sku: 'RB-T29-M',
          variantTitle: 'Medium',
          quantity: 1,
          price: '2149.99'
        },
        {
          title: 'Commuter helmet',
          sku: 'HLM-COM-M',
          variantTitle: 'Medium',
          quantity: 1,
          price: '49.96'
        },
      ],
      fulfillments: [{
        id: 'gid://shopify/Fulfillment/104201',
        status: 'SUCCESS',
        displayStatus: 'CONFIRMED',
        createdAt: ago(2),
        updatedAt: ago(1),
        inTransitAt: null,
        estimatedDeliveryAt: ago(-2),
        deliveredAt: null,
        tracking: [{
          company: 'UPS',
          number: '1Z999AA10123456784',
          url: 'https://www.ups.com/track?tracknum=1Z999AA10123456784'
        }],
      }],
    })],
    checkouts: [],
  };
}

function uptown(token) {
  const address = toronto('88 Eglinton Avenue East', 'M4P 1A6');
  const sarah = {email: 'sarah.chen@customer.example', phone: '+14165559877'};
  return {
    token,
    about: about(2, 'Bici Uptown', UPTOWN, 'hello@uptown.example'),
    location: location(2, 'Yonge Street'),
    customers: [customer(32, {firstName: 'Sarah', lastName: 'Chen', ...sarah, address})],
    products: [
      product(1, {
        title: 'Junior 24',
        vendor: 'Ridgeback',
        productType: 'kids_bike',
        description: 'Bike for 8 to 11 years, 24 inch wheels.',
        sku: 'JR-24',
        price: '606.00',
        quantity: 6
      }),
      product(2, {
        title: 'City Hybrid',
        vendor: 'Velo',
        productType: 'hybrid_bike',
        description: 'Hybrid bike with fenders and rack.',
        sku: 'CT-HYB-M',
        price: '899.00',
        quantity: 3
      }),
    ],
    orders: [order(2042, UPTOWN, {
      ...sarah,
      createdAt: ago(1),
      customerId: 'gid://shopify/Customer/32',
      shippingAddress: address,
      total: '684.78',
      lines: [{title: 'Junior 24 bike', sku: 'JR-24', quantity: 1, price: '606.00'}],
    })],
    checkouts: [],
  };
}

// A shop's token is its own; that of Uptown is Downtown's with "_uptown" behind it.
export const demoShops = (token) =>
    ({[DOWNTOWN]: downtown(token), [UPTOWN]: uptown(`${token}_uptown`)});
