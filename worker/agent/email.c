#include "worker/agent/email.h"

#include "core/base64.h"
#include "core/hmac.h"
#include "worker/agent/delivery.h"
#include "worker/agent/event.h"
#include "worker/agent/outgoing.h"
#include "worker/clock.h"
#include "worker/mail_header.h"
#include "worker/providers/smtp.h"
#include "worker/store/emails.h"

#define UNDER_WAY_MS                                                                           \
    (WK_SMTP_TIMEOUT_MS + 10000) /* since its data: an attempt has ended then */
#define RETRY_MS      60000  /* times the attempt: a server that says "later" means minutes */
#define LOGIN_MS      300000 /* before a refused login is tried again */
#define ID_BYTES      16
#define KEEP_MS       60000 /* that an e-mail was sent: as long as Postgres takes to fail over */
#define KEEP_PAUSE_MS 500

/* ---------------------------------------------------------------- queue */

static va_str_t sender(const wk_config_t *config, const wk_rows_t *shop)
{
    return config->smtp_from != NULL ? va_str_c(config->smtp_from)
                                     : wk_cell(shop, 0, "shop_email");
}

bool wk_email_ready(wk_tx_t *tx, const wk_config_t *config, bool *ready, wk_error_t *e)
{
    wk_rows_t *shop;
    if (!wk_sql(tx, &wk_sql_email_shop, NULL, &shop, e)) {
        return wk_error_wrap(e, "e-mail");
    }
    *ready = config->smtp_url != NULL && wk_mail_is_address(sender(config, shop));
    return true;
}

static va_str_t request_of(wk_arena_t *a, const wk_email_draft_t *draft)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "customer", draft->customer);
    va_json_add_str(w, "to", draft->to);
    va_json_add_str(w, "subject", draft->subject);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static bool queue(wk_tx_t *tx, const wk_config_t *config, const wk_email_draft_t *draft,
                  wk_error_t *e)
{
    wk_rows_t *shop;
    wk_effect_t effect;
    if (!wk_effect_claim(tx, "email", draft->key, request_of(wk_tx_arena(tx), draft), &effect,
                         e)) {
        return false;
    }
    if (effect.state != WK_EFFECT_NEW) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_email_shop, NULL, &shop, e)) {
        return false;
    }
    va_str_t params[] = {draft->customer,           draft->text,   draft->language,
                         sender(config, shop),      draft->to,     effect.id,
                         va_str_c(draft->template), draft->subject};
    return wk_sql(tx, &wk_sql_email_queued, params, NULL, e) &&
           wk_outgoing_later(tx, WK_DEFAULT, "email.send", draft->key, e);
}

bool wk_email_queue(wk_tx_t *tx, const wk_config_t *config, const wk_email_draft_t *draft,
                    wk_error_t *e)
{
    return queue(tx, config, draft, e) || wk_error_wrap(e, "e-mail");
}

/* ---------------------------------------------------------------- attempts */

/* Of a run on an e-mail. */
typedef struct {
    va_str_t shop, shop_email;
    bool stopped; /* that it begins could not be noted, and it was not sent */
    va_str_t message_id;
} letter_t;

static bool read_shop(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    wk_rows_t *shop;
    letter_t *l = d->own;
    if (!wk_sql(tx, &wk_sql_email_shop, NULL, &shop, e)) {
        return false;
    }
    l->shop = wk_cell(shop, 0, "shop");
    l->shop_email = wk_cell(shop, 0, "shop_email");
    return true;
}

/* Of runs that meet here one goes on. */
static bool begin(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    bool pending;
    if (!wk_delivery_lock(tx, d, &pending, e)) {
        return false;
    }
    if (!pending || d->sending != 0) {
        return wk_error(e, WK_CONFLICT, "another run sends it");
    }
    return wk_delivery_begin(tx, d, e);
}

static bool before_data(void *arg, wk_error_t *e)
{
    wk_delivery_t *d = arg;
    letter_t *l = d->own;
    l->stopped = !wk_delivery_tx(d, begin, e);
    return !l->stopped;
}

static bool publish_sent(wk_tx_t *tx, const wk_delivery_t *d, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "email_sent", d->message.customer, VA_STR_NULL);
    va_json_add_str(ev.json, "messageId", d->message.id);
    va_json_add_str(ev.json, "email", d->message.to);
    va_json_add_str(ev.json, "subject", d->message.subject);
    va_json_add_str(ev.json, "language", d->message.language);
    return wk_event_end(&ev, e);
}

