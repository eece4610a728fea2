/*
 * media.answer: what was heard in a live call, answered by the receptionist, since the model of
 * the call's engine does not answer. The words are recorded as every turn is (media.turn); what
 * follows of them (a booking, a task, a promise) is done here, once.
 */
#include "worker/agent/conversation.h"
#include "worker/agent/promise.h"
#include "worker/agent/redact.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/media_call.h"
#include "worker/handlers/webhook.h"
#include "worker/store/media.h"

#define MAX_HEARD 2000 /* bytes */

typedef struct {
    wk_media_call_t call;
    wk_conversation_t talk;
    const char *next; /* what the call goes on with; NULL: the talk */
    bool did;         /* something that the caller has to hear of */
} answer_t;

/* ---------------------------------------------------------------- what was heard */

static bool read_question(wk_ctx_t *ctx, answer_t *t, wk_error_t *e)
{
    int64_t epoch, question;
    wk_arena_t *a = ctx->arena;
    const wk_media_call_t *call = &t->call;
    if (call->held) {
        return wk_error(e, WK_FORBIDDEN, "a person has the call");
    }
    va_str_t text = wk_clean_text(a, va_json_get_string(call->body, "text"));
    if (!va_json_int(va_json_get(call->body, "epoch"), &epoch) ||
        !va_json_int(va_json_get(call->body, "question"), &question)) {
        return wk_error(e, WK_INVALID, "no such question");
    }
    t->talk = (wk_conversation_t){
        .ctx = ctx,
        .catalogue = call->catalogue,
        .channel = "voice",
        .key = wk_printf(a, "%.*s:%lld:%lld", (int)call->sid.len, call->sid.data,
                         (long long)epoch, (long long)question),
        .talk = call->sid,
        .text = wk_redact(wk_redactor(a, call->catalogue), a,
                          wk_cut_text(text.data != NULL ? text : VA_STR(""), MAX_HEARD)),
        .number = call->caller.phone,
        .shown = call->caller.phone,
        .shop_number = call->caller.shop_phone,
        .call = call->caller.call,
        .level = call->caller.level};
    return true;
}

/* Who calls, as far as the shop believes the carrier; the language is the talk's. */
static bool know_caller(wk_tx_t *tx, answer_t *t, wk_error_t *e)
{
    wk_conversation_t *c = &t->talk;
    if (!wk_conversation_caller(tx, c, t->call.customer, e)) {
        return false;
    }
    c->now = wk_catalogue_pick(t->call.catalogue, va_json_get_string(t->call.body, "language"),
                               wk_language_code(t->call.caller.language));
    return true;
}

/* ---------------------------------------------------------------- what comes of it */

static bool intent_is(const answer_t *t, const char *intent)
{
    return strcmp(t->talk.reception.intent, intent) == 0;
}

/* Whom a person can be had of is known behind the re-entry door, where there is a way on if
 * nobody is there. */
static void decide(answer_t *t)
{
    wk_reception_t *r = &t->talk.reception;
    if (intent_is(t, "human")) {
        t->next = "dial";
        r->task = NULL;
        r->text = wk_text(r->language, "speech.moment");
    } else if (wk_conversation_says_goodbye(&t->talk)) {
        t->next = "hangup";
        r->text = wk_text(r->language, "speech.goodbye");
        r->dialog = (wk_dialog_t){.expected = WK_EXPECT_NOTHING};
    }
}

/* Of the turn that says it. */
static bool note_used(wk_tx_t *tx, const answer_t *t, wk_error_t *e)
{
    const wk_reception_t *r = &t->talk.reception;
    va_str_t params[] = {t->call.caller.call, r->used,
                         r->citations.len > 0 ? r->citations : VA_STR("[]")};
    return r->used.len == 0 || wk_sql(tx, &wk_sql_media_used, params, NULL, e);
}

static bool keep(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    answer_t *t = arg;
    decide(t);
    bool passed_on = t->talk.reception.task != NULL || intent_is(t, "human");
    unsigned done = t->talk.done | (passed_on ? WK_DONE_PASSED_ON : 0);
    t->did = done != 0 || intent_is(t, "human");
    return wk_conversation_keep(tx, &t->talk, e) && note_used(tx, t, e) &&
           wk_media_did(tx, &t->call, done, e);
}

/* An emergency was heard by the voice process too, whose job tells people of it. */
static bool judge(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    answer_t *t = arg;
    wk_conversation_t *c = &t->talk;
    if (!know_caller(tx, t, e) || !wk_conversation_judge(tx, c, e)) {
        return false;
    }
    c->models = false;
    c->emergency.level = WK_EMERGENCY_LOW;
    c->thinks = c->reception.tool != NULL;
    return c->thinks || keep(tx, t, e);
}

static bool answer(wk_ctx_t *ctx, answer_t *t, wk_error_t *e)
{
    va_str_t organization = ctx->job->org;
    return wk_tx(ctx->db, ctx->arena, organization, 0, judge, t, e) &&
           (!t->talk.thinks || (wk_conversation_think(&t->talk, organization, e) &&
                                wk_tx(ctx->db, ctx->arena, organization, 0, keep, t, e)));
}

/* ---------------------------------------------------------------- the reply */

/* As the arguments of transfer_to_human, which a model would have given. */
static va_str_t detail_of(wk_arena_t *a, va_str_t reason)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), reason.len + 32);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "reason", reason);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("{}");
}

wk_outcome_t wk_media_answer(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_buf_t text;
    answer_t t = {.next = NULL};
    if (!wk_media_call_read(ctx, &t.call, e) || !read_question(ctx, &t, e) ||
        !answer(ctx, &t, e)) {
        return wk_webhook_failed(e);
    }
    va_buf_init(&text, wk_mem(ctx->arena), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "say", t.talk.reception.text);
    va_json_add_str(w, "language", wk_language_code(t.talk.reception.language));
    va_json_add_bool(w, "did", t.did);
    if (t.next != NULL) {
        va_json_add_c(w, "next", t.next);
        va_json_add_str(w, "detail", detail_of(ctx->arena, t.talk.text));
    }
    return wk_media_reply(w, &text, reply, e);
}
