/*
 * post_call.store: what ElevenLabs reports when a conversation is over. A report that is too
 * large to travel with its job, and one that is not final yet, is asked for.
 */
#include "worker/agent/call_analysis.h"
#include "worker/agent/call_cost.h"
#include "worker/agent/call_promises.h"
#include "worker/agent/erasure.h"
#include "worker/agent/recording.h"
#include "worker/agent/urgent.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/providers/elevenlabs.h"
#include "worker/store/calls.h"
#include "worker/store/voicemail.h"
#include "worker/store/webhooks.h"

#define NOT_FINAL_MS 5000   /* before a conversation in the making is asked for again */
#define LOGIN_MS     900000 /* before a refused login is tried again */

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    va_str_t type;
    const va_json_t *data; /* NULL: it did not travel with the job */
    va_str_t conversation, agent;
    va_str_t called; /* the shop's number, E.164, where it is told */
    wk_report_t report;
    wk_call_promises_t *promises; /* in its words */
    wk_call_told_t told;
    const char *failed_as; /* the status of a call that could not be placed */
} event_t;

typedef bool event_tx(wk_tx_t *tx, event_t *ev, wk_error_t *e);

static va_str_t id_or_null(va_str_t id)
{
    return wk_webhook_is_id(id) ? id : VA_STR_NULL;
}

static va_str_t first_of(va_str_t a, va_str_t b)
{
    return a.len > 0 ? a : b;
}

/* The platform's envelope {type, data}, or the flat report of the bike store guide. */
static bool read_event(wk_ctx_t *ctx, event_t *ev, wk_error_t *e)
{
    const va_json_t *body = NULL;
    if (!ctx->job->body_omitted && !wk_webhook_json(ctx, &body, e)) {
        return false;
    }
    const va_json_t *data = va_json_get(body, "data");
    ev->data = va_json_is(data, VA_JSON_OBJECT) ? data : body;
    ev->type = first_of(va_json_get_string(body, "type"), wk_webhook_member(ctx->job, "type"));
    if (ev->type.len == 0) {
        ev->type = VA_STR("post_call_transcription");
    }
    va_str_t told = first_of(wk_webhook_member(ctx->job, "conversation"),
                             wk_webhook_member(ctx->job, "flat_conversation"));
    ev->conversation =
        id_or_null(first_of(va_json_get_string(ev->data, "conversation_id"), told));
    ev->agent = id_or_null(first_of(va_json_get_string(ev->data, "agent_id"),
                                    wk_webhook_member(ctx->job, "agent")));
    return ev->conversation.data != NULL ||
           wk_error(e, WK_INVALID, "a report without a conversation");
}

static bool find_organization(event_t *ev, va_str_t *organization, wk_error_t *e)
{
    return wk_webhook_organization(ev->ctx, "agent", ev->agent, organization, e) &&
           (organization->data != NULL ||
            wk_webhook_organization(ev->ctx, "number", ev->called, organization, e));
}

typedef struct {
    event_t *ev;
    event_tx *fn;
} step_t;

static bool run_step(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    step_t *s = arg;
    bool erased;
    const wk_call_told_t *told = &s->ev->told;
    return wk_erasure_of_call(tx, told->call_sid, told->conversation, &erased, e) &&
           (erased || s->fn(tx, s->ev, e));
}

static wk_outcome_t store(event_t *ev, event_tx *fn, wk_error_t *e)
{
    va_str_t organization;
    step_t step = {ev, fn};
    if (!find_organization(ev, &organization, e)) {
        return wk_webhook_failed(e);
    }
    if (organization.data == NULL) {
        bool by_agent = ev->agent.data != NULL;
        return wk_webhook_unrouted(ev->ctx, by_agent ? "agent" : "number",
                                   by_agent ? ev->agent : ev->called, e);
    }
    return wk_tx(ev->ctx->db, ev->ctx->arena, organization, 0, run_step, &step, e)
               ? WK_DONE
               : wk_webhook_failed(e);
}

/* *is_new: no event of this type was stored of this conversation before. */
static bool note_once(wk_tx_t *tx, const event_t *ev, bool *is_new, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {VA_STR("elevenlabs"), ev->type, ev->conversation};
    if (!wk_sql(tx, &wk_sql_webhook_note, params, &rows, e)) {
        return false;
    }
    *is_new = wk_rows_affected(rows) == 1;
    return true;
}

/* ---------------------------------------------------------------- transcription */

