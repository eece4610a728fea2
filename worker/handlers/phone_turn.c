/*
 * phone.turn: what the caller said, or that he said nothing, and what he hears then.
 *
 * However often a turn is asked for, and whatever dies while it is answered, it is heard once,
 * each of its effects is had once, and its answer is one document.
 */
#include "worker/agent/conversation.h"
#include "worker/agent/event.h"
#include "worker/agent/recording.h"
#include "worker/agent/redact_recent.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/phone.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/store/messages.h"
#include "worker/store/phone.h"

#define MAX_HEARD    2000 /* bytes */
#define MAX_SILENCES 2

typedef enum { GOES_ON, WAITS, PUT_THROUGH, ENDS } next_t;

typedef struct {
    wk_phone_t v;
    wk_conversation_t talk;
    va_str_t confidence; /* of what was heard, or absent */
    va_str_t answer;     /* of an earlier request */
    bool silent;

    next_t next;
    wk_destination_t person;
    va_str_t reason; /* why the call is put through, or ends */
    va_str_t text, twiml;
    bool held;     /* a person has the call, and nothing is answered */
    bool declined; /* he does not want to be recorded, and was until now */
} turn_t;

/* ---------------------------------------------------------------- what was heard */

/* 0 to 1, else absent. */
static va_str_t confidence_of(const wk_phone_t *v)
{
    va_str_t text = va_form_get(&v->form, "Confidence");
    bool ok = text.len > 0 && text.len < 20 && (text.data[0] == '0' || text.data[0] == '1');
    for (size_t i = 1; ok && i < text.len; i++) {
        ok = (i == 1 && text.data[i] == '.') ||
             (i > 1 && text.data[0] == '0' && text.data[i] >= '0' && text.data[i] <= '9');
    }
    return ok ? text : VA_STR_NULL;
}

/* A key says more than what was half heard beside it. */
static void read_heard(turn_t *t)
{
    wk_arena_t *a = t->v.ctx->arena;
    va_str_t keys = va_form_get(&t->v.form, "Digits");
    va_str_t words = wk_clean_text(a, va_form_get(&t->v.form, "SpeechResult"));
    va_str_t heard = wk_trim(keys.len > 0 ? wk_clean_text(a, keys) : words);
    t->silent = heard.len == 0;
    t->confidence = keys.len == 0 ? confidence_of(&t->v) : VA_STR_NULL;
    t->talk = (wk_conversation_t){.ctx = t->v.ctx,
                                  .catalogue = t->v.catalogue,
                                  .channel = "voice",
                                  .key = wk_phone_key(&t->v, t->v.turn),
                                  .talk = t->v.sid,
                                  .text = wk_cut_text(heard, MAX_HEARD)};
}

/* What is said to us in pieces is masked in pieces too. */
static bool mask(wk_tx_t *tx, turn_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_arena_t *a = wk_tx_arena(tx);
    if (!wk_sql(tx, &wk_sql_turn_recent, &t->v.call, &rows, e)) {
        return false;
    }
    t->talk.text = wk_redact_recent(wk_redactor(a, t->v.catalogue), a, t->talk.text, rows);
    return true;
}

/* Who calls, as far as the shop believes the carrier; the talk's language is the address's. */
static bool know_caller(wk_tx_t *tx, turn_t *t, wk_error_t *e)
{
    wk_conversation_t *c = &t->talk;
    c->number = t->v.number;
    c->shown = wk_phone_who(&t->v);
    c->shop_number = t->v.shop_number;
    c->call = t->v.call;
    c->level = t->v.attested ? WK_LEVEL_PHONE : WK_LEVEL_ANYBODY;
    if (!wk_conversation_caller(tx, c, t->v.customer, e)) {
        return false;
    }
    c->now = t->v.speech.language;
    return true;
}

/* ---------------------------------------------------------------- what comes of it */

static bool intent_is(const turn_t *t, const char *intent)
{
    return strcmp(t->talk.reception.intent, intent) == 0;
}

