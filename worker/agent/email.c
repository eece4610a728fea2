#include "worker/agent/email.h"

#include <time.h>

#include "core/base64.h"
#include "core/hmac.h"
#include "worker/agent/event.h"
#include "worker/agent/outgoing.h"
#include "worker/agent/task.h"
#include "worker/clock.h"
#include "worker/effect.h"
#include "worker/log.h"
#include "worker/mail_header.h"
#include "worker/providers/smtp.h"
#include "worker/store/emails.h"
#include "worker/store/messages.h"

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

/* ---------------------------------------------------------------- transactions */

typedef enum {
    NOTHING, /* it has ended, or there is none */
    WAIT,    /* an attempt may be under way */
    SEND,    /* surely not sent */
    LOST,    /* an attempt began, and nobody knows how it ended */
} next_t;

/* One run's work on an e-mail, and what its transactions decide. */
typedef struct {
    wk_ctx_t *ctx;
    va_str_t organization, key;

    va_str_t effect, message, state, customer, from, to, subject, text, language;
    va_str_t shop, shop_email;
    int64_t now, sending; /* the database's clock (ms); sending 0: none is under way */

    next_t next;
    int64_t begun; /* sending, as this run noted it; 0: it has not */
    bool stopped;  /* it could not be noted, and was not sent */
    bool sent;     /* the server took it */
    bool unsent;   /* surely: it did not, and no note says otherwise */
    va_str_t message_id;
    wk_error_t failure;        /* of the attempt */
    wk_effect_state_t ends_as; /* failed or unknown */
} run_t;

typedef bool step_fn(wk_tx_t *tx, run_t *r, wk_error_t *e);

typedef struct {
    run_t *run;
    step_fn *fn;
} step_t;

static bool run_step(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    step_t *s = arg;
    return s->fn(tx, s->run, e);
}

static bool in_tx(run_t *r, step_fn *fn, wk_error_t *e)
{
    step_t step = {r, fn};
    return wk_tx(r->ctx->db, r->ctx->arena, r->organization, 0, run_step, &step, e) ||
           wk_error_wrap(e, "e-mail");
}

/* Locks the message and reads it. *pending: it waits for its end. */
static bool lock(wk_tx_t *tx, run_t *r, bool *pending, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {r->key, VA_STR_NULL};
    if (!wk_sql(tx, &wk_sql_message_of_effect, params, &rows, e)) {
        return false;
    }
    *pending = false;
    if (wk_rows_count(rows) != 1) {
        return true;
    }
    r->effect = wk_cell(rows, 0, "effect_id");
    r->message = wk_cell(rows, 0, "id");
    r->state = wk_cell(rows, 0, "state");
    r->customer = wk_cell(rows, 0, "customer_id");
    r->from = wk_cell(rows, 0, "from_number");
    r->to = wk_cell(rows, 0, "to_number");
    r->subject = wk_cell(rows, 0, "subject");
    r->text = wk_cell(rows, 0, "content");
    r->language = wk_cell(rows, 0, "language");
    r->now = wk_cell_int(rows, 0, "now_ms", 0);
    r->sending = wk_cell_int(rows, 0, "sending", 0);
    *pending = va_str_eq(r->state, VA_STR("pending"));
    return true;
}

static bool note(wk_tx_t *tx, const run_t *r, int64_t sending, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t params[] = {
        r->message,
        sending != 0 ? wk_printf(a, "%lld", (long long)sending) : VA_STR_NULL,
        VA_STR_NULL,
    };
    return wk_sql(tx, &wk_sql_message_attempt, params, NULL, e);
}

/* What is to be done about it. */
static bool look(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    bool pending;
    wk_rows_t *shop;
    r->next = NOTHING;
    if (!lock(tx, r, &pending, e) || !wk_sql(tx, &wk_sql_email_shop, NULL, &shop, e)) {
        return false;
    }
    if (!pending) {
        return true;
    }
    r->shop = wk_cell(shop, 0, "shop");
    r->shop_email = wk_cell(shop, 0, "shop_email");
    if (r->sending == 0) {
        r->next = SEND;
    } else {
        r->next = r->sending + UNDER_WAY_MS > r->now ? WAIT : LOST;
    }
    return true;
}

/* Of runs that meet here one goes on. */
static bool begin(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    bool pending;
    if (!lock(tx, r, &pending, e)) {
        return false;
    }
    if (!pending || r->sending != 0) {
        return wk_error(e, WK_CONFLICT, "another run sends it");
    }
    r->begun = r->now;
    return note(tx, r, r->begun, e);
}

static bool before_data(void *arg, wk_error_t *e)
{
    run_t *r = arg;
    r->stopped = !in_tx(r, begin, e);
    return !r->stopped;
}