static bool is_final(const va_json_t *data)
{
    va_str_t status = va_json_get_string(data, "status");
    return status.data == NULL || va_str_eq(status, VA_STR("done")) ||
           va_str_eq(status, VA_STR("failed"));
}

/*
 * A conversation that was deleted meanwhile leaves nothing to report. A login that is refused,
 * or missing, is put right by people, and no report is lost until then.
 */
static wk_outcome_t fetch(event_t *ev, wk_error_t *e)
{
    if (wk_elevenlabs_conversation(ev->ctx, ev->conversation, &ev->data, e)) {
        return WK_DONE;
    }
    if (e->code == WK_FORBIDDEN || e->code == WK_REFUSED) {
        wk_log(WK_ALERT, "a conversation cannot be fetched",
               WK_S("conversation", ev->conversation), WK_C("error", e->text));
    }
    if (e->code == WK_FORBIDDEN) {
        e->code = WK_UNAVAILABLE;
        e->retry_after_ms = LOGIN_MS;
    }
    return wk_webhook_failed(e);
}

static wk_call_told_t told_by(const event_t *ev)
{
    const wk_report_t *r = &ev->report;
    wk_arena_t *a = ev->ctx->arena;
    const wk_language_t *l = wk_catalogue_find(ev->catalogue, r->language);
    va_str_t customer = wk_webhook_number(a, r->customer_number);
    return (wk_call_told_t){
        .call_sid = id_or_null(r->call_sid),
        .conversation = ev->conversation,
        .outbound = r->outbound,
        .caller = r->outbound ? ev->called : customer,
        .called = r->outbound ? customer : ev->called,
        .agent_id = ev->agent,
        .engine = VA_STR("elevenlabs"),
        .language = l != NULL ? wk_language_code(l) : VA_STR_NULL,
        .started_at = r->started_at,
        .told_at = ev->ctx->job->enqueued_ms / 1000,
        .anonymous = !r->outbound && customer.data == NULL,
    };
}

/* The platform's agent has dealt with the machine by itself. */
static bool note_voicemail(wk_tx_t *tx, const event_t *ev, va_str_t call, wk_error_t *e)
{
    va_str_t params[] = {call, VA_STR("agent"), VA_STR_NULL};
    return !ev->report.voicemail || wk_sql(tx, &wk_sql_voicemail_taken, params, NULL, e);
}

/* What no event told of while it was said. A machine that took the call has no emergency. */
static bool look_for_emergency(wk_tx_t *tx, const event_t *ev, const wk_call_t *call,
                               wk_error_t *e)
{
    const wk_report_t *r = &ev->report;
    va_str_t *texts = wk_alloc(wk_tx_arena(tx), (r->n_turns + 1) * sizeof(*texts));
    wk_heard_t heard = {.call = call, .texts = texts};
    for (size_t i = 0; i < r->n_turns; i++) {
        if (va_str_eq(r->turns[i].speaker, VA_STR("customer"))) {
            texts[heard.n++] = r->turns[i].text;
        }
    }
    return heard.n == 0 || r->voicemail ||
           wk_urgent_heard(ev->ctx, tx, ev->catalogue, &heard, e);
}

/* What a platform alone has heard while the call went on. */
static bool look_for_objection(wk_tx_t *tx, const event_t *ev, va_str_t call, wk_error_t *e)
{
    const wk_report_t *r = &ev->report;
    bool declined = false, ok = true;
    for (size_t i = 0; ok && !declined && i < r->n_turns; i++) {
        ok = !va_str_eq(r->turns[i].speaker, VA_STR("customer")) ||
             wk_recording_heed(tx, ev->catalogue, call, r->turns[i].text, &declined, e);
    }
    return ok;
}

static bool transcription_tx(wk_tx_t *tx, event_t *ev, wk_error_t *e)
{
    bool is_new;
    wk_call_t call;
    if (!note_once(tx, ev, &is_new, e)) {
        return false;
    }
    if (!is_new) {
        return true;
    }
    return wk_call_open(tx, &ev->told, &call, e) && look_for_emergency(tx, ev, &call, e) &&
           look_for_objection(tx, ev, call.id, e) &&
           wk_call_promises_judge(ev->promises, tx, &call, e) &&
           wk_call_analyze(tx, ev->catalogue, &call, &ev->report, e) &&
           wk_call_cost(tx, ev->ctx->config, call.id, e) &&
           note_voicemail(tx, ev, call.id, e) &&
           (!ev->report.has_audio || wk_sql(tx, &wk_sql_call_has_audio, &call.id, NULL, e));
}