/*
 * Whoever wants a person is put through while one can be had; else he is called back. In an
 * emergency people get what he said as well: the one who is rung may not answer.
 */
static void seek_person(turn_t *t)
{
    t->person = wk_phone_person(&t->v, VA_STR_NULL, t->talk.text);
    if (t->person.number.data == NULL) {
        return;
    }
    t->next = PUT_THROUGH;
    t->reason = t->talk.text;
    t->talk.reception.task = t->talk.dialog.urgent > 0 ? "message" : NULL;
    t->text = wk_phone_text(&t->v, t->v.transfer_message, "speech.transferring");
}

static void decide(turn_t *t)
{
    const wk_conversed_t *model = &t->talk.conversed;
    t->v.speech.language = t->talk.reception.language;
    t->text = t->talk.reception.text;
    if (model->transfer.number.data != NULL) {
        t->next = PUT_THROUGH;
        t->person = model->transfer;
        t->reason = model->transfer_reason;
    } else if (model->ends.data != NULL) {
        t->next = ENDS;
        t->reason = model->ends;
    } else if (model->waits) {
        t->next = WAITS;
    } else if (intent_is(t, "human")) {
        seek_person(t);
    } else if (wk_conversation_says_goodbye(&t->talk)) {
        t->next = ENDS;
        t->reason = VA_STR("goodbye");
        t->text = wk_phone_text(&t->v, t->v.end_message, "speech.goodbye");
        t->talk.reception.dialog = (wk_dialog_t){.expected = WK_EXPECT_NOTHING};
    }
}

static void add_sentence(turn_t *t, const char *name)
{
    va_str_t sentence = wk_text(t->v.speech.language, name);
    t->text = t->text.len == 0 ? sentence
                               : wk_printf(t->v.ctx->arena, "%.*s %.*s", (int)t->text.len,
                                           t->text.data, (int)sentence.len, sentence.data);
}

/* The longest call is over, or soon will be: also for who asked for a moment. */
static bool heed_length(wk_tx_t *tx, turn_t *t, wk_error_t *e)
{
    if (t->next != GOES_ON && t->next != WAITS) {
        return true;
    }
    if (t->v.elapsed_s >= t->v.max_s) {
        t->next = ENDS;
        t->reason = VA_STR("limit");
        add_sentence(t, "speech.limit_over");
    } else if (t->v.elapsed_s >= t->v.max_s - WK_PHONE_WARN_S && !t->v.warned) {
        t->next = GOES_ON;
        add_sentence(t, "speech.limit_soon");
        return wk_sql(tx, &wk_sql_phone_warned, &t->v.call, NULL, e);
    }
    return true;
}

static void decide_silence(turn_t *t)
{
    static const char *const texts[] = {"speech.not_heard", "speech.still_there",
                                        "speech.silence"};
    int64_t before = t->v.silences < MAX_SILENCES ? t->v.silences : MAX_SILENCES;
    t->text = wk_text(t->v.speech.language, texts[before]);
    if (before == MAX_SILENCES) {
        t->next = ENDS;
        t->reason = VA_STR("silence");
    }
}

/* ---------------------------------------------------------------- storing it */

static bool write_answer(wk_tx_t *tx, turn_t *t, wk_error_t *e)
{
    wk_phone_t *v = &t->v;
    wk_speech_begin(&v->speech);
    switch (t->next) {
    case PUT_THROUGH:
        if (!wk_phone_put_through(tx, v, &t->person, t->reason, t->text, v->turn + 1, e)) {
            return false;
        }
        break;
    case ENDS:
        wk_speech_say(&v->speech, t->text);
        wk_speech_hang_up(&v->speech);
        break;
    case WAITS:
        wk_speech_wait(&v->speech, v->turn + 1);
        break;
    case GOES_ON:
        wk_speech_listen(&v->speech, t->text, v->turn + 1, t->silent ? v->silences + 1 : 0);
        break;
    }
    t->twiml = wk_speech_end(&v->speech);
    return true;
}

