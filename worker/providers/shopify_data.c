#include "worker/providers/shopify_data.h"

#include "core/phone.h"
#include "worker/providers/shopify_state.h"

static const va_json_t *at(const va_json_t *value, const char *pointer)
{
    return va_json_pointer(value, va_str_c(pointer));
}

/* A text that says something, or a number as it was written; absent otherwise. */
static va_str_t told(const va_json_t *value, const char *pointer)
{
    va_str_t text = va_json_scalar(at(value, pointer));
    return text.len > 0 ? text : VA_STR_NULL;
}

static va_str_t either(va_str_t first, va_str_t second)
{
    return first.data != NULL ? first : second;
}

/* What an id ends with: its number. */
static va_str_t tail(va_str_t id)
{
    size_t from = id.len;
    while (from > 0 && id.data[from - 1] != '/') {
        from--;
    }
    return id.data != NULL ? va_str(id.data + from, id.len - from) : id;
}

va_str_t wk_shopify_id(wk_arena_t *a, const char *kind, va_str_t id)
{
    static const char scheme[] = "gid://";
    if (id.len == 0) {
        return VA_STR_NULL;
    }
    if (id.len > sizeof(scheme) && memcmp(id.data, scheme, sizeof(scheme) - 1) == 0) {
        return id;
    }
    return wk_printf(a, "gid://shopify/%s/%.*s", kind, (int)id.len, id.data);
}

static va_str_t number_of(va_str_t name)
{
    return name.len > 1 && name.data[0] == '#' ? va_str(name.data + 1, name.len - 1) : name;
}

static va_str_t phone_of(wk_arena_t *a, va_str_t text)
{
    char number[VA_PHONE_MAX + 1];
    return va_phone_normalize(number, text) ? wk_copy(a, va_str_c(number)) : VA_STR_NULL;
}

static va_str_t end(va_json_writer_t *w, const va_buf_t *text)
{
    return va_json_writer_end(w) == VA_OK ? va_buf_str(text) : VA_STR_NULL;
}

/* ---------------------------------------------------------------- orders */

/* Where the two shapes keep the same thing. */
typedef struct {
    const char *id, *placed_at, *updated_at, *cancelled_at, *financial, *fulfillment;
    const char *total, *currency, *customer, *customer_email, *customer_phone;
    const char *address, *region, *country, *lines, *variant_title, *price;
    const char *shipment_state, *shipped_at, *expected, *delivered_at;
    const char *tracking_number, *tracking_company, *tracking_url;
} shape_t;

static const shape_t graph = {
    .id = "/id",
    .placed_at = "/processedAt",
    .updated_at = "/updatedAt",
    .cancelled_at = "/cancelledAt",
    .financial = "/displayFinancialStatus",
    .fulfillment = "/displayFulfillmentStatus",
    .total = "/totalPriceSet/shopMoney/amount",
    .currency = "/totalPriceSet/shopMoney/currencyCode",
    .customer = "/customer/id",
    .customer_email = "/customer/defaultEmailAddress/emailAddress",
    .customer_phone = "/customer/defaultPhoneNumber/phoneNumber",
    .address = "/shippingAddress",
    .region = "/provinceCode",
    .country = "/countryCodeV2",
    .lines = "/lineItems/nodes",
    .variant_title = "/variantTitle",
    .price = "/originalUnitPriceSet/shopMoney/amount",
    .shipment_state = "/displayStatus",
    .shipped_at = "/createdAt",
    .expected = "/estimatedDeliveryAt",
    .delivered_at = "/deliveredAt",
    .tracking_number = "/trackingInfo/0/number",
    .tracking_company = "/trackingInfo/0/company",
    .tracking_url = "/trackingInfo/0/url",
};

static const shape_t webhook = {
    .id = "/id",
    .placed_at = "/created_at",
    .updated_at = "/updated_at",
    .cancelled_at = "/cancelled_at",
    .financial = "/financial_status",
    .fulfillment = "/fulfillment_status",
    .total = "/total_price",
    .currency = "/currency",
    .customer = "/customer/id",
    .customer_email = "/customer/email",
    .customer_phone = "/customer/phone",
    .address = "/shipping_address",
    .region = "/province_code",
    .country = "/country_code",
    .lines = "/line_items",
    .variant_title = "/variant_title",
    .price = "/price",
    .shipment_state = "/shipment_status",
    .shipped_at = "/created_at",
    .expected = "/estimated_delivery_at",
    .delivered_at = "/delivered_at",
    .tracking_number = "/tracking_number",
    .tracking_company = "/tracking_company",
    .tracking_url = "/tracking_url",
};

