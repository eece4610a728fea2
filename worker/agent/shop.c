#include "worker/agent/shop.h"

#include <time.h>

#include "worker/agent/wording.h"
#include "worker/log.h"
#include "worker/outbox.h"
#include "worker/store/shop.h"

static va_str_t flag(bool is)
{
    return is ? VA_STR("true") : VA_STR("false");
}

bool wk_shop_connection(wk_tx_t *tx, const wk_config_t *config, wk_shopify_t *shop,
                        bool *connected, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_shop_connection, NULL, &rows, e)) {
        return wk_error_wrap(e, "shop");
    }
    *shop = (wk_shopify_t){.token = va_str_c(config->shopify_access_token)};
    if (wk_rows_count(rows) == 1) {
        shop->domain = wk_cell(rows, 0, "domain");
    }
    *connected = shop->domain.data != NULL && shop->token.len > 0;
    return true;
}

/* ---------------------------------------------------------------- one at a time */

/* The ids of several, as wk_sql_shop_orders_lock takes them. */
static va_json_writer_t *begin_ids(wk_tx_t *tx, va_buf_t *text)
{
    va_buf_init(text, wk_mem(wk_tx_arena(tx)), 256);
    va_json_writer_t *w = va_json_writer_new(text);
    va_json_array(w);
    return w;
}

static bool lock(wk_tx_t *tx, const wk_sql_t *sql, va_json_writer_t *w, va_buf_t *text,
                 wk_error_t *e)
{
    va_json_array_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        return wk_error(e, WK_INVALID, "shop: an id that is no text");
    }
    va_str_t ids = va_buf_str(text);
    return wk_sql(tx, sql, &ids, NULL, e);
}

bool wk_shop_lock_orders(wk_tx_t *tx, const wk_shopify_orders_t *orders, wk_error_t *e)
{
    va_buf_t text;
    va_json_writer_t *w = begin_ids(tx, &text);
    for (size_t i = 0; i < orders->n; i++) {
        va_json_put_str(w, orders->list[i].id);
    }
    return lock(tx, &wk_sql_shop_orders_lock, w, &text, e);
}

bool wk_shop_lock_order(wk_tx_t *tx, va_str_t id, wk_error_t *e)
{
    wk_shopify_order_t order = {.id = id};
    wk_shopify_orders_t one = {.list = &order, .n = 1};
    return wk_shop_lock_orders(tx, &one, e);
}

static bool lock_products(wk_tx_t *tx, const wk_shopify_variants_t *variants, wk_error_t *e)
{
    va_buf_t text;
    va_json_writer_t *w = begin_ids(tx, &text);
    for (size_t i = 0; i < variants->n; i++) {
        va_json_put_str(w, variants->list[i].product);
    }
    return lock(tx, &wk_sql_shop_products_lock, w, &text, e);
}

bool wk_shop_lock_product(wk_tx_t *tx, va_str_t id, wk_error_t *e)
{
    wk_shopify_variant_t variant = {.product = id};
    wk_shopify_variants_t one = {.list = &variant, .n = 1};
    return lock_products(tx, &one, e);
}

/* ---------------------------------------------------------------- keeping */

static bool keep_order(wk_tx_t *tx, const wk_shopify_order_t *o, bool asked, wk_error_t *e)
{
    va_str_t params[WK_SHOP_ORDER_PARAMS] = {o->id,
                                             o->number,
                                             va_str_c(o->status),
                                             o->financial,
                                             o->fulfillment,
                                             o->total,
                                             o->currency,
                                             o->items,
                                             o->email,
                                             o->phone,
                                             o->address,
                                             o->tracking_number,
                                             o->tracking_company,
                                             o->tracking_url,
                                             o->expected,
                                             o->placed_at,
                                             o->shipped_at,
                                             o->delivered_at,
                                             o->cancelled_at,
                                             o->updated_at,
                                             o->customer,
                                             flag(asked)};
    return wk_sql(tx, &wk_sql_shop_order_keep, params, NULL, e);
}