static bool publish_heard(wk_tx_t *tx, const turn_t *t, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "user_transcript", t->v.customer, t->v.call);
    va_json_add_str(ev.json, "callSid", t->v.sid);
    va_json_add_str(ev.json, "transcript", t->talk.text);
    wk_event_confidence(&ev, t->confidence);
    va_json_add_str(ev.json, "language", wk_language_code(t->v.speech.language));
    return wk_event_end(&ev, e);
}

static bool publish_switch(wk_tx_t *tx, const turn_t *t, const wk_language_t *from,
                           wk_error_t *e)
{
    const wk_language_t *to = t->v.speech.language;
    return from == to ||
           wk_event_language_switched(tx, t->v.customer, t->v.call, wk_language_code(from),
                                      wk_language_code(to), "the customer speaks it", e);
}

/* *news false: an earlier run stored it. */
static bool store_heard(wk_tx_t *tx, turn_t *t, bool *news, wk_error_t *e)
{
    wk_rows_t *rows;
    const char *intent = t->talk.reception.intent;
    va_str_t params[] = {t->v.call,
                         t->v.customer,
                         t->talk.text,
                         wk_language_code(t->v.speech.language),
                         t->confidence,
                         t->talk.key,
                         intent != NULL ? va_str_c(intent) : VA_STR_NULL};
    if (!wk_sql(tx, &wk_sql_phone_heard, params, &rows, e)) {
        return false;
    }
    *news = wk_rows_count(rows) > 0;
    return !*news ||
           (publish_heard(tx, t, e) &&
            wk_recording_heed(tx, t->v.catalogue, t->v.call, t->talk.text, &t->declined, e));
}

/* Whatever else is answered, he hears first that it is as he wishes; and no apology for a wish
 * that was understood. */
static void tell_stopped(turn_t *t)
{
    const wk_language_t *l = t->v.speech.language;
    va_str_t stopped = wk_text(l, "recording.stopped"), rest = t->text;
    if (!t->declined) {
        return;
    }
    if (rest.len == 0 || va_str_eq(rest, wk_text(l, "reply.fallback"))) {
        rest = wk_text(l, "speech.after_human");
    }
    t->text = wk_printf(t->v.ctx->arena, "%.*s %.*s", (int)stopped.len, stopped.data,
                        (int)rest.len, rest.data);
    t->next = t->next == WAITS ? GOES_ON : t->next;
}

static bool store_said(wk_tx_t *tx, turn_t *t, wk_error_t *e)
{
    if (!heed_length(tx, t, e) || !write_answer(tx, t, e)) {
        return false;
    }
    /* Only now it is known whether the call ends, and why. */
    va_str_t params[] = {t->v.call, wk_language_code(t->v.speech.language),
                         t->next == ENDS ? t->reason : VA_STR_NULL, VA_STR_NULL};
    const wk_phone_said_t said = {.turn = t->v.turn,
                                  .text = t->text,
                                  .twiml = t->twiml,
                                  .used = t->talk.reception.used,
                                  .citations = t->talk.reception.citations};
    return wk_sql(tx, &wk_sql_phone_goes_on, params, NULL, e) &&
           wk_phone_said(tx, &t->v, &said, e);
}

/* He hears it before whatever the person has for him; the person is told by the event. */
static void tell_stopped_while_held(turn_t *t)
{
    wk_speech_t *s = &t->v.speech;
    if (t->declined) {
        wk_speech_begin(s);
        wk_speech_say(s, wk_text(s->language, "recording.stopped"));
        t->twiml = wk_speech_then(s, t->twiml);
    }
}

/* A person has the call: he reads what was said, and it is his to answer. */
static bool leave_to_person(wk_tx_t *tx, turn_t *t, wk_error_t *e)
{
    bool news;
    if (!t->silent && !store_heard(tx, t, &news, e)) {
        return false;
    }
    tell_stopped_while_held(t);
    return true;
}

