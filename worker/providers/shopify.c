#include "worker/providers/shopify.h"

#include <stdio.h>
#include <stdlib.h>

#include "worker/clock.h"

/* Quarterly, served for a year. */
#define API_VERSION "2026-07"
#define MAX_BYTES   (4 << 20)
#define MIN_MS      50 /* a request with less time left is not worth sending */

#define ADDRESS "address1 city provinceCode zip countryCodeV2"
#define ORDER                                                                                  \
    "id name email phone processedAt updatedAt cancelledAt displayFinancialStatus "            \
    "displayFulfillmentStatus totalPriceSet{shopMoney{amount currencyCode}} "                  \
    "customer{id defaultPhoneNumber{phoneNumber} defaultEmailAddress{emailAddress}} "          \
    "shippingAddress{" ADDRESS "} "                                                            \
    "lineItems(first:20){nodes{id title quantity sku variantTitle "                            \
    "originalUnitPriceSet{shopMoney{amount}}}} "                                               \
    "fulfillments(first:10){status displayStatus createdAt estimatedDeliveryAt deliveredAt "   \
    "trackingInfo(first:1){company number url}}"

static const char orders_query[] =
    "query($q:String!){shop{myshopifyDomain currencyCode} "
    "orders(first:5,query:$q,sortKey:CREATED_AT,reverse:true){nodes{" ORDER "}}}";

static const char order_query[] =
    "query($q:ID!){shop{myshopifyDomain currencyCode} order(id:$q){" ORDER "}}";

static const char customer_query[] =
    "query($q:String!){shop{myshopifyDomain currencyCode} "
    "customerByIdentifier(identifier:{phoneNumber:$q}){id firstName lastName tags "
    "numberOfOrders amountSpent{amount currencyCode} defaultEmailAddress{emailAddress} "
    "orders(first:5,sortKey:CREATED_AT,reverse:true){nodes{" ORDER "}}}}";

static const char variants_query[] =
    "query($q:String!){shop{myshopifyDomain currencyCode} "
    "productVariants(first:20,query:$q){nodes{id sku title price inventoryQuantity "
    "product{id title status vendor productType description onlineStoreUrl} "
    "inventoryItem{id tracked}}}}";

/* ---------------------------------------------------------------- domain */

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

