#include "worker/agent/sms.h"

#include "worker/agent/event.h"
#include "worker/agent/outgoing.h"
#include "worker/agent/sms_segments.h"
#include "worker/agent/takeover.h"
#include "worker/agent/task.h"
#include "worker/crash.h"
#include "worker/effect.h"
#include "worker/log.h"
#include "worker/providers/twilio.h"
#include "worker/store/consents.h"
#include "worker/store/messages.h"
#include "worker/store/takeovers.h"

#define UNDER_WAY_MS                                                                           \
    10000                  /* longer than a request may take: until then it may still arrive   \
                            */
#define LOOKS_MS     5000  /* between two looks that find nothing */
#define LOGIN_MS     60000 /* before a refused login is tried again */
#define CLOCK_SKEW_S 30    /* between our clock and the provider's */
#define TAKEN_OVER   "taken_over" /* the code of a text that a person's takeover stopped */

/* ---------------------------------------------------------------- queue */

static va_str_t request_of(wk_arena_t *a, const wk_sms_draft_t *draft)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "to", draft->to);
    va_json_add_str(w, "from", draft->from);
    va_json_add_str(w, "body", draft->text);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* A person has the thread: the agent's text waits, or ends before it was tried. */
static bool withhold(wk_tx_t *tx, va_str_t effect, va_str_t message, va_str_t until,
                     wk_error_t *e)
{
    va_str_t params[] = {message, VA_STR(TAKEN_OVER)};
    va_str_t waits[] = {message, until};
    if (until.data != NULL) {
        return wk_sql(tx, &wk_sql_text_postponed, waits, NULL, e);
    }
    return wk_effect_finish(tx, effect, WK_EFFECT_FAILED, VA_STR_NULL,
                            VA_STR("{\"code\":\"" TAKEN_OVER "\"}"), e) &&
           wk_sql(tx, &wk_sql_message_failed, params, NULL, e);
}

static bool is_unheld(va_str_t template)
{
    return va_str_eq(template, VA_STR(WK_SMS_PAGE)) ||
           va_str_eq(template, VA_STR(WK_SMS_OPTED_OUT));
}

static bool withhold_if_held(wk_tx_t *tx, const wk_sms_draft_t *draft, wk_sms_queued_t *queued,
                             wk_error_t *e)
{
    return draft->person.data != NULL || is_unheld(va_str_c(draft->template)) ||
           (wk_takeover_holds_texts(tx, draft->to, &queued->withheld, e) &&
            (!queued->withheld ||
             withhold(tx, queued->effect, queued->message, draft->until, e)));
}

/* later: no attempt to send it is under way. *first false: the key was queued before. */
static bool queue(wk_tx_t *tx, const wk_sms_draft_t *draft, bool later, wk_sms_queued_t *queued,
                  bool *first, wk_error_t *e)
{
    wk_effect_t effect;
    wk_rows_t *rows;
    if (!wk_effect_claim(tx, "sms", draft->key, request_of(wk_tx_arena(tx), draft), &effect,
                         e)) {
        return false;
    }
    *first = effect.state == WK_EFFECT_NEW;
    if (!*first) {
        return true;
    }
    va_str_t params[] = {draft->customer,
                         draft->text,
                         draft->language,
                         draft->from,
                         draft->to,
                         effect.id,
                         va_str_c(draft->template),
                         later ? VA_STR("true") : VA_STR("false"),
                         draft->citations,
                         draft->person,
                         draft->until,
                         wk_printf(wk_tx_arena(tx), "%d", wk_sms_segments(draft->text))};
    if (!wk_sql(tx, &wk_sql_sms_queued, params, &rows, e)) {
        return false;
    }
    *queued = (wk_sms_queued_t){.effect = effect.id,
                                .message = wk_cell(rows, 0, "id"),
                                .customer = draft->customer,
                                .from = draft->from,
                                .to = draft->to,
                                .text = draft->text,
                                .language = draft->language};
    return withhold_if_held(tx, draft, queued, e);
}

bool wk_sms_queue(wk_tx_t *tx, const wk_sms_draft_t *draft, wk_sms_queued_t *queued,
                  wk_error_t *e)
{
    bool first;
    if (!queue(tx, draft, false, queued, &first, e)) {
        return wk_error_wrap(e, "SMS");
    }
    return first || wk_error(e, WK_CONFLICT, "SMS: another run sends it");
}

