/*
 * shopify.webhook: what the shop's system tells, late, twice and in any order.
 * shopify.order: an order is asked for anew. shopify.customer: what the shop knows of a caller.
 */
#include "worker/agent/erasure.h"
#include "worker/agent/shop.h"

#include "worker/agent/task.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/outbox.h"
#include "worker/store/campaigns.h"
#include "worker/store/carts.h"
#include "worker/store/customers.h"
#include "worker/store/shop.h"
#include "worker/store/webhooks.h"

/* A webhook on its way. */
typedef struct {
    wk_ctx_t *ctx;
    va_str_t topic, domain, hash;
    const va_json_t *body;
} hook_t;

typedef bool apply_fn(wk_tx_t *tx, const hook_t *hook, wk_error_t *e);

static va_str_t header(const va_job_t *job, const char *name)
{
    for (size_t i = 0; i < job->n_headers; i++) {
        if (va_str_eq(job->headers[i].name, va_str_c(name))) {
            return job->headers[i].value;
        }
    }
    return VA_STR_NULL;
}

static va_str_t member(const hook_t *hook, const char *pointer)
{
    va_str_t text = va_json_scalar(va_json_pointer(hook->body, va_str_c(pointer)));
    return text.len > 0 ? text : VA_STR_NULL;
}

static va_str_t id_of(const hook_t *hook, const char *kind, const char *pointer)
{
    return wk_shopify_id(hook->ctx->arena, kind, member(hook, pointer));
}

static bool misshapen(wk_error_t *e)
{
    return wk_error(e, WK_INVALID, "Shopify: the body does not fit its topic");
}

/* An array of texts for Postgres, as JSON would be quoted: {"a","b"}. */
static va_str_t array_of(wk_arena_t *a, const char *kind, const va_json_t *ids)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 256);
    va_buf_add_char(&text, '{');
    const va_json_t *id = va_json_is(ids, VA_JSON_ARRAY) ? ids->first : NULL;
    for (; id != NULL; id = id->next) {
        int64_t number;
        if (va_json_int(id, &number)) {
            va_buf_add_c(&text, text.len > 1 ? ",gid://shopify/" : "gid://shopify/");
            va_buf_add_c(&text, kind);
            va_buf_add_char(&text, '/');
            va_buf_add_int(&text, number);
        }
    }
    va_buf_add_char(&text, '}');
    return va_buf_str(&text);
}

/* ---------------------------------------------------------------- orders and products */

/* What was bought is no cart any more, whichever of the two is told first. */
static bool cart_bought(wk_tx_t *tx, va_str_t cart, wk_error_t *e)
{
    va_str_t note[] = {VA_STR("shopify"), VA_STR("cart bought"), cart};
    va_str_t cancel[] = {cart, VA_STR("bought")};
    return cart.data == NULL || (wk_sql(tx, &wk_sql_cart_lock, &cart, NULL, e) &&
                                 wk_sql(tx, &wk_sql_webhook_note, note, NULL, e) &&
                                 wk_sql(tx, &wk_sql_cart_cancel, cancel, NULL, e));
}

/* Of who bought, the shop knows more than when it was asked. */
static bool know_buyer(wk_tx_t *tx, va_str_t order, wk_error_t *e)
{
    wk_rows_t *rows;
    return wk_sql(tx, &wk_sql_shop_customer_of_order, &order, &rows, e) &&
           (wk_rows_count(rows) == 0 ||
            wk_shop_look_up_later(tx, wk_cell(rows, 0, "customer"), e));
}

static bool apply_order(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    wk_shopify_order_t order;
    if (!wk_shopify_read_order_webhook(hook->ctx->arena, hook->body, &order)) {
        return misshapen(e);
    }
    wk_shopify_orders_t orders = {&order, 1};
    return wk_shop_keep_orders(tx, &orders, false, e) && know_buyer(tx, order.id, e) &&
           wk_sql(tx, &wk_sql_delivery_notice, &order.id, NULL, e) &&
           cart_bought(tx, member(hook, "/checkout_id"), e);
}