bool wk_shop_keep_orders(wk_tx_t *tx, const wk_shopify_orders_t *orders, bool asked,
                         wk_error_t *e)
{
    if (orders->n > 0 && !wk_shop_lock_orders(tx, orders, e)) {
        return wk_error_wrap(e, "shop");
    }
    for (size_t i = 0; i < orders->n; i++) {
        if (!keep_order(tx, &orders->list[i], asked, e)) {
            return wk_error_wrap(e, "shop");
        }
    }
    return true;
}

static bool keep_variant(wk_tx_t *tx, const wk_shopify_variant_t *v, va_str_t as_of, bool asked,
                         wk_error_t *e)
{
    va_str_t params[WK_SHOP_VARIANT_PARAMS] = {v->id,
                                               v->product,
                                               v->inventory_item,
                                               v->sku,
                                               v->title,
                                               v->variant_title,
                                               v->vendor,
                                               v->product_type,
                                               v->description,
                                               v->price,
                                               v->currency,
                                               v->available,
                                               flag(v->tracked),
                                               flag(v->active),
                                               v->url,
                                               as_of,
                                               flag(asked)};
    return wk_sql(tx, &wk_sql_shop_variant_keep, params, NULL, e);
}

bool wk_shop_keep_variants(wk_tx_t *tx, const wk_shopify_variants_t *variants, va_str_t as_of,
                           bool asked, wk_error_t *e)
{
    if (variants->n > 0 && !lock_products(tx, variants, e)) {
        return wk_error_wrap(e, "shop");
    }
    for (size_t i = 0; i < variants->n; i++) {
        if (!keep_variant(tx, &variants->list[i], as_of, asked, e)) {
            return wk_error_wrap(e, "shop");
        }
    }
    return true;
}

/* ---------------------------------------------------------------- refreshing */

/* What is asked for, from the look into the cache to the answer that is kept. */
struct wk_shop_need {
    wk_ctx_t *ctx;
    va_str_t organization;
    va_str_t number, phone, email; /* of orders */
    va_str_t what;                 /* of products */
    wk_rows_t *rows;               /* wk_sql_shop_products_due or wk_sql_shop_orders_due */
    wk_shopify_t shop;
    wk_shopify_orders_t orders;
    wk_shopify_variants_t variants;
    va_str_t as_of;
};

static bool look_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_shop_need_t *r = arg;
    va_str_t params[] = {r->number, r->phone, r->email};
    return r->what.data != NULL
               ? wk_sql_last(tx, &wk_sql_shop_products_due, &r->what, &r->rows, e)
               : wk_sql_last(tx, &wk_sql_shop_orders_due, params, &r->rows, e);
}

bool wk_shop_see_products(wk_tx_t *tx, wk_ctx_t *ctx, va_str_t what, wk_shop_need_t **need,
                          wk_error_t *e)
{
    *need = wk_alloc(ctx->arena, sizeof(**need));
    **need = (wk_shop_need_t){.ctx = ctx, .organization = wk_tx_organization(tx), .what = what};
    return wk_sql_ahead(tx, &wk_sql_shop_products_due, &what, &(*need)->rows, e);
}

bool wk_shop_is_needed(const wk_shop_need_t *need)
{
    return wk_rows_count(need->rows) > 0 && wk_cell_bool(need->rows, 0, "stale") &&
           va_str_c(need->ctx->config->shopify_access_token).len > 0;
}

static bool ask_orders(wk_shop_need_t *r, wk_error_t *e)
{
    if (r->number.data != NULL) {
        return wk_shopify_order_by_name(r->ctx, &r->shop, r->number, &r->orders, e);
    }
    if (r->email.data != NULL) {
        return wk_shopify_orders_by_email(r->ctx, &r->shop, r->email, &r->orders, e);
    }
    wk_shopify_customer_t customer;
    if (!wk_shopify_customer_by_phone(r->ctx, &r->shop, r->phone, &customer, e)) {
        return false;
    }
    r->orders = customer.orders;
    return true;
}

/* Stock is what it was when it was asked for: a change during the question is told later. */
static va_str_t now(wk_arena_t *a)
{
    struct tm t;
    char text[32];
    time_t seconds = time(NULL);
    size_t len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &t));
    return wk_copy(a, va_str(text, len));
}