bool wk_sms_queue_later(wk_tx_t *tx, const wk_sms_draft_t *draft, wk_error_t *e)
{
    bool first;
    wk_sms_queued_t queued;
    if (!queue(tx, draft, true, &queued, &first, e)) {
        return wk_error_wrap(e, "SMS");
    }
    return !first || queued.withheld ||
           wk_outgoing_later(tx, draft->in_bulk ? WK_BULK : WK_DEFAULT, "sms.send", draft->key,
                             e);
}

/* ---------------------------------------------------------------- transactions */

typedef enum {
    NOTHING, /* it has ended, or there is none */
    WAIT,    /* an attempt may be under way */
    SEND,    /* surely not sent */
    ASK,     /* perhaps sent */
} next_t;

/* One run's work on a text, and what its transactions decide. */
typedef struct {
    wk_ctx_t *ctx;
    va_str_t organization;
    va_str_t key; /* to find it by; absent: sms.effect */
    wk_sms_queued_t sms;
    bool unheld; /* no takeover holds it back */
    va_str_t until;
    next_t next;
    int64_t wait_ms;          /* when next is WAIT */
    int64_t now;              /* the database's clock (ms) */
    int64_t sending, claimed; /* begin of the last attempt, and of all, by it */

    va_str_t sids[WK_TWILIO_FOUND]; /* what the provider has that may be it */
    size_t n_sids;
    va_str_t sid;            /* what it is there; absent: nothing of it is there */
    bool unsent;             /* surely: the provider did not take it */
    wk_error_t failure;      /* of the attempt */
    wk_effect_state_t state; /* it ends as */
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
           wk_error_wrap(e, "SMS");
}

/* Locks the message; rows has it. *pending: it waits for its end. */
static bool lock(wk_tx_t *tx, run_t *r, wk_rows_t **rows, bool *pending, wk_error_t *e)
{
    va_str_t params[] = {r->key, r->sms.effect};
    if (!wk_sql(tx, &wk_sql_message_of_effect, params, rows, e)) {
        return false;
    }
    *pending =
        wk_rows_count(*rows) == 1 && va_str_eq(wk_cell(*rows, 0, "state"), VA_STR("pending"));
    return true;
}

static bool mark(wk_tx_t *tx, run_t *r, int64_t sending, int64_t absent_since, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t params[] = {
        r->sms.message,
        sending != 0 ? wk_printf(a, "%lld", (long long)sending) : VA_STR_NULL,
        absent_since != 0 ? wk_printf(a, "%lld", (long long)absent_since) : VA_STR_NULL,
    };
    return wk_sql_later(tx, &wk_sql_message_attempt, params, e);
}

static void read_message(const wk_rows_t *rows, run_t *r)
{
    r->sms = (wk_sms_queued_t){.effect = wk_cell(rows, 0, "effect_id"),
                               .message = wk_cell(rows, 0, "id"),
                               .customer = wk_cell(rows, 0, "customer_id"),
                               .from = wk_cell(rows, 0, "from_number"),
                               .to = wk_cell(rows, 0, "to_number"),
                               .text = wk_cell(rows, 0, "content"),
                               .language = wk_cell(rows, 0, "language")};
    r->unheld = va_str_eq(wk_cell(rows, 0, "speaker"), VA_STR("human_agent")) ||
                is_unheld(wk_cell(rows, 0, "template"));
    r->until = wk_cell(rows, 0, "useful_until");
    r->now = wk_cell_int(rows, 0, "now_ms", 0);
    r->sending = wk_cell_int(rows, 0, "sending", 0);
    r->claimed = wk_cell_int(rows, 0, "claimed_ms", 0);
}

/* An attempt begins now, unless a person has the thread: then there is none any more. */
static bool begin_attempt(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    bool held = false;
    if (!r->unheld && !wk_takeover_holds_texts(tx, r->sms.to, &held, e)) {
        return false;
    }
    r->next = held ? NOTHING : SEND;
    return held ? withhold(tx, r->sms.effect, r->sms.message, r->until, e)
                : mark(tx, r, r->now, 0, e);
}

/* What is to be done about a text that an earlier run queued. */
static bool look(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    bool pending;
    r->next = NOTHING;
    if (!lock(tx, r, &rows, &pending, e)) {
        return false;
    }
    if (!pending) {
        return true;
    }
    read_message(rows, r);
    r->wait_ms = r->sending + UNDER_WAY_MS - r->now;
    r->next = r->sending == 0 ? SEND : r->wait_ms > 0 ? WAIT : ASK;
    return true;
}

