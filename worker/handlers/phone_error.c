/*
 * phone.error: no answer came in time, or a document of ours was refused. The first time the
 * caller is asked again; the second time a person takes over, or calls back.
 */
#include <string.h>

#include "worker/agent/engines.h"
#include "worker/agent/task.h"
#include "worker/call_token.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/phone_held.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/store/phone.h"

#define MOST_BEGINNINGS 4 /* of a call, each with another engine */

typedef struct {
    wk_phone_t v;
    int64_t next;         /* the turn to be heard then */
    bool refused;         /* the carrier had the document, and did not take it */
    wk_phone_left_t left; /* the person who had taken the call over */
    va_str_t twiml;
} trouble_t;

static void ask_again(trouble_t *t)
{
    wk_speech_t *s = &t->v.speech;
    s->errors = 1;
    wk_speech_begin(s);
    wk_speech_listen(s, wk_text(s->language, "speech.error"), t->next, 0);
    t->twiml = wk_speech_end(s);
}

static bool end_call(wk_tx_t *tx, trouble_t *t, wk_error_t *e)
{
    wk_phone_t *v = &t->v;
    va_str_t params[] = {v->call, wk_language_code(v->speech.language), VA_STR("failed"),
                         VA_STR_NULL};
    wk_task_t task = {
        .kind = "callback",
        .key = wk_printf(v->ctx->arena, "cut_off:%.*s", (int)v->sid.len, v->sid.data),
        .priority = "high",
        .title = "task.cut_off",
        .who = wk_phone_who(v),
        .customer = v->customer};
    wk_speech_say(&v->speech, wk_text(v->speech.language, "speech.error_end"));
    wk_speech_hang_up(&v->speech);
    return wk_task_raise(v->ctx, tx, &task, e) &&
           wk_sql(tx, &wk_sql_phone_goes_on, params, NULL, e);
}

/* From whoever he was put through to: the document behind that is what could not be had. */
static bool note_came_back(wk_tx_t *tx, const wk_phone_t *v, wk_error_t *e)
{
    va_str_t params[] = {v->call, wk_printf(v->ctx->arena, "%lld", (long long)v->turn)};
    return wk_sql(tx, &wk_sql_phone_came_back, params, NULL, e);
}

static bool trouble_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    trouble_t *t = arg;
    wk_phone_t *v = &t->v;
    bool held;
    if (!wk_phone_load(tx, v, e) || !wk_phone_held_left(tx, v, &t->left, e)) {
        return false;
    }
    if (t->left.takeover.data != NULL) {
        t->twiml = t->left.twiml;
        return true;
    }
    if (!wk_phone_held(tx, v, &held, &t->twiml, e) ||
        !wk_phone_next_turn(tx, v, v->turn + 1, &t->next, e)) {
        return false;
    }
    if (held) {
        return true;
    }
    if (!note_came_back(tx, v, e)) {
        return false;
    }
    if (v->errors == 0) {
        ask_again(t);
        return true;
    }
    wk_destination_t to = wk_phone_person(v, VA_STR_NULL, VA_STR(""));
    v->speech.errors = v->errors;
    wk_speech_begin(&v->speech);
    bool ok = to.number.data != NULL
                  ? wk_phone_put_through(tx, v, &to, VA_STR(""),
                                         wk_text(v->speech.language, "speech.error_human"),
                                         t->next, e)
                  : end_call(tx, t, e);
    t->twiml = wk_speech_end(&v->speech);
    return ok;
}

/* ---------------------------------------------------------------- whose trouble */

/*
 * The carrier's own fallback address names no call; the address whose document could not be had
 * does, from the first turn on.
 */
static va_str_t failed_query(const wk_phone_t *v)
{
    va_str_t url = va_form_get(&v->form, "ErrorUrl");
    const char *mark = url.len > 0 ? memchr(url.data, '?', url.len) : NULL;
    return mark != NULL ? va_str(mark + 1, (size_t)(url.data + url.len - mark) - 1)
                        : VA_STR("");
}

static bool names(wk_ctx_t *ctx, va_str_t query, const char *arg)
{
    va_form_t args;
    return va_form_parse(wk_mem(ctx->arena), query, &args) == VA_OK &&
           va_form_get(&args, arg).len > 0;
}

/* 12000 and above are the errors of a document, 11000 and above of how it was had. */
static bool is_refused(const wk_phone_t *v)
{
    va_str_t code = va_form_get(&v->form, "ErrorCode");
    return code.len == 5 && memcmp(code.data, "12", 2) == 0;
}

/* ---------------------------------------------------------------- the first document */

static wk_outcome_t not_in_service(wk_phone_t *v, va_reply_t *reply)
{
    wk_speech_begin(&v->speech);
    wk_speech_say(&v->speech, wk_text(v->speech.language, "speech.not_in_service"));
    wk_speech_hang_up(&v->speech);
    return wk_phone_reply(reply, wk_speech_end(&v->speech));
}