/* As with a deleted product. */
static bool apply_order_deleted(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    va_str_t order = id_of(hook, "Order", "/id");
    va_str_t note[] = {VA_STR("shopify"), VA_STR(WK_SHOP_ORDER_DELETED), order};
    if (order.data == NULL || hook->body->count != 1) {
        return misshapen(e);
    }
    va_str_t forget[] = {wk_printf(hook->ctx->arena, "{%.*s}", (int)order.len, order.data),
                         VA_STR_NULL};
    return wk_shop_lock_order(tx, order, e) &&
           wk_sql(tx, &wk_sql_webhook_note, note, NULL, e) && know_buyer(tx, order, e) &&
           wk_sql(tx, &wk_sql_shop_orders_forget, forget, NULL, e);
}

/* One shipment does not tell how the order stands: the order is asked for. */
static bool apply_fulfillment(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    va_buf_t body;
    va_str_t order = id_of(hook, "Order", "/order_id");
    if (order.data == NULL) {
        return misshapen(e);
    }
    va_buf_init(&body, wk_mem(hook->ctx->arena), 96);
    va_json_writer_t *w = va_json_writer_new(&body);
    va_json_object(w);
    va_json_add_str(w, "order", order);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK &&
           wk_outbox_job(tx, WK_DEFAULT, "shopify.order", hook->domain, order, VA_STR_NULL,
                         va_buf_str(&body), e);
}

static bool apply_product(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    wk_shopify_variants_t variants;
    wk_arena_t *a = hook->ctx->arena;
    va_str_t updated = member(hook, "/updated_at");
    if (!wk_shopify_read_product_webhook(a, hook->body, &variants) || updated.data == NULL) {
        return misshapen(e);
    }
    va_buf_t ids;
    va_buf_init(&ids, wk_mem(a), 256);
    va_buf_add_char(&ids, '{');
    for (size_t i = 0; i < variants.n; i++) {
        va_buf_add_c(&ids, i > 0 ? "," : "");
        va_buf_add_str(&ids, variants.list[i].id);
    }
    va_buf_add_char(&ids, '}');
    va_str_t drop[] = {id_of(hook, "Product", "/id"), va_buf_str(&ids), updated};
    return wk_shop_lock_product(tx, drop[0], e) &&
           wk_shop_keep_variants(tx, &variants, updated, false, e) &&
           wk_sql(tx, &wk_sql_shop_variants_drop, drop, NULL, e);
}

/*
 * Told of before its making, or its last change, it is not sold either. The topic is not
 * signed: a body of more than the id is that of another.
 */
static bool apply_product_deleted(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    va_str_t product = id_of(hook, "Product", "/id");
    va_str_t note[] = {VA_STR("shopify"), VA_STR(WK_SHOP_PRODUCT_DELETED), product};
    if (product.data == NULL || hook->body->count != 1) {
        return misshapen(e);
    }
    return wk_shop_lock_product(tx, product, e) &&
           wk_sql(tx, &wk_sql_webhook_note, note, NULL, e) &&
           wk_sql(tx, &wk_sql_shop_product_gone, &product, NULL, e);
}

static bool apply_stock(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    va_str_t item = id_of(hook, "InventoryItem", "/inventory_item_id");
    return item.data == NULL ? misshapen(e)
                             : wk_sql(tx, &wk_sql_shop_stock_changed, &item, NULL, e);
}

/* ---------------------------------------------------------------- carts */

static va_str_t either(va_str_t first, va_str_t second)
{
    return first.data != NULL ? first : second;
}