bool wk_shopify_is_domain(va_str_t domain)
{
    static const char suffix[] = ".myshopify.com";
    size_t n = sizeof(suffix) - 1;
    if (domain.len <= n || domain.len > 100 || domain.data[0] == '-' ||
        memcmp(domain.data + domain.len - n, suffix, n) != 0) {
        return false;
    }
    for (size_t i = 0; i < domain.len - n; i++) {
        if (!is_name_character(domain.data[i])) {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- errors */

/*
 * The points that are missing, by what they come back at. With nothing told: a second, as
 * Shopify's own client waits.
 */
static int64_t throttled_ms(const va_json_t *answer)
{
    double asked = 0, available = 0, rate = 0;
    const va_json_t *cost = va_json_pointer(answer, VA_STR("/extensions/cost"));
    const va_json_t *bucket = va_json_get(cost, "throttleStatus");
    if (!va_json_double(va_json_get(cost, "requestedQueryCost"), &asked) ||
        !va_json_double(va_json_get(bucket, "currentlyAvailable"), &available) ||
        !va_json_double(va_json_get(bucket, "restoreRate"), &rate) || rate <= 0 ||
        asked <= available || asked - available > rate * 60) {
        return 1000;
    }
    return (int64_t)((asked - available) * 1000 / rate) + 1;
}

static wk_code_t class_of(va_str_t code)
{
    static const struct {
        const char *code;
        wk_code_t is;
    } classes[] = {{"THROTTLED", WK_UNAVAILABLE},  {"INTERNAL_SERVER_ERROR", WK_UNAVAILABLE},
                   {"TIMEOUT", WK_UNAVAILABLE},    {"ACCESS_DENIED", WK_FORBIDDEN},
                   {"SHOP_INACTIVE", WK_REFUSED},  {"MAX_COST_EXCEEDED", WK_INTERNAL},
                   {"undefinedField", WK_INTERNAL}};
    for (size_t i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
        if (va_str_eq(code, va_str_c(classes[i].code))) {
            return classes[i].is;
        }
    }
    return WK_REFUSED;
}

/* Messages may hold what was asked for, and stay out. */
static bool failed_query(const va_json_t *answer, wk_error_t *e)
{
    va_str_t code =
        va_json_string(va_json_pointer(answer, VA_STR("/errors/0/extensions/code")));
    wk_error(e, class_of(code), "Shopify: the query failed: %.*s", (int)code.len,
             code.data != NULL ? code.data : "");
    e->retry_after_ms = va_str_eq(code, VA_STR("THROTTLED")) ? throttled_ms(answer) : 0;
    snprintf(e->detail, sizeof(e->detail), "%.*s", (int)code.len,
             code.data != NULL ? code.data : "");
    return false;
}

static bool failed_status(const wk_http_response_t *res, wk_error_t *e)
{
    bool passes = res->status == 429 || res->status >= 500;
    bool token = res->status == 401 || res->status == 403;
    wk_error(e,
             passes  ? WK_UNAVAILABLE
             : token ? WK_FORBIDDEN
                     : WK_REFUSED,
             "Shopify: status %d", res->status);
    e->retry_after_ms = res->retry_after_ms;
    if (res->status == 429 && e->retry_after_ms == 0) {
        e->retry_after_ms = 1000;
    }
    return false;
}

/* ---------------------------------------------------------------- requests */

static va_str_t body_of(wk_arena_t *a, const char *query, va_str_t q)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 2048);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_c(w, "query", query);
    va_json_key(w, "variables");
    va_json_object(w);
    va_json_add_str(w, "q", q);
    va_json_object_end(w);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static va_str_t url_of(const wk_ctx_t *ctx, const wk_shopify_t *shop)
{
    const char *base = ctx->config->shopify_base_url;
    if (base != NULL) {
        return wk_printf(ctx->arena, "%s/admin/api/" API_VERSION "/graphql.json", base);
    }
    return wk_printf(ctx->arena, "https://%.*s/admin/api/" API_VERSION "/graphql.json",
                     (int)shop->domain.len, shop->domain.data);
}

static bool send_query(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t body, int timeout_ms,
                       wk_http_response_t *res, wk_error_t *e)
{
    va_str_t token = wk_printf(ctx->arena, "X-Shopify-Access-Token: %.*s", (int)shop->token.len,
                               shop->token.data);
    const char *headers[] = {"Content-Type: application/json", token.data, NULL};
    wk_http_request_t req = {.method = "POST",
                             .url = url_of(ctx, shop).data,
                             .headers = headers,
                             .body = body,
                             .timeout_ms = timeout_ms,
                             .max_bytes = MAX_BYTES};
    if (wk_http(ctx->http, ctx->arena, &req, res, e)) {
        return true;
    }
    if (e->code == WK_UNKNOWN) {
        e->code = WK_UNAVAILABLE; /* a question changes nothing: it may be asked again */
    }
    return wk_error_wrap(e, "Shopify");
}

/*
 * An answer may have both: data, and errors about members that this token may not see, which
 * are null then.
 */
static bool read_answer(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t body,
                        const va_json_t **data, wk_error_t *e)
{
    const va_json_t *answer = NULL;
    va_json_limits_t limits = {MAX_BYTES, 64, 200000};
    if (va_json_parse(wk_mem(ctx->arena), body, &limits, &answer) != VA_OK) {
        return wk_error(e, WK_UNAVAILABLE, "Shopify: the answer cannot be read");
    }
    *data = va_json_get(answer, "data");
    if (!va_json_is(*data, VA_JSON_OBJECT)) {
        return failed_query(answer, e);
    }
    va_str_t domain = va_json_string(va_json_pointer(*data, VA_STR("/shop/myshopifyDomain")));
    if (!va_str_ieq(domain, shop->domain)) {
        return wk_error(e, WK_FORBIDDEN, "Shopify: the token is another shop's");
    }
    return true;
}

static bool ask_once(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t body, int timeout_ms,
                     const va_json_t **data, wk_error_t *e)
{
    wk_http_response_t res;
    if (!send_query(ctx, shop, body, timeout_ms, &res, e)) {
        return false;
    }
    return res.status == 200 ? read_answer(ctx, shop, res.body, data, e)
                             : failed_status(&res, e);
}

/* Waits for the cost limit as long as the budget allows; anything else is for the caller. */
static bool ask(wk_ctx_t *ctx, const wk_shopify_t *shop, const char *query, va_str_t q,
                const va_json_t **data, wk_error_t *e)
{
    int64_t end = wk_monotonic_ms() + shop->budget_ms;
    va_str_t body = body_of(ctx->arena, query, q);
    if (!wk_shopify_is_domain(shop->domain)) {
        return wk_error(e, WK_INVALID, "Shopify: not a shop's domain");
    }
    for (;;) {
        int64_t left = end - wk_monotonic_ms();
        *e = (wk_error_t){0};
        if (ask_once(ctx, shop, body, left > MIN_MS ? (int)left : MIN_MS, data, e)) {
            return true;
        }
        int64_t wait = e->retry_after_ms;
        wait += wait / 4 > 0 ? arc4random_uniform((uint32_t)(wait / 4)) : 0;
        if (e->code != WK_UNAVAILABLE || wait == 0 || wk_monotonic_ms() + wait + MIN_MS > end) {
            return false;
        }
        wk_pause_ms(wait);
    }
}

/* ---------------------------------------------------------------- search */

static void add_quoted(va_buf_t *b, va_str_t text)
{
    va_buf_add_char(b, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\') {
            va_buf_add_char(b, '\\');
        }
        va_buf_add_char(b, text.data[i]);
    }
    va_buf_add_char(b, '"');
}

static void add_filter(va_buf_t *b, const char *name, va_str_t value)
{
    if (b->len > 0) {
        va_buf_add_c(b, " OR ");
    }
    va_buf_add_c(b, name);
    va_buf_add_char(b, ':');
    add_quoted(b, value);
}

/* ---------------------------------------------------------------- orders */

static bool read_orders(wk_ctx_t *ctx, const va_json_t *nodes, wk_shopify_orders_t *orders,
                        wk_error_t *e)
{
    *orders = (wk_shopify_orders_t){NULL, 0};
    if (!va_json_is(nodes, VA_JSON_ARRAY)) {
        return wk_error(e, WK_FORBIDDEN, "Shopify: an answer without orders");
    }
    orders->list = wk_alloc(ctx->arena, (nodes->count + 1) * sizeof(*orders->list));
    for (const va_json_t *node = nodes->first; node != NULL; node = node->next) {
        orders->n += wk_shopify_read_order(ctx->arena, node, &orders->list[orders->n]);
    }
    return true;
}

static bool search_orders(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t search,
                          wk_shopify_orders_t *orders, wk_error_t *e)
{
    const va_json_t *data;
    return ask(ctx, shop, orders_query, search, &data, e) &&
           read_orders(ctx, va_json_pointer(data, VA_STR("/orders/nodes")), orders, e);
}

/* A search finds what is alike; only what is the same stays. */
static void keep(wk_shopify_orders_t *orders, va_str_t number, va_str_t email)
{
    size_t n = 0;
    for (size_t i = 0; i < orders->n; i++) {
        const wk_shopify_order_t *o = &orders->list[i];
        if ((number.data == NULL || va_str_ieq(o->number, number)) &&
            (email.data == NULL || va_str_ieq(o->email, email))) {
            orders->list[n++] = *o;
        }
    }
    orders->n = n;
}

bool wk_shopify_order_by_name(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t number,
                              wk_shopify_orders_t *orders, wk_error_t *e)
{
    va_buf_t search;
    va_buf_init(&search, wk_mem(ctx->arena), 64);
    if (number.len > 0 && number.data[0] == '#') {
        number = va_str(number.data + 1, number.len - 1);
    }
    add_filter(&search, "name", wk_printf(ctx->arena, "#%.*s", (int)number.len, number.data));
    add_filter(&search, "name", number);
    if (!search_orders(ctx, shop, va_buf_str(&search), orders, e)) {
        return false;
    }
    keep(orders, number, VA_STR_NULL);
    orders->n = orders->n > 1 ? 1 : orders->n;
    return true;
}

bool wk_shopify_orders_by_email(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t email,
                                wk_shopify_orders_t *orders, wk_error_t *e)
{
    va_buf_t search;
    va_buf_init(&search, wk_mem(ctx->arena), 64);
    add_filter(&search, "email", email);
    if (!search_orders(ctx, shop, va_buf_str(&search), orders, e)) {
        return false;
    }
    keep(orders, VA_STR_NULL, email);
    return true;
}

bool wk_shopify_order(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t id,
                      wk_shopify_orders_t *orders, wk_error_t *e)
{
    const va_json_t *data;
    *orders = (wk_shopify_orders_t){NULL, 0};
    if (!ask(ctx, shop, order_query, id, &data, e)) {
        return false;
    }
    orders->list = wk_alloc(ctx->arena, sizeof(*orders->list));
    orders->n = wk_shopify_read_order(ctx->arena, va_json_get(data, "order"), orders->list);
    return true;
}

/* ---------------------------------------------------------------- customers */

bool wk_shopify_customer_by_phone(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t phone,
                                  wk_shopify_customer_t *customer, wk_error_t *e)
{
    const va_json_t *data;
    if (!ask(ctx, shop, customer_query, phone, &data, e)) {
        return false;
    }
    wk_shopify_read_customer(ctx->arena, va_json_get(data, "customerByIdentifier"), customer);
    return true;
}

/* ---------------------------------------------------------------- variants */

static bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

static bool has_word(va_str_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_word_character(text.data[i])) {
            return true;
        }
    }
    return false;
}