/* `refused` (absent: none): the engine whose document was not taken, and that is left out. */
static void begin_anew(trouble_t *t, int64_t n, va_str_t refused)
{
    wk_speech_t *s = &t->v.speech;
    va_str_t start = wk_speech_start(s);
    wk_speech_begin(s);
    wk_speech_pause(s, 1);
    wk_speech_go_to(s, wk_printf(s->ctx->arena, "%.*s?e=%lld%s%.*s", (int)start.len, start.data,
                                 (long long)n, refused.len > 0 ? "&refused=" : "",
                                 (int)refused.len, refused.data));
    t->twiml = wk_speech_end(s);
}

/* A call that not even a row tells of is called back all the same. */
static bool find_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    trouble_t *t = arg;
    wk_phone_t *v = &t->v;
    if (wk_phone_load(tx, v, e)) {
        return true;
    }
    if (e->code != WK_NOT_FOUND || v->organization.data == NULL) {
        return false;
    }
    v->speech.language = wk_catalogue_pick(v->catalogue, v->language, VA_STR_NULL);
    wk_speech_begin(&v->speech);
    bool ok = end_call(tx, t, e);
    t->twiml = wk_speech_end(&v->speech);
    return ok;
}

/* Whether another engine is behind the one whose document was refused. */
static bool may_begin_anew(const trouble_t *t, int64_t beginnings)
{
    const wk_engines_entry_t *engine = wk_engines_find(t->v.engine);
    return t->refused && engine != NULL && engine->kind != WK_ENGINE_TALK &&
           beginnings < MOST_BEGINNINGS;
}

static bool hand_over(trouble_t *t, wk_error_t *e)
{
    wk_phone_t *v = &t->v;
    wk_ctx_t *ctx = v->ctx;
    v->errors = 1; /* a caller who was never heard is not asked to say it again */
    v->speech.language = wk_catalogue_pick(v->catalogue, v->language, VA_STR_NULL);
    return wk_call_token_mint(ctx->config, ctx->arena, VA_TOKEN_CALL, v->sid, v->organization,
                              0, WK_CALL_TOKEN_S, &v->speech.token, e) &&
           wk_tx(ctx->db, ctx->arena, v->organization, 0, trouble_tx, t, e);
}

/*
 * Not even the first document could be had, or taken: the call begins anew, once, and with the
 * next engine where one was refused; then people have it.
 */
static wk_outcome_t never_begun(trouble_t *t, int64_t beginnings, va_reply_t *reply,
                                wk_error_t *e)
{
    wk_phone_t *v = &t->v;
    wk_ctx_t *ctx = v->ctx;
    va_str_t organization = VA_STR_NULL;
    va_str_t called = wk_webhook_number(ctx->arena, va_form_get(&v->form, "To"));
    if (beginnings == 0 && !t->refused) {
        begin_anew(t, 1, VA_STR_NULL);
        return wk_phone_reply(reply, t->twiml);
    }
    if (called.data != NULL &&
        !wk_tx_by(ctx->db, ctx->arena, "number", called, 0, find_tx, t, &organization, e)) {
        return wk_phone_failed(v, reply, e);
    }
    if (organization.data == NULL) {
        return not_in_service(v, reply);
    }
    if (t->twiml.data != NULL) {
        return wk_phone_reply(reply, t->twiml);
    }
    if (beginnings == 0 || may_begin_anew(t, beginnings)) {
        begin_anew(t, beginnings + 1, v->engine);
        return wk_phone_reply(reply, t->twiml);
    }
    return hand_over(t, e) ? wk_phone_reply(reply, t->twiml) : wk_phone_failed(v, reply, e);
}

wk_outcome_t wk_phone_error(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    trouble_t t = {.twiml = VA_STR_NULL};
    va_str_t query = ctx->job->http_args;
    if (!names(ctx, query, "c")) {
        if (!wk_phone_begin(ctx, &t.v, e)) {
            return wk_phone_failed(&t.v, reply, e);
        }
        query = failed_query(&t.v);
        if (!names(ctx, query, "c")) {
            t.refused = is_refused(&t.v);
            return never_begun(&t, wk_phone_number_of(ctx, query, "e"), reply, e);
        }
    }
    if (!wk_phone_read_query(ctx, &t.v, query, e)) {
        return wk_phone_failed(&t.v, reply, e);
    }
    wk_log(WK_WARN, "a caller waited in vain, or a document was refused",
           WK_S("error_code", va_form_get(&t.v.form, "ErrorCode")),
           WK_S("error_url", wk_cut_text(va_form_get(&t.v.form, "ErrorUrl"), 80)));
    wk_count("voiceagent_voice_errors_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    if (!wk_tx(ctx->db, ctx->arena, t.v.organization, 0, trouble_tx, &t, e) ||
        (t.left.takeover.data != NULL && !wk_phone_held_give_back(&t.v, &t.left, e))) {
        return wk_phone_failed(&t.v, reply, e);
    }
    return wk_phone_reply(reply, t.twiml);
}