static bool ask_shop(wk_shop_need_t *r, wk_error_t *e)
{
    r->shop = (wk_shopify_t){.domain = wk_cell(r->rows, 0, "domain"),
                             .token = va_str_c(r->ctx->config->shopify_access_token),
                             .budget_ms = WK_SHOP_CALLER_MS};
    r->as_of = now(r->ctx->arena);
    return r->what.data != NULL
               ? wk_shopify_variants(r->ctx, &r->shop, r->what, &r->variants, e)
               : ask_orders(r, e);
}

static bool keep_answer(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const wk_shop_need_t *r = arg;
    return wk_shop_keep_orders(tx, &r->orders, true, e) &&
           wk_shop_keep_variants(tx, &r->variants, r->as_of, true, e);
}

static bool in_tx(wk_shop_need_t *r, wk_tx_fn fn, wk_error_t *e)
{
    return wk_tx(r->ctx->db, r->ctx->arena, r->organization, 0, fn, r, e);
}

static bool not_heard(const wk_error_t *e)
{
    wk_log(WK_WARN, "the shop's system was not heard", WK_C("error", e->text));
    return true;
}

bool wk_shop_ask(wk_shop_need_t *need)
{
    wk_error_t e = {0};
    return !(ask_shop(need, &e) && in_tx(need, keep_answer, &e)) && not_heard(&e);
}

static bool refresh(wk_shop_need_t *r)
{
    wk_error_t e = {0};
    if (!in_tx(r, look_tx, &e)) {
        return not_heard(&e);
    }
    return wk_shop_is_needed(r) && wk_shop_ask(r);
}

bool wk_shop_refresh_orders(wk_ctx_t *ctx, va_str_t organization, va_str_t number,
                            va_str_t phone, va_str_t email)
{
    wk_shop_need_t r = {.ctx = ctx,
                        .organization = organization,
                        .number = number,
                        .phone =
                            number.data == NULL && email.data == NULL ? phone : VA_STR_NULL,
                        .email = number.data == NULL ? email : VA_STR_NULL};
    return refresh(&r);
}

bool wk_shop_refresh_products(wk_ctx_t *ctx, va_str_t organization, va_str_t what)
{
    wk_shop_need_t r = {.ctx = ctx, .organization = organization, .what = what};
    return refresh(&r);
}

/* ---------------------------------------------------------------- customers */

bool wk_shop_look_up_later(wk_tx_t *tx, va_str_t customer, wk_error_t *e)
{
    wk_rows_t *rows;
    va_buf_t body;
    if (customer.data == NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_shop_customer_unknown, &customer, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    va_buf_init(&body, wk_mem(wk_tx_arena(tx)), 64);
    va_json_writer_t *w = va_json_writer_new(&body);
    va_json_object(w);
    va_json_add_str(w, "customer", customer);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK &&
           wk_outbox_job(tx, WK_DEFAULT, "shopify.customer", wk_tx_organization(tx), customer,
                         VA_STR_NULL, va_buf_str(&body), e);
}

/* ---------------------------------------------------------------- telling */

void wk_shop_tell_age(wk_tool_call_t *call, const wk_rows_t *rows)
{
    wk_arena_t *a = call->ctx->arena;
    va_str_t known = wk_cell(rows, 0, "known");
    va_str_t when = wk_word_moment(a, call->caller->language, known, wk_cell(rows, 0, "today"));
    va_str_t age = wk_tool_say(call, "tool.shop_cached", {"when", when});
    va_json_add_bool(call->out, "stale", true);
    va_json_add_str(call->out, "known_at", known);
    call->message = wk_printf(a, "%.*s %.*s", (int)call->message.len, call->message.data,
                              (int)age.len, age.data);
}

va_str_t wk_shop_purchases(wk_arena_t *a, const wk_shopify_orders_t *orders)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < orders->n; i++) {
        const wk_shopify_order_t *o = &orders->list[i];
        va_json_object(w);
        va_json_add_str(w, "order_number", o->number);
        va_json_add_str(w, "date", o->placed_at);
        va_json_add_str(w, "total", o->total);
        va_json_add_str(w, "currency", o->currency);
        va_json_key(w, "items");
        va_json_put_raw(w, o->items);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}