static bool look_or_begin(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    return look(tx, r, e) && (r->next != SEND || begin_attempt(tx, r, e));
}

/* Of what the provider has, what is not one of our other messages. */
static bool pick(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    va_buf_t array;
    va_buf_init(&array, wk_mem(wk_tx_arena(tx)), 64 + r->n_sids * 40);
    for (size_t i = 0; i < r->n_sids; i++) {
        va_buf_add_char(&array, i == 0 ? '{' : ',');
        va_buf_add_str(&array, r->sids[i]);
    }
    va_buf_add_c(&array, r->n_sids == 0 ? "{}" : "}");
    va_str_t param = va_buf_str(&array);
    if (!wk_sql(tx, &wk_sql_sms_known, &param, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < r->n_sids && r->sid.data == NULL; i++) {
        bool known = false;
        for (size_t j = 0; j < wk_rows_count(rows); j++) {
            known = known || va_str_eq(wk_cell(rows, j, "sid"), r->sids[i]);
        }
        r->sid = known ? VA_STR_NULL : r->sids[i];
    }
    return true;
}

/*
 * The provider does not have it. Seen a second time, and long enough after the first, that is
 * certain, and it is sent again; another run may have been quicker.
 */
static bool note_absence(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    bool pending;
    int64_t seen = r->sending;
    r->next = NOTHING;
    if (!lock(tx, r, &rows, &pending, e)) {
        return false;
    }
    if (!pending) {
        return true;
    }
    read_message(rows, r);
    int64_t absent_since = wk_cell_int(rows, 0, "absent_since", 0);
    if (r->sending != seen) {
        r->next = WAIT;
        r->wait_ms = UNDER_WAY_MS;
        return true;
    }
    if (absent_since == 0) {
        absent_since = r->now;
    }
    r->wait_ms = absent_since + LOOKS_MS - r->now;
    r->next = WAIT;
    return r->wait_ms > 0 ? mark(tx, r, r->sending, absent_since, e) : begin_attempt(tx, r, e);
}

static bool not_under_way(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    bool pending;
    r->unsent = true;
    return lock(tx, r, &rows, &pending, e) && (!pending || mark(tx, r, 0, 0, e));
}

/* ---------------------------------------------------------------- ends */

static bool publish_sent(wk_tx_t *tx, const run_t *r, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "sms_sent", r->sms.customer, VA_STR_NULL);
    va_json_add_str(ev.json, "messageId", r->sms.message);
    va_json_add_str(ev.json, "messageSid", r->sid);
    va_json_add_str(ev.json, "phoneNumber", r->sms.to);
    va_json_add_str(ev.json, "message", r->sms.text);
    va_json_add_str(ev.json, "language", r->sms.language);
    return wk_event_end(&ev, e);
}

/* Whoever learns it first says so; nothing else has to be done then. */
static bool accepted(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    bool pending;
    if (!lock(tx, r, &rows, &pending, e)) {
        return false;
    }
    if (wk_rows_count(rows) != 1) {
        return true; /* not one of ours */
    }
    va_str_t known = wk_cell(rows, 0, "provider_message_id");
    read_message(rows, r);
    if (known.data != NULL) {
        if (!va_str_eq(known, r->sid)) {
            wk_log(WK_ALERT, "a text was sent twice", WK_S("effect", r->sms.effect),
                   WK_S("first", known), WK_S("second", r->sid));
        }
        return true;
    }
    va_str_t params[] = {r->sms.message, r->sid};
    return wk_effect_finish(tx, r->sms.effect, WK_EFFECT_DONE, r->sid, VA_STR_NULL, e) &&
           wk_sql_later(tx, &wk_sql_sms_accepted, params, e) && publish_sent(tx, r, e);
}

static bool raise_alarm(wk_tx_t *tx, run_t *r, const char *title, const char *key, va_str_t by,
                        wk_error_t *e)
{
    wk_task_t task = {.kind = "alarm",
                      .key = wk_printf(wk_tx_arena(tx), "%s:%.*s", key, (int)by.len,
                                       by.len > 0 ? by.data : ""),
                      .priority = "high",
                      .title = title,
                      .body = "task.sms_body",
                      .text = r->sms.text,
                      .who = r->sms.to,
                      .number = r->sms.from,
                      .customer = r->sms.customer};
    return wk_task_raise(r->ctx, tx, &task, e);
}

