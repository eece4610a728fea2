#include "worker/agent/sms.h"

#include "worker/agent/event.h"
#include "worker/agent/outgoing.h"
#include "worker/agent/sms_segments.h"
#include "worker/agent/takeover.h"
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
             withhold(tx, queued->message.effect, queued->message.id, draft->until, e)));
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
                         wk_printf(wk_tx_arena(tx), "%d", wk_sms_segments(draft->text)),
                         draft->tools};
    if (!wk_sql(tx, &wk_sql_sms_queued, params, &rows, e)) {
        return false;
    }
    *queued = (wk_sms_queued_t){.message = {.effect = effect.id,
                                            .id = wk_cell(rows, 0, "id"),
                                            .customer = draft->customer,
                                            .from = draft->from,
                                            .to = draft->to,
                                            .text = draft->text,
                                            .language = draft->language},
                                .begun = wk_cell_int(rows, 0, "sending", 0)};
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

/* ---------------------------------------------------------------- what the provider has */

/* Of a run on a text. */
typedef struct {
    va_str_t sids[WK_TWILIO_FOUND]; /* what may be it */
    size_t n_sids;
    va_str_t sid; /* what it is; absent: nothing of it is there */
} found_t;

/* Of what the provider has, what is not one of our other messages. */
static bool pick(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    wk_rows_t *rows;
    va_buf_t array;
    found_t *f = d->own;
    va_buf_init(&array, wk_mem(wk_tx_arena(tx)), 64 + f->n_sids * 40);
    for (size_t i = 0; i < f->n_sids; i++) {
        va_buf_add_char(&array, i == 0 ? '{' : ',');
        va_buf_add_str(&array, f->sids[i]);
    }
    va_buf_add_c(&array, f->n_sids == 0 ? "{}" : "}");
    va_str_t param = va_buf_str(&array);
    if (!wk_sql(tx, &wk_sql_sms_known, &param, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < f->n_sids && f->sid.data == NULL; i++) {
        bool known = false;
        for (size_t j = 0; j < wk_rows_count(rows); j++) {
            known = known || va_str_eq(wk_cell(rows, j, "sid"), f->sids[i]);
        }
        f->sid = known ? VA_STR_NULL : f->sids[i];
    }
    return true;
}

/* An attempt begins now, unless a person has the thread: then there is none any more. */
static bool begin_unless_held(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    bool held = false;
    bool unheld = va_str_eq(wk_cell(d->row, 0, "speaker"), VA_STR("human_agent")) ||
                  is_unheld(wk_cell(d->row, 0, "template"));
    if (!unheld && !wk_takeover_holds_texts(tx, d->message.to, &held, e)) {
        return false;
    }
    d->next = held ? WK_DELIVERY_NOTHING : WK_DELIVERY_SEND;
    return held ? withhold(tx, d->message.effect, d->message.id,
                           wk_cell(d->row, 0, "useful_until"), e)
                : wk_delivery_begin(tx, d, e);
}

/*
 * The provider does not have it. Seen a second time, and long enough after the first, that is
 * certain, and it is sent again; another run may have been quicker.
 */
static bool note_absence(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    bool pending;
    int64_t seen = d->sending;
    d->next = WK_DELIVERY_NOTHING;
    if (!wk_delivery_lock(tx, d, &pending, e)) {
        return false;
    }
    if (!pending) {
        return true;
    }
    int64_t absent_since = wk_cell_int(d->row, 0, "absent_since", 0);
    d->next = WK_DELIVERY_WAIT;
    if (d->sending != seen) {
        d->wait_ms = UNDER_WAY_MS;
        return true;
    }
    if (absent_since == 0) {
        absent_since = d->now;
    }
    d->wait_ms = absent_since + LOOKS_MS - d->now;
    return d->wait_ms > 0 ? wk_delivery_note(tx, d, d->sending, absent_since, e)
                          : begin_unless_held(tx, d, e);
}

/* ---------------------------------------------------------------- ends */

static bool publish_sent(wk_tx_t *tx, const wk_delivery_t *d, wk_error_t *e)
{
    wk_event_t ev;
    const found_t *f = d->own;
    wk_event_begin(&ev, tx, "sms_sent", d->message.customer, VA_STR_NULL);
    va_json_add_str(ev.json, "messageId", d->message.id);
    va_json_add_str(ev.json, "messageSid", f->sid);
    va_json_add_str(ev.json, "phoneNumber", d->message.to);
    va_json_add_str(ev.json, "message", d->message.text);
    va_json_add_str(ev.json, "language", d->message.language);
    return wk_event_end(&ev, e);
}

/* Whoever learns it first says so; nothing else has to be done then. */
static bool accepted(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    bool pending;
    va_str_t sid = ((const found_t *)d->own)->sid;
    if (!wk_delivery_lock(tx, d, &pending, e)) {
        return false;
    }
    if (d->row == NULL) {
        return true; /* not one of ours */
    }
    va_str_t known = wk_cell(d->row, 0, "provider_message_id");
    if (known.data != NULL) {
        if (!va_str_eq(known, sid)) {
            wk_log(WK_ALERT, "a text was sent twice", WK_S("effect", d->message.effect),
                   WK_S("first", known), WK_S("second", sid));
        }
        return true;
    }
    va_str_t params[] = {d->message.id, sid};
    return wk_effect_finish(tx, d->message.effect, WK_EFFECT_DONE, sid, VA_STR_NULL, e) &&
           wk_sql_later(tx, &wk_sql_sms_accepted, params, e) && publish_sent(tx, d, e);
}

/* The carrier knows an opt-out that never reached us. */
static bool note_opt_out(wk_tx_t *tx, const wk_delivery_t *d, wk_error_t *e)
{
    va_str_t params[] = {d->message.customer, d->message.to, VA_STR("false"), VA_STR("carrier"),
                         va_str_c(d->failure.detail)};
    return wk_sql(tx, &wk_sql_consent_note_sms, params, NULL, e);
}

/* A task for what nobody will see otherwise; an opt-out is the customer's wish. */
static bool tell_people(wk_tx_t *tx, wk_delivery_t *d, wk_error_t *e)
{
    va_str_t from = d->message.from;
    if (wk_twilio_opted_out(&d->failure)) {
        return note_opt_out(tx, d, e);
    }
    if (wk_twilio_bad_sender(&d->failure)) {
        return wk_delivery_task(
            tx, d, "task.twilio_number",
            wk_printf(wk_tx_arena(tx), "alarm:twilio:number:%.*s", (int)from.len, from.data),
            e);
    }
    return wk_delivery_tell(tx, d, e);
}

/* ---------------------------------------------------------------- attempts */

static wk_outcome_t end_accepted(wk_delivery_t *d, wk_error_t *e)
{
    d->taken = true; /* what could not be stored is told by its callback */
    return wk_delivery_tx(d, accepted, e) ? WK_DONE : WK_AGAIN;
}

static wk_sms_t message_of(const wk_delivery_t *d)
{
    return (wk_sms_t){.from = d->message.from,
                      .to = d->message.to,
                      .body = d->message.text,
                      .effect = d->message.effect};
}

static wk_outcome_t send_now(wk_delivery_t *d, wk_error_t *e)
{
    found_t *f = d->own;
    wk_sms_t sms = message_of(d);
    wk_crash_point("sms.before");
    if (!wk_twilio_send(d->ctx, &sms, &f->sid, &d->failure)) {
        return wk_delivery_failed(d, e);
    }
    wk_crash_point("sms.after");
    return end_accepted(d, e);
}

/* An attempt may have been carried out: the provider knows. */
static wk_outcome_t ask(wk_delivery_t *d, wk_error_t *e)
{
    found_t *f = d->own;
    wk_sms_t sms = message_of(d);
    int64_t since = wk_cell_int(d->row, 0, "claimed_ms", 0) / 1000 - CLOCK_SKEW_S;
    if (!wk_twilio_find(d->ctx, &sms, since, f->sids, &f->n_sids, &d->failure)) {
        return wk_delivery_again(d, WK_UNAVAILABLE, d->failure.retry_after_ms, d->failure.text,
                                 e);
    }
    if (!wk_delivery_tx(d, pick, e)) {
        return WK_AGAIN;
    }
    if (f->sid.data != NULL) {
        return end_accepted(d, e);
    }
    if (!wk_delivery_tx(d, note_absence, e)) {
        return WK_AGAIN;
    }
    switch (d->next) {
    case WK_DELIVERY_SEND:
        return send_now(d, e);
    case WK_DELIVERY_WAIT:
        return wk_delivery_again(d, WK_UNKNOWN, d->wait_ms, "the provider does not have it yet",
                                 e);
    default:
        return WK_DONE;
    }
}

static const wk_delivery_kind_t texts = {.name = "sms",
                                         .attempts = WK_SMS_ATTEMPTS,
                                         .under_way_ms = UNDER_WAY_MS,
                                         .login_ms = LOGIN_MS,
                                         .failed = "task.sms_failed",
                                         .unknown = "task.sms_unknown",
                                         .body = "task.sms_body",
                                         .login = "task.twilio_login",
                                         .login_key = "alarm:twilio:login",
                                         .ready = begin_unless_held,
                                         .send = send_now,
                                         .ask = ask,
                                         .tell = tell_people};

static wk_delivery_t delivery(wk_ctx_t *ctx, va_str_t organization, va_str_t key,
                              found_t *found)
{
    return (wk_delivery_t){
        .kind = &texts, .ctx = ctx, .organization = organization, .key = key, .own = found};
}

wk_outcome_t wk_sms_send(wk_ctx_t *ctx, va_str_t organization, const wk_sms_queued_t *queued,
                         wk_error_t *e)
{
    found_t found = {.n_sids = 0};
    wk_delivery_t d = delivery(ctx, organization, VA_STR_NULL, &found);
    d.message = queued->message;
    d.begun = queued->begun;
    return queued->withheld ? WK_DONE : wk_delivery_unless_last(&d, send_now(&d, e), e);
}

wk_outcome_t wk_sms_resume(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e)
{
    found_t found = {.n_sids = 0};
    wk_delivery_t d = delivery(ctx, organization, key, &found);
    return wk_delivery_resume(&d, e);
}

wk_outcome_t wk_sms_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key, wk_error_t *e)
{
    wk_delivery_t d = delivery(ctx, organization, key, NULL);
    return wk_delivery_give_up(&d, e);
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
    found_t found = {.sid = message_sid};
    wk_delivery_t d = {.message = {.effect = effect}, .own = &found};
    return accepted(tx, &d, e);
}