/* What this run noted, if anything, was not to be. */
static bool not_sent(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    bool pending;
    if (!lock(tx, r, &pending, e)) {
        return false;
    }
    return !pending || r->begun == 0 || r->sending != r->begun || note(tx, r, 0, e);
}

/* ---------------------------------------------------------------- ends */

static bool publish_sent(wk_tx_t *tx, const run_t *r, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "email_sent", r->customer, VA_STR_NULL);
    va_json_add_str(ev.json, "messageId", r->message);
    va_json_add_str(ev.json, "email", r->to);
    va_json_add_str(ev.json, "subject", r->subject);
    va_json_add_str(ev.json, "language", r->language);
    return wk_event_end(&ev, e);
}

static bool sent(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    bool pending;
    va_str_t params[2];
    if (!lock(tx, r, &pending, e)) {
        return false;
    }
    if (!pending && !va_str_eq(r->state, VA_STR("unknown"))) {
        return true;
    }
    params[0] = r->message;
    params[1] = r->message_id;
    return wk_effect_finish(tx, r->effect, WK_EFFECT_DONE, r->message_id, VA_STR_NULL, e) &&
           wk_sql(tx, &wk_sql_email_sent, params, NULL, e) && publish_sent(tx, r, e);
}

static bool raise_alarm(wk_tx_t *tx, run_t *r, const char *title, va_str_t key, wk_error_t *e)
{
    wk_task_t task = {.kind = "alarm",
                      .key = key,
                      .priority = "high",
                      .title = title,
                      .body = "task.email_body",
                      .text = r->subject,
                      .who = r->to,
                      .customer = r->customer};
    return wk_task_raise(r->ctx, tx, &task, e);
}

static bool raise_login(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    return raise_alarm(tx, r, "task.smtp_login", VA_STR("alarm:smtp:login"), e);
}

/* A failure of ours says nothing about an attempt of another run: that one ends it. */
static bool is_anothers(const run_t *r)
{
    return r->ends_as == WK_EFFECT_FAILED && r->sending != 0 && r->sending != r->begun;
}

/* Ends it as r->ends_as. */
static bool ended(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    bool pending;
    bool unknown = r->ends_as == WK_EFFECT_UNKNOWN;
    if (!lock(tx, r, &pending, e)) {
        return false;
    }
    if (!pending || is_anothers(r)) {
        return true;
    }
    va_str_t params[] = {r->message, r->failure.detail[0] != '\0' ? va_str_c(r->failure.detail)
                                                                  : VA_STR_NULL};
    va_str_t key = wk_printf(wk_tx_arena(tx), "email:%.*s", (int)r->effect.len, r->effect.data);
    return wk_effect_finish(tx, r->effect, r->ends_as, VA_STR_NULL,
                            wk_outgoing_failure(wk_tx_arena(tx), &r->failure), e) &&
           (unknown || wk_sql(tx, &wk_sql_message_failed, params, NULL, e)) &&
           raise_alarm(tx, r, unknown ? "task.email_unknown" : "task.email_failed", key, e);
}

static wk_outcome_t end_as(run_t *r, wk_effect_state_t state, wk_error_t *e)
{
    r->ends_as = state;
    wk_log(state == WK_EFFECT_UNKNOWN ? WK_ALERT : WK_ERROR,
           "an e-mail was not sent, or may not be", WK_S("effect", r->effect),
           WK_C("code", r->failure.detail), WK_C("error", r->failure.text));
    return in_tx(r, ended, e) ? WK_DONE : WK_AGAIN;
}

/* ---------------------------------------------------------------- attempts */

static wk_outcome_t again(wk_error_t *e, wk_code_t code, int64_t ms, const char *why)
{
    return wk_outgoing_again(e, code, ms, "e-mail", why);
}

/* Surely not sent, and to be tried again. */
static wk_outcome_t later(run_t *r, int64_t ms, wk_error_t *e)
{
    r->unsent = in_tx(r, not_sent, e);
    return r->unsent ? again(e, r->failure.code, ms, r->failure.text) : WK_AGAIN;
}

/* The server was ready, and we were not. */
static wk_outcome_t stopped(run_t *r, wk_error_t *e)
{
    return r->failure.code == WK_CONFLICT ? again(e, WK_CONFLICT, UNDER_WAY_MS, r->failure.text)
                                          : later(r, 0, e);
}