static const va_json_t *first_of(const va_json_t *list)
{
    return va_json_is(list, VA_JSON_ARRAY) ? list->first : NULL;
}

static va_str_t items_of(wk_arena_t *a, const shape_t *s, const va_json_t *order)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (const va_json_t *l = first_of(at(order, s->lines)); l != NULL; l = l->next) {
        int64_t quantity = 0;
        (void)va_json_int(va_json_get(l, "quantity"), &quantity);
        va_json_object(w);
        va_json_add_str(w, "line_id", tail(told(l, "/id")));
        va_json_add_str(w, "title", told(l, "/title"));
        va_json_add_str(w, "variant", told(l, s->variant_title));
        va_json_add_str(w, "sku", told(l, "/sku"));
        va_json_add_int(w, "quantity", quantity);
        va_json_add_str(w, "price", told(l, s->price));
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return end(w, &text);
}

static va_str_t address_of(wk_arena_t *a, const shape_t *s, const va_json_t *order)
{
    const va_json_t *address = at(order, s->address);
    if (!va_json_is(address, VA_JSON_OBJECT)) {
        return VA_STR_NULL;
    }
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "street", told(address, "/address1"));
    va_json_add_str(w, "city", told(address, "/city"));
    va_json_add_str(w, "region", told(address, s->region));
    va_json_add_str(w, "postal_code", told(address, "/zip"));
    va_json_add_str(w, "country", told(address, s->country));
    va_json_object_end(w);
    return end(w, &text);
}

static bool was_cancelled(const va_json_t *shipment)
{
    return va_str_ieq(told(shipment, "/status"), VA_STR("cancelled"));
}

static void read_shipments(const shape_t *s, const va_json_t *order, wk_shopify_order_t *o)
{
    wk_shopify_facts_t facts = {.cancelled = o->cancelled_at.data != NULL,
                                .financial = o->financial,
                                .fulfillment = o->fulfillment};
    for (const va_json_t *f = first_of(va_json_get(order, "fulfillments")); f != NULL;
         f = f->next) {
        if (was_cancelled(f)) {
            continue;
        }
        if (facts.n < WK_SHOPIFY_SHIPMENTS) {
            facts.shipments[facts.n++] = told(f, s->shipment_state);
        }
        o->shipped_at = told(f, s->shipped_at);
        o->expected = told(f, s->expected);
        o->delivered_at = told(f, s->delivered_at);
        o->tracking_number = told(f, s->tracking_number);
        o->tracking_company = told(f, s->tracking_company);
        o->tracking_url = told(f, s->tracking_url);
    }
    o->status = wk_shopify_state(&facts);
}

static bool read_order(wk_arena_t *a, const shape_t *s, const va_json_t *json,
                       wk_shopify_order_t *o)
{
    *o = (wk_shopify_order_t){
        .id = wk_shopify_id(a, "Order", told(json, s->id)),
        .number = number_of(told(json, "/name")),
        .financial = told(json, s->financial),
        .fulfillment = told(json, s->fulfillment),
        .total = told(json, s->total),
        .currency = told(json, s->currency),
        .items = items_of(a, s, json),
        .address = address_of(a, s, json),
        .email = either(told(json, "/email"), told(json, s->customer_email)),
        .phone = phone_of(a, either(told(json, "/phone"), told(json, s->customer_phone))),
        .customer = wk_shopify_id(a, "Customer", told(json, s->customer)),
        .placed_at = told(json, s->placed_at),
        .cancelled_at = told(json, s->cancelled_at),
        .updated_at = told(json, s->updated_at),
    };
    read_shipments(s, json, o);
    return o->id.data != NULL && o->number.data != NULL && o->updated_at.data != NULL;
}

bool wk_shopify_read_order(wk_arena_t *a, const va_json_t *node, wk_shopify_order_t *order)
{
    return read_order(a, &graph, node, order);
}

bool wk_shopify_read_order_webhook(wk_arena_t *a, const va_json_t *body,
                                   wk_shopify_order_t *order)
{
    return read_order(a, &webhook, body, order);
}

/* ---------------------------------------------------------------- variants */

/* What Shopify calls the variant of a product that has but one. */
static va_str_t variant_title(va_str_t title)
{
    return va_str_eq(title, VA_STR("Default Title")) ? VA_STR_NULL : title;
}