/* The same, before the agent has judged it: an emergency is one for everybody. */
static bool hear_for_person(wk_tx_t *tx, turn_t *t, wk_error_t *e)
{
    bool news;
    if (t->silent) {
        return true;
    }
    if (!know_caller(tx, t, e) || !mask(tx, t, e) || !store_heard(tx, t, &news, e)) {
        return false;
    }
    tell_stopped_while_held(t);
    return !news || wk_conversation_watch(tx, &t->talk, e);
}

/* What was said, what is answered, and all that follows of it: one transaction. */
static bool store(wk_tx_t *tx, turn_t *t, wk_error_t *e)
{
    bool news;
    const wk_language_t *before = t->v.speech.language;
    if (!wk_phone_held(tx, &t->v, &t->held, &t->twiml, e)) {
        return false;
    }
    if (t->held) {
        return leave_to_person(tx, t, e);
    }
    decide(t);
    if (!store_heard(tx, t, &news, e)) {
        return false;
    }
    tell_stopped(t);
    return publish_switch(tx, t, before, e) && wk_conversation_keep(tx, &t->talk, e) &&
           store_said(tx, t, e);
}

static bool hear_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    turn_t *t = arg;
    if (!wk_phone_answered(tx, &t->v, t->v.turn, &t->answer, e) ||
        !wk_phone_load(tx, &t->v, e)) {
        return false;
    }
    if (t->answer.data != NULL) {
        return true;
    }
    if (!wk_phone_held(tx, &t->v, &t->held, &t->twiml, e)) {
        return false;
    }
    if (t->held) {
        return hear_for_person(tx, t, e);
    }
    if (t->silent) {
        decide_silence(t);
        return store_said(tx, t, e);
    }
    return know_caller(tx, t, e) && mask(tx, t, e) && wk_conversation_judge(tx, &t->talk, e) &&
           (t->talk.thinks || store(tx, t, e));
}

static bool store_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    return store(tx, arg, e);
}

static bool read_again_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    turn_t *t = arg;
    return wk_phone_answered(tx, &t->v, t->v.turn, &t->answer, e);
}

static bool answer(turn_t *t, wk_error_t *e)
{
    wk_ctx_t *ctx = t->v.ctx;
    va_str_t organization = t->v.organization;
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, hear_tx, t, e)) {
        return false;
    }
    return t->answer.data != NULL || !t->talk.thinks ||
           (wk_conversation_think(&t->talk, organization, e) &&
            wk_tx(ctx->db, ctx->arena, organization, 0, store_tx, t, e));
}

/* Another run answered the same turn first: its answer is the turn's. */
static bool answered_by_another(turn_t *t, wk_error_t *e)
{
    wk_ctx_t *ctx = t->v.ctx;
    return e->code == WK_CONFLICT &&
           wk_tx(ctx->db, ctx->arena, t->v.organization, 0, read_again_tx, t, e) &&
           t->answer.data != NULL;
}

wk_outcome_t wk_phone_turn(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    turn_t t = {.next = GOES_ON};
    if (!wk_phone_read(ctx, &t.v, e)) {
        return wk_phone_failed(&t.v, reply, e);
    }
    read_heard(&t);
    if (!answer(&t, e) && !answered_by_another(&t, e)) {
        return wk_phone_failed(&t.v, reply, e);
    }
    if (t.answer.data != NULL || t.held) {
        return wk_phone_reply(reply, t.held ? t.twiml : t.answer);
    }
    wk_observe_wait_ms("voiceagent_turn_seconds", "engine", t.v.engine, "stage",
                       VA_STR("written"), wk_phone_age_ms(&t.v));
    wk_phone_goes_on(&t.v, t.v.turn + 1,
                     t.next == PUT_THROUGH ? WK_PHONE_DIAL_MS : WK_PHONE_HOLD_MS);
    return wk_phone_reply(reply, t.twiml);
}