static wk_outcome_t failed(run_t *r, wk_error_t *e)
{
    if (r->stopped) {
        return stopped(r, e);
    }
    switch (r->failure.code) {
    case WK_UNKNOWN:
        return end_as(r, WK_EFFECT_UNKNOWN, e);
    case WK_FORBIDDEN:
        wk_log(WK_ALERT, "the mail server refuses our login", WK_C("error", r->failure.text));
        return in_tx(r, raise_login, e) ? later(r, LOGIN_MS, e) : WK_AGAIN;
    case WK_UNAVAILABLE:
        return later(r, (int64_t)RETRY_MS * r->ctx->attempt, e);
    default:
        return end_as(r, WK_EFFECT_FAILED, e);
    }
}

/*
 * Made of the effect's key: were the e-mail ever sent twice all the same, it would be the same
 * to whoever gets it.
 */
static bool make_message_id(run_t *r, wk_error_t *e)
{
    uint8_t digest[32];
    char hex[2 * ID_BYTES];
    wk_arena_t *a = r->ctx->arena;
    va_str_t org = r->organization, key = r->key;
    va_str_t named = wk_printf(a, "%.*s:%.*s", (int)org.len, org.data, (int)key.len, key.data);
    const char *at = r->from.len > 0 ? memchr(r->from.data, '@', r->from.len) : NULL;
    if (at == NULL || va_sha256(named, digest) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "e-mail: its Message-ID cannot be made");
    }
    va_hex_encode(hex, digest, ID_BYTES);
    r->message_id = wk_printf(a, "%.*s%.*s", (int)sizeof(hex), hex,
                              (int)(r->from.data + r->from.len - at), at);
    return true;
}

/*
 * The server has it, which nobody will ever say again: it is not forgotten because our own
 * store blinks. The lease is kept meanwhile, so that no other run takes it for lost.
 */
static wk_outcome_t keep_sent(run_t *r, wk_error_t *e)
{
    const struct timespec pause = {.tv_nsec = KEEP_PAUSE_MS * 1000000L};
    int64_t until_ms = wk_monotonic_ms() + KEEP_MS;
    bool kept = in_tx(r, sent, e);
    while (!kept && e->code == WK_UNAVAILABLE && wk_monotonic_ms() < until_ms) {
        nanosleep(&pause, NULL);
        kept = in_tx(r, sent, e);
    }
    return kept ? WK_DONE : WK_AGAIN;
}

static wk_outcome_t send_now(run_t *r, wk_error_t *e)
{
    bool mine = wk_mail_is_address(r->shop_email) && !va_str_eq(r->shop_email, r->from);
    if (!make_message_id(r, &r->failure)) {
        return end_as(r, WK_EFFECT_FAILED, e);
    }
    wk_mail_t mail = {.from = r->from,
                      .from_name = r->shop,
                      .to = r->to,
                      .reply_to = mine ? r->shop_email : VA_STR_NULL,
                      .message_id = r->message_id,
                      .subject = r->subject,
                      .text = r->text,
                      .before_data = before_data,
                      .arg = r};
    r->sent = wk_smtp_send(r->ctx, &mail, &r->failure);
    if (!r->sent) {
        return failed(r, e);
    }
    return keep_sent(r, e);
}

static wk_outcome_t attempt(run_t *r, wk_error_t *e)
{
    if (!in_tx(r, look, e)) {
        return WK_AGAIN;
    }
    switch (r->next) {
    case SEND:
        return send_now(r, e);
    case WAIT:
        return again(e, WK_UNKNOWN, r->sending + UNDER_WAY_MS - r->now,
                     "an earlier attempt may be under way");
    case LOST:
        wk_error(&r->failure, WK_UNKNOWN, "nobody knows how an attempt ended");
        return end_as(r, WK_EFFECT_UNKNOWN, e);
    default:
        return WK_DONE;
    }
}

wk_outcome_t wk_email_send(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e)
{
    run_t r = {.ctx = ctx, .organization = organization, .key = key};
    wk_outcome_t outcome = attempt(&r, e);
    if (outcome != WK_AGAIN || r.sent || ctx->attempt < WK_EMAIL_ATTEMPTS) {
        return outcome;
    }
    r.failure = *e;
    return end_as(&r, r.unsent ? WK_EFFECT_FAILED : WK_EFFECT_UNKNOWN, e);
}

wk_outcome_t wk_email_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e)
{
    run_t r = {.ctx = ctx, .organization = organization, .key = key};
    if (!in_tx(&r, look, e)) {
        return WK_AGAIN;
    }
    wk_error(&r.failure, WK_UNKNOWN, WK_OUTGOING_LOST);
    switch (r.next) {
    case SEND:
        return end_as(&r, WK_EFFECT_FAILED, e);
    case LOST:
        return end_as(&r, WK_EFFECT_UNKNOWN, e);
    default:
        return WK_DONE;
    }
}