/* Each word has to occur. */
static void add_words(va_buf_t *b, va_str_t text)
{
    va_buf_add_c(b, " OR (");
    for (size_t i = 0; i < text.len;) {
        size_t from = i;
        while (i < text.len && is_word_character(text.data[i])) {
            i++;
        }
        if (i > from) {
            add_quoted(b, va_str(text.data + from, i - from));
            va_buf_add_char(b, ' ');
        }
        i += i == from;
    }
    va_buf_add_char(b, ')');
}

/* The number of an id, bare or global; absent: it is none. */
static va_str_t id_number(va_str_t text)
{
    size_t from = text.len;
    while (from > 0 && text.data[from - 1] >= '0' && text.data[from - 1] <= '9') {
        from--;
    }
    bool whole = from == 0 || (text.len > 6 && memcmp(text.data, "gid://", 6) == 0);
    return whole && from < text.len ? va_str(text.data + from, text.len - from) : VA_STR_NULL;
}

static va_str_t variant_search(wk_arena_t *a, va_str_t what)
{
    va_buf_t search;
    va_str_t id = id_number(what);
    va_buf_init(&search, wk_mem(a), 128);
    add_filter(&search, "sku", what);
    if (id.data != NULL) {
        add_filter(&search, "product_id", id);
        add_filter(&search, "id", id);
    }
    if (has_word(what)) {
        add_words(&search, what);
    }
    return va_buf_str(&search);
}