/* The carrier knows an opt-out that never reached us. */
static bool note_opt_out(wk_tx_t *tx, const run_t *r, wk_error_t *e)
{
    va_str_t params[] = {r->sms.customer, r->sms.to, VA_STR("false"), VA_STR("carrier"),
                         va_str_c(r->failure.detail)};
    return wk_sql(tx, &wk_sql_consent_note_sms, params, NULL, e);
}

/* A task for what nobody will see otherwise; an opt-out is the customer's wish. */
static bool tell_people(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    if (wk_twilio_opted_out(&r->failure)) {
        return note_opt_out(tx, r, e);
    }
    if (wk_twilio_bad_sender(&r->failure)) {
        return raise_alarm(tx, r, "task.twilio_number", "alarm:twilio:number", r->sms.from, e);
    }
    const char *title = r->state == WK_EFFECT_UNKNOWN ? "task.sms_unknown" : "task.sms_failed";
    return raise_alarm(tx, r, title, "sms", r->sms.effect, e);
}

/* Ends it as r->state, failed or unknown. */
static bool ended(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    wk_rows_t *rows;
    bool pending;
    if (!lock(tx, r, &rows, &pending, e)) {
        return false;
    }
    if (!pending) {
        return true;
    }
    read_message(rows, r);
    va_str_t params[] = {r->sms.message, r->failure.detail[0] != '\0'
                                             ? va_str_c(r->failure.detail)
                                             : VA_STR_NULL};
    return wk_effect_finish(tx, r->sms.effect, r->state, VA_STR_NULL,
                            wk_outgoing_failure(wk_tx_arena(tx), &r->failure), e) &&
           (r->state == WK_EFFECT_UNKNOWN ||
            wk_sql(tx, &wk_sql_message_failed, params, NULL, e)) &&
           tell_people(tx, r, e);
}

/* ---------------------------------------------------------------- attempts */

static wk_outcome_t again(wk_error_t *e, wk_code_t code, int64_t ms, const char *why)
{
    return wk_outgoing_again(e, code, ms, "SMS", why);
}

static wk_outcome_t end_as(run_t *r, wk_effect_state_t state, wk_error_t *e)
{
    r->state = state;
    wk_log(state == WK_EFFECT_UNKNOWN ? WK_ALERT : WK_ERROR,
           "a text was not sent, or may not be", WK_S("effect", r->sms.effect),
           WK_PHONE("to", r->sms.to), WK_C("code", r->failure.detail),
           WK_C("error", r->failure.text));
    return in_tx(r, ended, e) ? WK_DONE : WK_AGAIN;
}

static bool raise_login(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    return not_under_way(tx, r, e) &&
           raise_alarm(tx, r, "task.twilio_login", "alarm:twilio", VA_STR("login"), e);
}

/* The attempt failed, and says how. */
static wk_outcome_t failed(run_t *r, wk_error_t *e)
{
    switch (r->failure.code) {
    case WK_UNAVAILABLE:
        if (!in_tx(r, not_under_way, e)) {
            return WK_AGAIN;
        }
        return again(e, WK_UNAVAILABLE, r->failure.retry_after_ms, r->failure.text);
    case WK_FORBIDDEN:
        wk_log(WK_ALERT, "the SMS provider refuses our login", WK_C("error", r->failure.text));
        return in_tx(r, raise_login, e) ? again(e, WK_UNAVAILABLE, LOGIN_MS, r->failure.text)
                                        : WK_AGAIN;
    case WK_UNKNOWN:
        return again(e, WK_UNKNOWN, UNDER_WAY_MS, r->failure.text);
    default:
        return end_as(r, WK_EFFECT_FAILED, e);
    }
}

static wk_sms_t message_of(const run_t *r)
{
    return (wk_sms_t){
        .from = r->sms.from, .to = r->sms.to, .body = r->sms.text, .effect = r->sms.effect};
}

static wk_outcome_t send_now(run_t *r, wk_error_t *e)
{
    wk_sms_t sms = message_of(r);
    wk_crash_point("sms.before");
    if (!wk_twilio_send(r->ctx, &sms, &r->sid, &r->failure)) {
        return failed(r, e);
    }
    wk_crash_point("sms.after");
    return in_tx(r, accepted, e) ? WK_DONE : WK_AGAIN;
}