/* Whose cart it is; absent: somebody who cannot be reached. */
static bool find_customer(wk_tx_t *tx, const hook_t *hook, va_str_t *customer, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t phone = wk_webhook_number(
        hook->ctx->arena, either(member(hook, "/phone"), member(hook, "/customer/phone")));
    va_str_t params[] = {phone, id_of(hook, "Customer", "/customer/id"),
                         either(member(hook, "/email"), member(hook, "/customer/email"))};
    if (!wk_sql(tx, &wk_sql_cart_customer, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0 && phone.data != NULL) {
        va_str_t reach[] = {phone, VA_STR("shop")};
        if (!wk_sql(tx, &wk_sql_customer_reach, reach, &rows, e)) {
            return false;
        }
    }
    *customer = wk_rows_count(rows) > 0 ? wk_cell(rows, 0, "id") : VA_STR_NULL;
    return true;
}

/* What a reminder speaks of. The address lets whoever has it into the cart: never logged. */
static va_str_t cart_data(const hook_t *hook)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(hook->ctx->arena), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "total", member(hook, "/total_price"));
    va_json_add_str(w, "currency", member(hook, "/currency"));
    va_json_add_str(w, "url", member(hook, "/abandoned_checkout_url"));
    va_json_add_str(w, "first_item", member(hook, "/line_items/0/title"));
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static bool apply_cart(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t customer, cart = member(hook, "/id"), total = member(hook, "/total_price");
    va_str_t updated = member(hook, "/updated_at");
    if (cart.data == NULL || total.data == NULL || updated.data == NULL) {
        return misshapen(e);
    }
    if (member(hook, "/completed_at").data != NULL) {
        return cart_bought(tx, cart, e);
    }
    if (!wk_sql(tx, &wk_sql_cart_wanted, &total, &rows, e)) {
        return false;
    }
    if (!wk_cell_bool(rows, 0, "wanted")) {
        return true;
    }
    if (!find_customer(tx, hook, &customer, e)) {
        return false;
    }
    va_str_t params[] = {cart, customer, total, updated, cart_data(hook)};
    return customer.data == NULL || (wk_sql(tx, &wk_sql_cart_lock, &cart, NULL, e) &&
                                     wk_sql(tx, &wk_sql_cart_left, params, NULL, e));
}

/* ---------------------------------------------------------------- the connection, privacy */

/* Headers are not signed: what ends or forgets something has to name its shop in the body. */
static bool is_of_shop(const hook_t *hook, const char *pointer)
{
    return va_str_eq(member(hook, pointer), hook->domain);
}

static bool apply_uninstalled(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    wk_task_t task = {.kind = "alarm",
                      .key = wk_printf(hook->ctx->arena, "shopify:gone:%.*s",
                                       (int)hook->hash.len, hook->hash.data),
                      .priority = "high",
                      .title = "task.shop_gone",
                      .body = "task.shop_gone_body",
                      .text = hook->domain};
    if (!is_of_shop(hook, "/myshopify_domain")) {
        return misshapen(e);
    }
    return wk_sql(tx, &wk_sql_shop_disconnect, NULL, NULL, e) &&
           wk_task_raise(hook->ctx, tx, &task, e);
}

static bool apply_data_request(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    va_str_t who = either(member(hook, "/customer/email"), member(hook, "/customer/phone"));
    va_str_t request = either(member(hook, "/data_request/id"), hook->hash);
    wk_task_t task = {
        .kind = "review",
        .key = wk_printf(hook->ctx->arena, "shopify:data:%.*s", (int)request.len, request.data),
        .priority = "high",
        .title = "task.data_request",
        .body = "task.data_request_body",
        .text =
            array_of(hook->ctx->arena, "Order", va_json_get(hook->body, "orders_requested")),
        .who = either(who, VA_STR("?"))};
    return is_of_shop(hook, "/shop_domain") ? wk_task_raise(hook->ctx, tx, &task, e)
                                            : misshapen(e);
}

/* The sweep sees to it, should its job be lost. */
static bool request_erasure(wk_tx_t *tx, const hook_t *hook, va_str_t customer, va_str_t phone,
                            wk_error_t *e)
{
    wk_erasure_request_t request = {
        .customer = customer, .phone = phone, .reason = "shop_redact"};
    return wk_erasure_request(hook->ctx, tx, &request, e);
}

/* known: his id there, number and address. A number may be in calls of nobody we know, too. */
static bool request_erasures(wk_tx_t *tx, const hook_t *hook, const va_str_t known[3],
                             wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_shop_customers_of, known, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        if (!request_erasure(tx, hook, wk_cell(rows, i, "id"), VA_STR_NULL, e)) {
            return false;
        }
    }
    return known[1].data == NULL || request_erasure(tx, hook, VA_STR_NULL, known[1], e);
}

