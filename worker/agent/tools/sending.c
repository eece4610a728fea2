/* send_sms, send_email, send_checkout_link: what the customer is sent during the talk. */
#include "worker/agent/email.h"
#include "worker/agent/shop.h"
#include "worker/agent/sms.h"
#include "worker/agent/tools/tools.h"
#include "worker/agent/wording.h"
#include "worker/mail_header.h"
#include "worker/store/consents.h"
#include "worker/store/emails.h"
#include "worker/store/followups.h"
#include "worker/store/products.h"

#define MAX_SMS      480 /* characters: four segments of the GSM alphabet, eight of UCS-2 */
#define MAX_TEXTS    10 /* a day to one customer, whatever a talk is led to: each costs money */
#define MAX_SUBJECT  150
#define MAX_EMAIL    4000
#define MAX_RECENT   5 /* e-mails a day to one customer, whatever a talk is led to */
#define MAX_VARIANTS 5 /* named when it is to be chosen among them */

#define EMAIL_ADDRESS                                                                          \
    {.name = "email",                                                                          \
     .description = "address the customer gave, as he spelled it; his own one if absent",      \
     .max = WK_MAIL_ADDRESS_MAX}

/* ---------------------------------------------------------------- by SMS */

static bool refuses_sms(wk_tx_t *tx, va_str_t phone, bool *refuses, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_consent_sms, &phone, &rows, e)) {
        return false;
    }
    *refuses = wk_cell_bool(rows, 0, "refused");
    return true;
}

static bool shop_number(wk_tx_t *tx, const wk_tool_call_t *call, va_str_t *number,
                        wk_error_t *e)
{
    wk_rows_t *rows;
    *number = call->caller->shop_phone;
    if (number->data != NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_texting_number, NULL, &rows, e)) {
        return false;
    }
    *number = wk_rows_count(rows) > 0 ? wk_cell(rows, 0, "phone_number") : VA_STR_NULL;
    return true;
}

/* Else it is refused, and call->status is set. */
static bool has_texts_left(wk_tx_t *tx, wk_tool_call_t *call, va_str_t customer, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_texts_of_a_day, &customer, &rows, e)) {
        return false;
    }
    return wk_cell_int(rows, 0, "recent", 0) < MAX_TEXTS ||
           wk_tool_refuse(call, 429, "too_many",
                          wk_text(call->caller->language, "tool.sms_enough"));
}

/* Claims the tool's effect, and queues the text to the number the talk is held from. */
static bool send_text(wk_tx_t *tx, wk_tool_call_t *call, va_str_t text, wk_error_t *e)
{
    bool first, refuses;
    va_str_t customer, from, key, claim;
    const wk_language_t *l = call->caller->language;
    va_str_t to = call->caller->phone;
    if (to.data == NULL) {
        return wk_tool_refuse(call, 422, "no_number", wk_text(l, "tool.sms_no_number"));
    }
    if (!refuses_sms(tx, to, &refuses, e) || !shop_number(tx, call, &from, e)) {
        return false;
    }
    if (refuses || from.data == NULL) {
        return wk_tool_refuse(call, 409, "no_consent", wk_text(l, "tool.sms_unwanted"));
    }
    if (!wk_tool_words_key(call, "sms:tool", text, &key, e) ||
        !wk_tool_words_key(call, call->tool->name, text, &claim, e) ||
        !wk_tool_customer(tx, call, &customer, e) ||
        !wk_tool_claim(tx, call, claim, &first, e)) {
        return false;
    }
    if (!first) {
        return true;
    }
    if (!has_texts_left(tx, call, customer, e) || call->status != 0) {
        return call->status != 0;
    }
    wk_sms_draft_t draft = {.key = key,
                            .customer = customer,
                            .from = from,
                            .to = to,
                            .text = text,
                            .language = wk_language_code(l),
                            .template = "tool"};
    call->message = wk_text(l, "tool.sms_queued");
    return wk_sms_queue_later(tx, &draft, e);
}

static const wk_arg_t sms_args[] = {
    {.name = "message", .description = "the text", .required = true, .max = MAX_SMS},
    {NULL},
};

static bool send_sms(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    return send_text(tx, call, wk_arg_text(call->args, "message"), e);
}

const wk_tool_t wk_tool_send_sms = {
    .name = "send_sms",
    .args = sms_args,
    .level = WK_LEVEL_PHONE,
    .effect = true,
    .run = send_sms,
};

/* ---------------------------------------------------------------- by e-mail */

