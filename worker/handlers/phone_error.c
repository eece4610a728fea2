/*
 * phone.error: no answer came in time, or a document of ours was refused. The first time the
 * caller is asked again; the second time a person takes over, or calls back.
 */
#include <string.h>

#include "worker/agent/task.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/phone.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/store/phone.h"

typedef struct {
    wk_phone_t v;
    int64_t next; /* the turn to be heard then */
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

static bool trouble_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    trouble_t *t = arg;
    wk_phone_t *v = &t->v;
    bool held;
    if (!wk_phone_load(tx, v, e) || !wk_phone_held(tx, v, &held, &t->twiml, e) ||
        !wk_phone_next_turn(tx, v, v->turn + 1, &t->next, e)) {
        return false;
    }
    if (held) {
        return true;
    }
    if (v->errors == 0) {
        ask_again(t);
        return true;
    }
    wk_destination_t to = wk_phone_person(v, VA_STR_NULL, VA_STR(""));
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

/* Not even the first document could be had: the call begins anew, once. */
static wk_outcome_t begin_anew(wk_phone_t *v, va_str_t failed, va_reply_t *reply)
{
    wk_speech_t *s = &v->speech;
    va_str_t start = wk_speech_start(s);
    wk_speech_begin(s);
    if (names(v->ctx, failed, "e")) {
        wk_speech_say(s, wk_text(s->language, "speech.not_in_service"));
        wk_speech_hang_up(s);
    } else {
        wk_speech_pause(s, 1);
        wk_speech_go_to(s, wk_printf(v->ctx->arena, "%.*s?e=1", (int)start.len, start.data));
    }
    return wk_phone_reply(reply, wk_speech_end(s));
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
            return begin_anew(&t.v, query, reply);
        }
    }
    if (!wk_phone_read_query(ctx, &t.v, query, e)) {
        return wk_phone_failed(&t.v, reply, e);
    }
    wk_log(WK_WARN, "a caller waited in vain, or a document was refused",
           WK_S("error_code", va_form_get(&t.v.form, "ErrorCode")),
           WK_S("error_url", wk_cut_text(va_form_get(&t.v.form, "ErrorUrl"), 80)));
    wk_count("voiceagent_voice_errors_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    if (!wk_tx(ctx->db, ctx->arena, t.v.organization, 0, trouble_tx, &t, e)) {
        return wk_phone_failed(&t.v, reply, e);
    }
    return wk_phone_reply(reply, t.twiml);
}