/* What came from the shop goes at once; the rest of the erasure is asked for. */
static bool apply_redact_customer(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    wk_arena_t *a = hook->ctx->arena;
    va_str_t customer = id_of(hook, "Customer", "/customer/id");
    va_str_t phone = wk_webhook_number(a, member(hook, "/customer/phone"));
    va_str_t orders[] = {array_of(a, "Order", va_json_get(hook->body, "orders_to_redact")),
                         customer};
    va_str_t known[] = {customer, phone, member(hook, "/customer/email")};
    if (!is_of_shop(hook, "/shop_domain")) {
        return misshapen(e);
    }
    return request_erasures(tx, hook, known, e) &&
           wk_sql(tx, &wk_sql_shop_orders_forget, orders, NULL, e) &&
           wk_sql(tx, &wk_sql_shop_customer_forget, known, NULL, e);
}

static bool apply_redact_shop(wk_tx_t *tx, const hook_t *hook, wk_error_t *e)
{
    return is_of_shop(hook, "/shop_domain")
               ? wk_sql(tx, &wk_sql_shop_disconnect, NULL, NULL, e) &&
                     wk_sql(tx, &wk_sql_shop_orders_forget_all, NULL, NULL, e) &&
                     wk_sql(tx, &wk_sql_shop_products_forget_all, NULL, NULL, e) &&
                     wk_sql(tx, &wk_sql_shop_customers_forget_all, NULL, NULL, e)
               : misshapen(e);
}

/* ---------------------------------------------------------------- shopify.webhook */

static const struct {
    const char *topic;
    apply_fn *apply;
} topics[] = {
    {"orders/create", apply_order},
    {"orders/updated", apply_order},
    {"orders/fulfilled", apply_order},
    {"orders/partially_fulfilled", apply_order},
    {"orders/cancelled", apply_order},
    {"orders/paid", apply_order},
    {"orders/delete", apply_order_deleted},
    {"fulfillments/create", apply_fulfillment},
    {"fulfillments/update", apply_fulfillment},
    {"checkouts/create", apply_cart},
    {"checkouts/update", apply_cart},
    {"products/create", apply_product},
    {"products/update", apply_product},
    {"products/delete", apply_product_deleted},
    {"inventory_levels/update", apply_stock},
    {"app/uninstalled", apply_uninstalled},
    {"customers/data_request", apply_data_request},
    {"customers/redact", apply_redact_customer},
    {"shop/redact", apply_redact_shop},
};

static apply_fn *find_topic(va_str_t topic)
{
    for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++) {
        if (va_str_eq(topic, va_str_c(topics[i].topic))) {
            return topics[i].apply;
        }
    }
    return NULL;
}

/* A second look at what nginx does: the first remembers for a day only. */
static bool apply_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const hook_t *hook = arg;
    wk_rows_t *rows;
    va_str_t note[] = {VA_STR("shopify"), hook->topic, hook->hash};
    if (!wk_sql(tx, &wk_sql_webhook_note, note, &rows, e)) {
        return false;
    }
    return wk_rows_affected(rows) == 0 || find_topic(hook->topic)(tx, hook, e);
}

wk_outcome_t wk_shopify_webhook(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    hook_t hook = {.ctx = ctx,
                   .topic = header(ctx->job, "x-shopify-topic"),
                   .domain = header(ctx->job, "x-shopify-shop-domain"),
                   .hash = wk_webhook_body_hash(ctx)};
    va_str_t organization;
    (void)reply;
    if (find_topic(hook.topic) == NULL || ctx->job->body_omitted) {
        wk_log(WK_INFO, "a webhook of Shopify was passed over", WK_S("topic", hook.topic));
        return WK_DONE;
    }
    if (!wk_webhook_json(ctx, &hook.body, e)) {
        return wk_webhook_failed(e);
    }
    if (!wk_shopify_is_domain(hook.domain)) {
        return wk_webhook_unrouted(ctx, "shop", hook.domain, e);
    }
    if (!wk_tx_by(ctx->db, ctx->arena, "shop", hook.domain, 0, apply_tx, &hook, &organization,
                  e)) {
        return wk_webhook_failed(e);
    }
    return organization.data != NULL ? WK_DONE
                                     : wk_webhook_unrouted(ctx, "shop", hook.domain, e);
}