/* Sets *to; or refuses, and call->status is set. */
static bool recipient(wk_tx_t *tx, wk_tool_call_t *call, va_str_t customer, va_str_t *to,
                      wk_error_t *e)
{
    bool ready;
    wk_rows_t *rows;
    const wk_language_t *l = call->caller->language;
    va_str_t params[] = {customer, wk_arg_text(call->args, "email")};
    if (!wk_email_ready(tx, call->ctx->config, &ready, e) ||
        !wk_sql(tx, &wk_sql_email_recipient, params, &rows, e)) {
        return false;
    }
    *to = wk_cell(rows, 0, "address");
    if (!ready) {
        return wk_tool_refuse(call, 503, "unavailable", wk_text(l, "tool.email_unavailable"));
    }
    if (to->len == 0) {
        return wk_tool_refuse(call, 422, "no_address", wk_text(l, "tool.email_no_address"));
    }
    if (!wk_mail_is_address(*to)) {
        return wk_tool_refuse(call, 422, "bad_address", wk_text(l, "tool.email_bad_address"));
    }
    if (wk_cell_bool(rows, 0, "refused")) {
        return wk_tool_refuse(call, 409, "no_consent", wk_text(l, "tool.email_unwanted"));
    }
    if (wk_cell_int(rows, 0, "recent", 0) >= MAX_RECENT) {
        return wk_tool_refuse(call, 429, "too_many", wk_text(l, "tool.email_enough"));
    }
    return true;
}

static bool email_claim(wk_tool_call_t *call, va_str_t to, va_str_t subject, va_str_t text,
                        const char *what, va_str_t *key, wk_error_t *e)
{
    va_str_t words = wk_printf(call->ctx->arena, "%.*s\n%.*s\n%.*s", (int)to.len, to.data,
                               (int)subject.len, subject.data, (int)text.len, text.data);
    return wk_tool_words_key(call, what, words, key, e);
}

/* Claims the tool's effect, and queues the e-mail to the customer. */
static bool send_mail(wk_tx_t *tx, wk_tool_call_t *call, va_str_t subject, va_str_t text,
                      wk_error_t *e)
{
    bool first;
    va_str_t customer, to, given = wk_arg_text(call->args, "email"), key, claim;
    const wk_language_t *l = call->caller->language;
    if (!wk_tool_customer(tx, call, &customer, e) ||
        !email_claim(call, given, subject, text, call->tool->name, &claim, e) ||
        !wk_tool_claim(tx, call, claim, &first, e)) {
        return false;
    }
    if (!first) {
        return true;
    }
    if (!recipient(tx, call, customer, &to, e)) {
        return false;
    }
    if (call->status != 0) {
        return true;
    }
    if (!email_claim(call, to, subject, text, "email:tool", &key, e)) {
        return false;
    }
    wk_email_draft_t draft = {.key = key,
                              .customer = customer,
                              .to = to,
                              .subject = subject,
                              .text = text,
                              .language = wk_language_code(l),
                              .template = "tool"};
    call->message = wk_text(l, "tool.email_queued");
    return wk_email_queue(tx, call->ctx->config, &draft, e);
}

static const wk_arg_t email_args[] = {
    {.name = "subject",
     .description = "what it is about, in a few words",
     .required = true,
     .max = MAX_SUBJECT},
    {.name = "message", .description = "the text", .required = true, .max = MAX_EMAIL},
    EMAIL_ADDRESS,
    {NULL},
};

static bool send_email(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    return send_mail(tx, call, wk_arg_text(call->args, "subject"),
                     wk_arg_text(call->args, "message"), e);
}

const wk_tool_t wk_tool_send_email = {
    .name = "send_email",
    .args = email_args,
    .level = WK_LEVEL_PHONE,
    .effect = true,
    .run = send_email,
};

/* ---------------------------------------------------------------- send_checkout_link */

static const char *const link_channels[] = {"sms", "email", NULL};

static const wk_arg_t checkout_args[] = {
    {.name = "product_id",
     .description = "what to buy: product id, SKU, or words of its name",
     .required = true,
     .max = 200},
    {.name = "variant_id", .description = "one variant: its id, size or colour", .max = 100},
    {.name = "quantity", WK_ARG_INTEGER, "how many; one if absent", .min = 1, .max = 100},
    {.name = "channel", .description = "how it is sent; sms if absent", .words = link_channels},
    EMAIL_ADDRESS,
    {NULL},
};