bool wk_shopify_read_variant(wk_arena_t *a, const va_json_t *node, wk_shopify_variant_t *v)
{
    *v = (wk_shopify_variant_t){
        .id = wk_shopify_id(a, "ProductVariant", told(node, "/id")),
        .product = wk_shopify_id(a, "Product", told(node, "/product/id")),
        .inventory_item = wk_shopify_id(a, "InventoryItem", told(node, "/inventoryItem/id")),
        .sku = told(node, "/sku"),
        .title = told(node, "/product/title"),
        .variant_title = variant_title(told(node, "/title")),
        .vendor = told(node, "/product/vendor"),
        .product_type = told(node, "/product/productType"),
        .description = told(node, "/product/description"),
        .url = told(node, "/product/onlineStoreUrl"),
        .price = told(node, "/price"),
        .available = told(node, "/inventoryQuantity"),
        .tracked = va_json_bool(at(node, "/inventoryItem/tracked"), true),
        .active = va_str_ieq(told(node, "/product/status"), VA_STR("ACTIVE")),
    };
    return v->id.data != NULL && v->title.data != NULL;
}

static wk_shopify_variant_t variant_of(wk_arena_t *a, const va_json_t *product,
                                       const va_json_t *variant)
{
    return (wk_shopify_variant_t){
        .id = wk_shopify_id(a, "ProductVariant", told(variant, "/id")),
        .product = wk_shopify_id(a, "Product", told(product, "/id")),
        .inventory_item =
            wk_shopify_id(a, "InventoryItem", told(variant, "/inventory_item_id")),
        .sku = told(variant, "/sku"),
        .title = told(product, "/title"),
        .variant_title = variant_title(told(variant, "/title")),
        .vendor = told(product, "/vendor"),
        .product_type = told(product, "/product_type"),
        .price = told(variant, "/price"),
        .available = told(variant, "/inventory_quantity"),
        .tracked = told(variant, "/inventory_management").data != NULL,
        .active = va_str_ieq(told(product, "/status"), VA_STR("active")),
    };
}

bool wk_shopify_read_product_webhook(wk_arena_t *a, const va_json_t *body,
                                     wk_shopify_variants_t *variants)
{
    const va_json_t *list = va_json_get(body, "variants");
    *variants = (wk_shopify_variants_t){NULL, 0};
    if (!va_json_is(list, VA_JSON_ARRAY) || told(body, "/id").data == NULL ||
        told(body, "/title").data == NULL) {
        return false;
    }
    variants->list = wk_alloc(a, (list->count + 1) * sizeof(*variants->list));
    for (const va_json_t *v = list->first; v != NULL; v = v->next) {
        wk_shopify_variant_t variant = variant_of(a, body, v);
        if (variant.id.data == NULL) {
            return false;
        }
        variants->list[variants->n++] = variant;
    }
    return true;
}

/* ---------------------------------------------------------------- customers */

static const char *tier_of(const va_json_t *tags)
{
    static const char *const tiers[] = {"wholesale", "vip"};
    for (size_t i = 0; i < sizeof(tiers) / sizeof(*tiers); i++) {
        for (const va_json_t *tag = first_of(tags); tag != NULL; tag = tag->next) {
            if (va_str_ieq(va_json_string(tag), va_str_c(tiers[i]))) {
                return tiers[i];
            }
        }
    }
    return NULL;
}

void wk_shopify_read_customer(wk_arena_t *a, const va_json_t *node, wk_shopify_customer_t *c)
{
    const va_json_t *orders = at(node, "/orders/nodes");
    *c = (wk_shopify_customer_t){
        .id = wk_shopify_id(a, "Customer", told(node, "/id")),
        .first_name = told(node, "/firstName"),
        .last_name = told(node, "/lastName"),
        .email = told(node, "/defaultEmailAddress/emailAddress"),
        .tier = tier_of(va_json_get(node, "tags")),
        .spent = told(node, "/amountSpent/amount"),
        .orders_count = told(node, "/numberOfOrders"),
    };
    if (va_json_is(orders, VA_JSON_ARRAY)) {
        c->orders.list = wk_alloc(a, (orders->count + 1) * sizeof(*c->orders.list));
        for (const va_json_t *o = orders->first; o != NULL; o = o->next) {
            c->orders.n += wk_shopify_read_order(a, o, &c->orders.list[c->orders.n]);
        }
    }
}