static bool sent(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    bool pending;
    const letter_t *l = d->own;
    if (!wk_delivery_lock(tx, d, &pending, e)) {
        return false;
    }
    if (!pending &&
        (d->row == NULL || !va_str_eq(wk_cell(d->row, 0, "state"), VA_STR("unknown")))) {
        return true;
    }
    va_str_t params[] = {d->message.id, l->message_id};
    return wk_effect_finish(tx, d->message.effect, WK_EFFECT_DONE, l->message_id, VA_STR_NULL,
                            e) &&
           wk_sql(tx, &wk_sql_email_sent, params, NULL, e) && publish_sent(tx, d, e);
}

/* The server was ready, and we were not: surely not sent either. */
static wk_outcome_t stopped(wk_delivery_t *d, wk_error_t *e)
{
    if (d->failure.code == WK_CONFLICT) {
        return wk_delivery_again(d, WK_CONFLICT, UNDER_WAY_MS, d->failure.text, e);
    }
    d->failure.code = WK_UNAVAILABLE;
    return wk_delivery_failed(d, e);
}

static wk_outcome_t failed(wk_delivery_t *d, wk_error_t *e)
{
    const letter_t *l = d->own;
    if (l->stopped) {
        return stopped(d, e);
    }
    d->failure.retry_after_ms = (int64_t)RETRY_MS * d->ctx->attempt;
    return wk_delivery_failed(d, e);
}

/*
 * Made of the effect's key: were the e-mail ever sent twice all the same, it would be the same
 * to whoever gets it.
 */
static bool make_message_id(wk_delivery_t *d, wk_error_t *e)
{
    uint8_t digest[32];
    char hex[2 * ID_BYTES];
    letter_t *l = d->own;
    wk_arena_t *a = d->ctx->arena;
    va_str_t org = d->organization, key = d->key, from = d->message.from;
    va_str_t named = wk_printf(a, "%.*s:%.*s", (int)org.len, org.data, (int)key.len, key.data);
    const char *at = from.len > 0 ? memchr(from.data, '@', from.len) : NULL;
    if (at == NULL || va_sha256(named, digest) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "e-mail: its Message-ID cannot be made");
    }
    va_hex_encode(hex, digest, ID_BYTES);
    l->message_id =
        wk_printf(a, "%.*s%.*s", (int)sizeof(hex), hex, (int)(from.data + from.len - at), at);
    return true;
}

/*
 * The server has it, which nobody will ever say again: it is not forgotten because our own
 * store blinks. The lease is kept meanwhile, so that no other run takes it for lost.
 */
static wk_outcome_t keep_sent(wk_delivery_t *d, wk_error_t *e)
{
    int64_t until_ms = wk_monotonic_ms() + KEEP_MS;
    d->taken = true;
    bool kept = wk_delivery_tx(d, sent, e);
    while (!kept && e->code == WK_UNAVAILABLE && wk_monotonic_ms() < until_ms) {
        wk_pause_ms(KEEP_PAUSE_MS);
        kept = wk_delivery_tx(d, sent, e);
    }
    return kept ? WK_DONE : WK_AGAIN;
}

static wk_outcome_t send_now(wk_delivery_t *d, wk_error_t *e)
{
    const letter_t *l = d->own;
    const wk_delivery_message_t *m = &d->message;
    bool mine = wk_mail_is_address(l->shop_email) && !va_str_eq(l->shop_email, m->from);
    if (!make_message_id(d, &d->failure)) {
        return wk_delivery_end(d, WK_EFFECT_FAILED, e);
    }
    wk_mail_t mail = {.from = m->from,
                      .from_name = l->shop,
                      .to = m->to,
                      .reply_to = mine ? l->shop_email : VA_STR_NULL,
                      .message_id = l->message_id,
                      .subject = m->subject,
                      .text = m->text,
                      .before_data = before_data,
                      .arg = d};
    return wk_smtp_send(d->ctx, &mail, &d->failure) ? keep_sent(d, e) : failed(d, e);
}

/* Nobody can be asked whether a server took one. */
static const wk_delivery_kind_t emails = {.name = "email",
                                          .attempts = WK_EMAIL_ATTEMPTS,
                                          .under_way_ms = UNDER_WAY_MS,
                                          .login_ms = LOGIN_MS,
                                          .failed = "task.email_failed",
                                          .unknown = "task.email_unknown",
                                          .body = "task.email_body",
                                          .login = "task.smtp_login",
                                          .login_key = "alarm:smtp:login",
                                          .ready = read_shop,
                                          .send = send_now,
                                          .tell = wk_delivery_tell};

wk_outcome_t wk_email_send(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e)
{
    letter_t letter = {.stopped = false};
    wk_delivery_t d = {
        .kind = &emails, .ctx = ctx, .organization = organization, .key = key, .own = &letter};
    return wk_delivery_resume(&d, e);
}

wk_outcome_t wk_email_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e)
{
    wk_delivery_t d = {.kind = &emails, .ctx = ctx, .organization = organization, .key = key};
    return wk_delivery_give_up(&d, e);
}
