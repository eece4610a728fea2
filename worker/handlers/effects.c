/*
 * effects.settle: of one shop, the effects that are still pending long after they were claimed.
 * Whoever claims one queues a job that settles it, or is one; but a job that kills its worker
 * is buried, and a dead one may be dropped. Where none is left another is queued, once; what
 * that one leaves behind ends as one that nobody can tell of, or that surely was not carried
 * out, which people hear of; so does what is not done again unless somebody asks for it.
 */
#include "worker/store/effects.h"
#include "worker/agent/crm.h"
#include "worker/agent/email.h"
#include "worker/agent/outbound.h"
#include "worker/agent/outgoing.h"
#include "worker/agent/sms.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/provisioning.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/metrics.h"

#define BATCH "100" /* of a run; the next one comes in half a minute */

/* ---------------------------------------------------------------- kinds */

static va_str_t key_itself(wk_arena_t *a, va_str_t organization, va_str_t key)
{
    (void)a;
    (void)organization;
    return key;
}

static bool text_anew(wk_tx_t *tx, va_str_t key, wk_error_t *e)
{
    return wk_outgoing_anew(tx, WK_DEFAULT, "sms.send", key, e);
}

static bool email_anew(wk_tx_t *tx, va_str_t key, wk_error_t *e)
{
    return wk_outgoing_anew(tx, WK_DEFAULT, "email.send", key, e);
}

static bool call_anew(wk_tx_t *tx, va_str_t key, wk_error_t *e)
{
    return wk_outgoing_anew(tx, WK_DEFAULT, "outbound.settle", key, e);
}

typedef struct {
    const char *name;
    va_str_t (*serial)(wk_arena_t *a, va_str_t organization, va_str_t key); /* of its jobs */
    /* NULL: it is only done when somebody asks for it again */
    bool (*anew)(wk_tx_t *tx, va_str_t key, wk_error_t *e);
    wk_outcome_t (*give_up)(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e);
} kind_t;

/* All others are claimed and ended in one transaction. */
static const kind_t kinds[] = {
    {"sms", key_itself, text_anew, wk_sms_give_up},
    {"email", key_itself, email_anew, wk_email_give_up},
    {"call", key_itself, call_anew, wk_outbound_give_up},
    {"crm", wk_crm_serial, wk_crm_log_anew, wk_crm_give_up},
    /* a resume's; whether a sign-up is at work the place tells that it holds */
    {"number", key_itself, NULL, wk_setting_up_give_up},
};

static const kind_t *kind_named(va_str_t name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (va_str_eq(name, va_str_c(kinds[i].name))) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* ---------------------------------------------------------------- one of them */

typedef struct {
    wk_ctx_t *ctx;
    const wk_rows_t *rows;
    size_t row;
    const kind_t *kind; /* NULL: later */
} settling_t;

static va_str_t cell(const settling_t *s, const char *column)
{
    return wk_cell(s->rows, s->row, column);
}

static bool run(settling_t *s, wk_tx_fn fn, wk_error_t *e)
{
    return wk_tx(s->ctx->db, s->ctx->arena, s->ctx->job->org, 0, fn, s, e);
}

static bool unsettled_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    settling_t *s = arg;
    wk_rows_t *rows;
    va_str_t most = VA_STR(BATCH);
    bool ok = wk_sql_last(tx, &wk_sql_effects_unsettled, &most, &rows, e);
    s->rows = ok ? rows : NULL;
    return ok;
}

/* With a job for it, when one is wanted. */
static bool later_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    const settling_t *s = arg;
    va_str_t params[] = {cell(s, "id"), s->kind != NULL ? VA_STR("true") : VA_STR("false")};
    if (!wk_sql(tx, &wk_sql_effect_settle_later, params, &rows, e)) {
        return false;
    }
    return s->kind == NULL || wk_rows_affected(rows) == 0 ||
           s->kind->anew(tx, cell(s, "key"), e);
}

/* *waits: it is not lost, but somebody's to settle, or waits for people. */
static bool look(const settling_t *s, const kind_t *kind, bool *waits, wk_error_t *e)
{
    wk_arena_t *a = s->ctx->arena;
    *waits = wk_cell_bool(s->rows, s->row, "postponed");
    return *waits ||
           wk_queue_has_serial(s->ctx->redis, kind->serial(a, s->ctx->job->org, cell(s, "key")),
                               a, waits, e);
}

static void count(const kind_t *kind, const char *what)
{
    wk_count("voiceagent_effects_lost_total", "kind", va_str_c(kind->name), "what",
             va_str_c(what), 1);
}

/* Where it cannot be done, it is tried again when it is looked after next. */
static bool give_up(const settling_t *s, const kind_t *kind, wk_error_t *e)
{
    count(kind, "given_up");
    return kind->give_up(s->ctx, s->ctx->job->org, cell(s, "key"), e) == WK_DONE;
}

static bool settle(settling_t *s, wk_error_t *e)
{
    bool waits;
    const kind_t *kind = kind_named(cell(s, "kind"));
    s->kind = NULL;
    if (kind == NULL) {
        wk_log(WK_ALERT, "an effect of a kind that nobody settles",
               WK_S("effect", cell(s, "id")), WK_S("kind", cell(s, "kind")));
        return run(s, later_tx, e);
    }
    if (!look(s, kind, &waits, e)) {
        return false;
    }
    if (waits) {
        return run(s, later_tx, e);
    }
    if (kind->anew == NULL || wk_cell_bool(s->rows, s->row, "requeued")) {
        return run(s, later_tx, e) && give_up(s, kind, e);
    }
    count(kind, "requeued");
    wk_log(WK_WARN, "an effect was left pending; it is settled anew",
           WK_S("effect", cell(s, "id")), WK_S("kind", cell(s, "kind")));
    s->kind = kind;
    return run(s, later_tx, e);
}

wk_outcome_t wk_effects_settle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_error_t failure = {.store_away = false};
    bool ok = true;
    settling_t s = {.ctx = ctx};
    (void)reply;
    if (!run(&s, unsettled_tx, e)) {
        return wk_webhook_failed(e);
    }
    for (; s.row < wk_rows_count(s.rows) && !failure.store_away; s.row++) {
        if (!settle(&s, &failure)) {
            *e = ok ? failure : *e; /* the first is told; the others have their turn */
            ok = false;
        }
    }
    return ok ? WK_DONE : wk_webhook_failed(e);
}