/* An attempt may have been carried out: the provider knows. */
static wk_outcome_t ask(run_t *r, wk_error_t *e)
{
    wk_sms_t sms = message_of(r);
    int64_t since = r->claimed / 1000 - CLOCK_SKEW_S;
    if (!wk_twilio_find(r->ctx, &sms, since, r->sids, &r->n_sids, &r->failure)) {
        return again(e, WK_UNAVAILABLE, r->failure.retry_after_ms, r->failure.text);
    }
    if (!in_tx(r, pick, e)) {
        return WK_AGAIN;
    }
    if (r->sid.data != NULL) {
        return in_tx(r, accepted, e) ? WK_DONE : WK_AGAIN;
    }
    if (!in_tx(r, note_absence, e)) {
        return WK_AGAIN;
    }
    switch (r->next) {
    case SEND:
        return send_now(r, e);
    case WAIT:
        return again(e, WK_UNKNOWN, r->wait_ms, "the provider does not have it yet");
    default:
        return WK_DONE;
    }
}

/* The last attempt has failed: what is not certain stays uncertain, and people hear of it. */
static wk_outcome_t unless_last(run_t *r, wk_outcome_t outcome, wk_error_t *e)
{
    bool taken = r->sid.data != NULL; /* what could not be stored is told by its callback */
    if (outcome != WK_AGAIN || taken || r->ctx->attempt < WK_SMS_ATTEMPTS) {
        return outcome;
    }
    r->failure = *e;
    return end_as(r, r->unsent ? WK_EFFECT_FAILED : WK_EFFECT_UNKNOWN, e);
}

wk_outcome_t wk_sms_send(wk_ctx_t *ctx, va_str_t organization, const wk_sms_queued_t *queued,
                         wk_error_t *e)
{
    run_t r = {.ctx = ctx, .organization = organization, .sms = *queued};
    return queued->withheld ? WK_DONE : unless_last(&r, send_now(&r, e), e);
}

static wk_outcome_t resume(run_t *r, wk_error_t *e)
{
    if (!in_tx(r, look_or_begin, e)) {
        return WK_AGAIN;
    }
    switch (r->next) {
    case SEND:
        return send_now(r, e);
    case ASK:
        return ask(r, e);
    case WAIT:
        return again(e, WK_UNKNOWN, r->wait_ms, "an earlier attempt may be under way");
    default:
        return WK_DONE;
    }
}

wk_outcome_t wk_sms_resume(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e)
{
    run_t r = {.ctx = ctx, .organization = organization, .key = key};
    return unless_last(&r, resume(&r, e), e);
}

wk_outcome_t wk_sms_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e)
{
    run_t r = {.ctx = ctx, .organization = organization, .key = key};
    if (!in_tx(&r, look, e)) {
        return WK_AGAIN;
    }
    wk_error(&r.failure, WK_UNKNOWN, WK_OUTGOING_LOST);
    switch (r.next) {
    case SEND:
        return end_as(&r, WK_EFFECT_FAILED, e);
    case ASK:
        return end_as(&r, WK_EFFECT_UNKNOWN, e);
    default:
        return WK_DONE;
    }
}

static bool release(wk_tx_t *tx, const wk_rows_t *rows, size_t row, wk_error_t *e)
{
    va_str_t key = wk_cell(rows, row, "key"), skip = wk_cell(rows, row, "skip");
    va_str_t canceled[] = {wk_cell(rows, row, "message_id"), skip};
    if (skip.data == NULL) {
        return wk_outgoing_anew(tx, WK_BULK, "sms.send", key, e);
    }
    return va_str_eq(skip, VA_STR("ended")) ||
           (wk_effect_finish(tx, wk_cell(rows, row, "effect_id"), WK_EFFECT_FAILED, VA_STR_NULL,
                             wk_cell(rows, row, "result"), e) &&
            wk_sql(tx, &wk_sql_sms_canceled, canceled, NULL, e));
}

bool wk_sms_release(wk_tx_t *tx, int n, bool *more, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t most = wk_printf(wk_tx_arena(tx), "%d", n);
    if (!wk_sql(tx, &wk_sql_texts_postponed, &most, &rows, e)) {
        return wk_error_wrap(e, "postponed texts");
    }
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        if (!release(tx, rows, i, e)) {
            return wk_error_wrap(e, "postponed texts");
        }
    }
    *more = wk_rows_count(rows) == (size_t)n;
    return true;
}

bool wk_sms_heard_of(wk_tx_t *tx, va_str_t effect, va_str_t message_sid, wk_error_t *e)
{
    run_t r = {.sms = {.effect = effect}, .sid = message_sid};
    return accepted(tx, &r, e);
}