/* ---------------------------------------------------------------- shopify.order, .customer */

/* A question to the shop between two transactions. */
typedef struct {
    wk_ctx_t *ctx;
    va_str_t subject; /* the order's id there; our customer's id */
    wk_shopify_t shop;
    bool connected;
    va_str_t phone;
    wk_shopify_orders_t orders;
    wk_shopify_customer_t customer;
} question_t;

static bool connect_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    question_t *q = arg;
    return wk_shop_connection(tx, q->ctx->config, &q->shop, &q->connected, e);
}

static bool keep_order_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const question_t *q = arg;
    return wk_shop_keep_orders(tx, &q->orders, true, e) &&
           wk_sql(tx, &wk_sql_delivery_notice, &q->subject, NULL, e);
}

static bool read_subject(wk_ctx_t *ctx, const char *name, question_t *q, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_webhook_json(ctx, &body, e)) {
        return false;
    }
    *q = (question_t){.ctx = ctx, .subject = va_json_get_string(body, name)};
    return (q->subject.data != NULL && ctx->job->org.data != NULL) ||
           wk_error(e, WK_INVALID, "a job without its subject or its organization");
}

wk_outcome_t wk_shopify_order_refresh(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    question_t q;
    (void)reply;
    if (!read_subject(ctx, "order", &q, e) ||
        !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, connect_tx, &q, e)) {
        return wk_webhook_failed(e);
    }
    q.shop.budget_ms = WK_SHOP_JOB_MS;
    if (q.connected && (!wk_shopify_order(ctx, &q.shop, q.subject, &q.orders, e) ||
                        !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, keep_order_tx, &q, e))) {
        return wk_webhook_failed(e);
    }
    return WK_DONE;
}

static bool customer_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    question_t *q = arg;
    wk_rows_t *rows;
    if (!connect_tx(tx, arg, e) ||
        !wk_sql(tx, &wk_sql_shop_customer_unknown, &q->subject, &rows, e)) {
        return false;
    }
    q->phone = wk_rows_count(rows) == 1 ? wk_cell(rows, 0, "phone") : VA_STR_NULL;
    return true;
}

static bool known_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const question_t *q = arg;
    const wk_shopify_customer_t *c = &q->customer;
    va_str_t params[] = {q->subject,
                         c->id,
                         c->first_name,
                         c->last_name,
                         c->email,
                         va_str_c(c->tier),
                         c->spent,
                         c->orders_count,
                         c->id.data != NULL ? wk_shop_purchases(q->ctx->arena, &c->orders)
                                            : VA_STR_NULL,
                         c->orders.n > 0 ? c->orders.list[0].placed_at : VA_STR_NULL};
    /* The orders before the customer, as a webhook of an order takes them. */
    return wk_shop_lock_orders(tx, &c->orders, e) &&
           wk_sql(tx, &wk_sql_shop_customer_known, params, NULL, e) &&
           wk_shop_keep_orders(tx, &c->orders, true, e);
}

wk_outcome_t wk_shopify_customer_fill(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    question_t q;
    (void)reply;
    if (!read_subject(ctx, "customer", &q, e) ||
        !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, customer_tx, &q, e)) {
        return wk_webhook_failed(e);
    }
    if (!q.connected || q.phone.data == NULL) {
        return WK_DONE;
    }
    q.shop.budget_ms = WK_SHOP_JOB_MS;
    if (!wk_shopify_customer_by_phone(ctx, &q.shop, q.phone, &q.customer, e) ||
        !wk_tx(ctx->db, ctx->arena, ctx->job->org, 0, known_tx, &q, e)) {
        return wk_webhook_failed(e);
    }
    return WK_DONE;
}