static wk_outcome_t store_transcription(event_t *ev, wk_error_t *e)
{
    wk_arena_t *a = ev->ctx->arena;
    if (ev->data == NULL || !is_final(ev->data)) {
        wk_outcome_t outcome = fetch(ev, e);
        if (outcome != WK_DONE) {
            return outcome;
        }
    }
    if (!is_final(ev->data)) {
        wk_error(e, WK_UNAVAILABLE, "the conversation is not final yet");
        e->retry_after_ms = NOT_FINAL_MS;
        return WK_AGAIN;
    }
    if (!wk_report_read(a, wk_redactor(a, ev->catalogue), ev->data, &ev->report, e)) {
        return wk_webhook_failed(e);
    }
    ev->agent = first_of(ev->agent, id_or_null(ev->report.agent_id));
    ev->called = wk_webhook_number(a, ev->report.shop_number);
    ev->told = told_by(ev);
    ev->promises = wk_call_promises(ev->ctx, ev->catalogue, &ev->report);
    wk_outcome_t outcome = store(ev, transcription_tx, e);
    if (outcome == WK_DONE) {
        wk_call_promises_count(ev->promises);
    }
    return outcome;
}

/* ---------------------------------------------------------------- audio */

static bool audio_tx(wk_tx_t *tx, event_t *ev, wk_error_t *e)
{
    wk_call_t call;
    return wk_call_open(tx, &ev->told, &call, e) &&
           wk_sql(tx, &wk_sql_call_has_audio, &call.id, NULL, e) && wk_call_close(tx, &call, e);
}

static wk_outcome_t store_audio(event_t *ev, wk_error_t *e)
{
    ev->told = (wk_call_told_t){.conversation = ev->conversation,
                                .agent_id = ev->agent,
                                .engine = VA_STR("elevenlabs")};
    return store(ev, audio_tx, e);
}

/* ---------------------------------------------------------------- a call that was not placed
 */

static bool failure_tx(wk_tx_t *tx, event_t *ev, wk_error_t *e)
{
    wk_call_t call;
    return wk_call_open(tx, &ev->told, &call, e) &&
           wk_call_advance(tx, &call, ev->failed_as, 0,
                           va_json_get_string(ev->data, "failure_reason"), e) &&
           wk_call_close(tx, &call, e);
}

/* failure_reason as a status of ours. */
static const char *failed_as(va_str_t reason)
{
    if (va_str_eq(reason, VA_STR("busy"))) {
        return "busy";
    }
    return va_str_eq(reason, VA_STR("no-answer")) ? "no_answer" : "failed";
}

static wk_outcome_t store_failure(event_t *ev, wk_error_t *e)
{
    wk_arena_t *a = ev->ctx->arena;
    const va_json_t *carrier = va_json_pointer(ev->data, VA_STR("/metadata/body"));
    ev->called = wk_webhook_number(a, va_json_get_string(carrier, "From"));
    ev->failed_as = failed_as(va_json_get_string(ev->data, "failure_reason"));
    ev->told = (wk_call_told_t){
        .call_sid = id_or_null(va_json_get_string(carrier, "CallSid")),
        .conversation = ev->conversation,
        .outbound = true,
        .caller = ev->called,
        .called = wk_webhook_number(a, va_json_get_string(carrier, "To")),
        .agent_id = ev->agent,
        .engine = VA_STR("elevenlabs"),
        .told_at = ev->ctx->job->enqueued_ms / 1000,
    };
    return store(ev, failure_tx, e);
}

/* ---------------------------------------------------------------- the event */

static const struct {
    const char *type;
    wk_outcome_t (*store)(event_t *ev, wk_error_t *e);
} types[] = {
    {"post_call_transcription", store_transcription},
    {"post_call_audio", store_audio},
    {"call_initiation_failure", store_failure},
};

wk_outcome_t wk_post_call_store(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    event_t ev = {.ctx = ctx, .catalogue = wk_catalogue(ctx->config, e)};
    (void)reply;
    if (ev.catalogue == NULL || !read_event(ctx, &ev, e)) {
        return wk_webhook_failed(e);
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (va_str_eq(ev.type, va_str_c(types[i].type))) {
            return types[i].store(&ev, e);
        }
    }
    return WK_DONE; /* what the platform may come to report one day */
}