bool wk_shopify_variants(wk_ctx_t *ctx, const wk_shopify_t *shop, va_str_t what,
                         wk_shopify_variants_t *variants, wk_error_t *e)
{
    const va_json_t *data;
    *variants = (wk_shopify_variants_t){NULL, 0};
    if (!ask(ctx, shop, variants_query, variant_search(ctx->arena, what), &data, e)) {
        return false;
    }
    const va_json_t *nodes = va_json_pointer(data, VA_STR("/productVariants/nodes"));
    va_str_t currency = va_json_string(va_json_pointer(data, VA_STR("/shop/currencyCode")));
    if (!va_json_is(nodes, VA_JSON_ARRAY)) {
        return wk_error(e, WK_FORBIDDEN, "Shopify: an answer without products");
    }
    variants->list = wk_alloc(ctx->arena, (nodes->count + 1) * sizeof(*variants->list));
    for (const va_json_t *node = nodes->first; node != NULL; node = node->next) {
        wk_shopify_variant_t *v = &variants->list[variants->n];
        variants->n += wk_shopify_read_variant(ctx->arena, node, v);
        v->currency = currency;
    }
    return true;
}

/* ---------------------------------------------------------------- cart */

/* The number at the end of a gid, which links know things by. */
static va_str_t bare_id(va_str_t id)
{
    size_t digits = 0;
    while (digits < id.len && id.data[id.len - 1 - digits] >= '0' &&
           id.data[id.len - 1 - digits] <= '9') {
        digits++;
    }
    bool whole = digits == id.len || id.data[id.len - 1 - digits] == '/';
    return digits > 0 && whole ? va_str(id.data + id.len - digits, digits) : VA_STR_NULL;
}

va_str_t wk_shopify_cart_link(wk_arena_t *a, va_str_t domain, va_str_t variant,
                              int64_t quantity)
{
    va_str_t id = variant.len > 0 ? bare_id(variant) : VA_STR_NULL;
    if (id.data == NULL || !wk_shopify_is_domain(domain) || quantity < 1) {
        return VA_STR_NULL;
    }
    return wk_printf(a, "https://%.*s/cart/%.*s:%lld", (int)domain.len, domain.data,
                     (int)id.len, id.data, (long long)quantity);
}