static void ask_shop(wk_tool_call_t *call)
{
    if (wk_shop_refresh_products(call->ctx, call->caller->organization,
                                 wk_arg_text(call->args, "product_id"))) {
        call->shop_away = true;
    }
}

static va_str_t name_of(wk_arena_t *a, const wk_rows_t *rows, size_t i)
{
    va_str_t title = wk_cell(rows, i, "title"), variant = wk_cell(rows, i, "variant_title");
    return variant.len == 0 ? title
                            : wk_printf(a, "%.*s (%.*s)", (int)title.len, title.data,
                                        (int)variant.len, variant.data);
}

static bool refuse_choice(wk_tool_call_t *call, const wk_rows_t *rows)
{
    va_str_t names[MAX_VARIANTS];
    wk_arena_t *a = call->ctx->arena;
    size_t n = wk_rows_count(rows) < MAX_VARIANTS ? wk_rows_count(rows) : MAX_VARIANTS;
    for (size_t i = 0; i < n; i++) {
        names[i] = name_of(a, rows, i);
    }
    va_str_t list = wk_word_list_of(a, call->caller->language, names, n);
    return wk_tool_refuse(call, 409, "which_one",
                          wk_tool_say(call, "tool.checkout_which", {"products", list}));
}

static bool is_available(const wk_rows_t *rows, int64_t quantity)
{
    return !wk_cell_bool(rows, 0, "tracked") ||
           wk_cell_int(rows, 0, "available", 0) >= quantity;
}

/* Sets *rows to the one variant that is meant; or refuses, and call->status is set. */
static bool variant(wk_tx_t *tx, wk_tool_call_t *call, int64_t quantity, wk_rows_t **rows,
                    wk_error_t *e)
{
    const wk_language_t *l = call->caller->language;
    va_str_t what = wk_arg_text(call->args, "product_id");
    va_str_t params[] = {what, wk_arg_text(call->args, "variant_id"), VA_STR("20")};
    if (!wk_sql(tx, &wk_sql_products_find, params, rows, e)) {
        return false;
    }
    if (wk_rows_count(*rows) == 0) {
        return call->shop_away
                   ? wk_tool_refuse(call, 503, "unavailable", wk_text(l, "tool.shop_away"))
                   : wk_tool_refuse(call, 404, "not_found",
                                    wk_tool_say(call, "tool.no_product", {"product", what}));
    }
    if (wk_rows_count(*rows) > 1) {
        return refuse_choice(call, *rows);
    }
    return is_available(*rows, quantity) ||
           wk_tool_refuse(call, 409, "sold_out", wk_text(l, "tool.checkout_sold_out"));
}

static bool store_domain(wk_tx_t *tx, const wk_tool_call_t *call, va_str_t *domain,
                         wk_error_t *e)
{
    bool connected;
    wk_shopify_t shop;
    if (!wk_shop_connection(tx, call->ctx->config, &shop, &connected, e)) {
        return false;
    }
    *domain = shop.domain;
    return true;
}

/* The card is entered in the store, by the customer: none is ever taken in a talk. */
static bool send_checkout_link(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    va_str_t domain;
    wk_rows_t *rows;
    wk_arena_t *a = call->ctx->arena;
    int64_t quantity = wk_arg_int(call->args, "quantity", 1);
    if (!variant(tx, call, quantity, &rows, e) || !store_domain(tx, call, &domain, e)) {
        return false;
    }
    if (call->status != 0) {
        return true;
    }
    va_str_t link = wk_shopify_cart_link(a, domain, wk_cell(rows, 0, "variant_id"), quantity);
    if (link.data == NULL) {
        return wk_tool_refuse(call, 409, "no_store",
                              wk_text(call->caller->language, "tool.checkout_no_store"));
    }
    va_str_t product = name_of(a, rows, 0);
    va_str_t text =
        wk_tool_say(call, "tool.checkout_text", {"product", product},
                    {"quantity", wk_printf(a, "%lld", (long long)quantity)}, {"link", link});
    va_json_add_str(call->out, "checkout_url", link);
    return va_str_eq(wk_arg_word(call->args, "channel", link_channels), VA_STR("email"))
               ? send_mail(tx, call,
                           wk_tool_say(call, "tool.checkout_subject", {"product", product}),
                           text, e)
               : send_text(tx, call, text, e);
}

const wk_tool_t wk_tool_send_checkout_link = {
    .name = "send_checkout_link",
    .args = checkout_args,
    .level = WK_LEVEL_PHONE,
    .effect = true,
    .before = ask_shop,
    .run = send_checkout_link,
};
