/*
 * personalization.answer: the phone rings, and ElevenLabs asks who it is. Whatever fails, the
 * answer is 200 with every variable: an agent without them would not pick up.
 */
#include "worker/agent/personalization.h"

#include "worker/clock.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/webhook.h"
#include "worker/log.h"
#include "worker/queue.h"

#define DEDUP_S 86400 /* a call rings for less */

#define NO_ORGANIZATION "Organization not found"
#define NO_CONTEXT      "Could not load full context"

typedef struct {
    va_str_t caller, called; /* E.164 or absent */
    va_str_t agent, call_sid, conversation;
} ring_t;

/* ---------------------------------------------------------------- question */

static va_str_t id_of(const va_json_t *body, const char *name)
{
    va_str_t id = va_json_get_string(body, name);
    return wk_webhook_is_id(id) ? id : VA_STR_NULL;
}

static ring_t read_ring(wk_ctx_t *ctx)
{
    wk_error_t e;
    const va_json_t *body;
    if (!wk_webhook_json(ctx, &body, &e)) {
        wk_log(WK_WARN, "personalization asked for without a question", WK_C("error", e.text));
        body = NULL;
    }
    return (ring_t){
        .caller = wk_webhook_number(ctx->arena, va_json_get_string(body, "caller_id")),
        .called = wk_webhook_number(ctx->arena, va_json_get_string(body, "called_number")),
        .agent = id_of(body, "agent_id"),
        .call_sid = id_of(body, "call_sid"),
        .conversation = id_of(body, "conversation_id"),
    };
}

/* ---------------------------------------------------------------- answer */

typedef struct {
    const ring_t *ring;
    wk_caller_facts_t facts;
} lookup_t;

static bool facts_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    lookup_t *l = arg;
    return wk_caller_facts(tx, l->ring->caller, VA_STR_NULL, &l->facts, e);
}

static bool look_up_by(wk_ctx_t *ctx, const char *kind, va_str_t key, lookup_t *l,
                       va_str_t *organization, wk_error_t *e)
{
    *organization = VA_STR_NULL;
    return key.data == NULL || wk_tx_by(ctx->db, ctx->arena, kind, key, ctx->job->deadline_ms,
                                        facts_tx, l, organization, e);
}

/*
 * By the number called, else by the agent that answers it. False: the database did not answer,
 * or whoever asks may not know.
 */
static bool look_up(wk_ctx_t *ctx, lookup_t *l, wk_error_t *e)
{
    va_str_t organization;
    if (!look_up_by(ctx, "number", l->ring->called, l, &organization, e)) {
        return false;
    }
    if (organization.data == NULL &&
        !look_up_by(ctx, "agent", l->ring->agent, l, &organization, e)) {
        return false;
    }
    return organization.data == NULL || wk_webhook_speaks_for(ctx, organization, e);
}

static void note_unrouted(wk_ctx_t *ctx, const ring_t *ring)
{
    wk_error_t e;
    bool number = ring->called.data != NULL;
    if (wk_webhook_unrouted(ctx, number ? "number" : "agent",
                            number ? ring->called : ring->agent, &e) != WK_DONE) {
        wk_log(WK_WARN, "an unrouted call could not be noted", WK_C("error", e.text));
    }
}

/* No shop, so no zone either: the date and time are this host's, as in nginx's own answer. */
static wk_caller_facts_t nothing_known(wk_ctx_t *ctx, const ring_t *ring, const char *error)
{
    struct tm local;
    char today[16] = "", clock[8] = "";
    time_t now = (time_t)(wk_now_ms() / 1000);
    if (localtime_r(&now, &local) != NULL) {
        strftime(today, sizeof(today), "%Y-%m-%d", &local);
        strftime(clock, sizeof(clock), "%H:%M", &local);
    }
    return (wk_caller_facts_t){
        .error = error,
        .caller = ring->caller,
        .today = wk_copy(ctx->arena, va_str_c(today)),
        .clock = wk_copy(ctx->arena, va_str_c(clock)),
    };
}

static void find_facts(wk_ctx_t *ctx, lookup_t *l)
{
    wk_error_t e;
    if (!look_up(ctx, l, &e)) {
        wk_log(WK_ERROR, "a call is answered without its context",
               WK_C("code", wk_code_name(e.code)), WK_C("error", e.text));
        l->facts = nothing_known(ctx, l->ring, NO_CONTEXT);
    } else if (l->facts.organization.data == NULL) {
        l->facts = nothing_known(ctx, l->ring, NO_ORGANIZATION);
        note_unrouted(ctx, l->ring);
    }
}

/* ---------------------------------------------------------------- what comes of it */

static va_str_t begin_body(wk_ctx_t *ctx, const ring_t *ring, const wk_personalization_t *p,
                           const char *language)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), p->variables.len + p->context.len + 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_str(w, "call_sid", ring->call_sid);
    va_json_add_str(w, "conversation_id", ring->conversation);
    va_json_add_str(w, "agent_id", ring->agent);
    va_json_add_str(w, "caller_id", ring->caller);
    va_json_add_str(w, "called_number", ring->called);
    va_json_add_c(w, "language", language);
    va_json_add_str(w, "context", p->context);
    va_json_key(w, "variables");
    va_json_put_raw(w, p->variables);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/*
 * The call is stored by a job of its own: nobody on the phone waits for that. Without it the
 * carrier's callbacks and the report make the row.
 */
static void push_begin(wk_ctx_t *ctx, const ring_t *ring, const wk_caller_facts_t *f,
                       const wk_personalization_t *p, va_str_t language)
{
    bool known;
    wk_error_t e;
    va_str_t sid = ring->call_sid;
    va_str_t body = begin_body(ctx, ring, p, wk_strdup(ctx->arena, language));
    va_str_t id = wk_printf(ctx->arena, "calls.begin-%.*s", (int)sid.len, sid.data);
    va_job_t job = {
        .id = id,
        .type = VA_STR("calls.begin"),
        .org = f->organization,
        .lane = ring->called.data != NULL ? ring->called : f->organization,
        .serial = wk_printf(ctx->arena, "call:%.*s", (int)sid.len, sid.data),
        .dedup = id,
        .enqueued_ms = ctx->job->enqueued_ms,
        .trace = ctx->job->trace,
        .auth_scheme = VA_STR("internal"),
        .body = body,
    };
    if (body.data == NULL ||
        !wk_queue_push(ctx->redis, WK_DEFAULT, &job, DEDUP_S, ctx->arena, &known, &e)) {
        wk_log(WK_WARN, "a call's beginning could not be queued",
               WK_C("error", body.data == NULL ? "it cannot be written" : e.text));
    }
}

wk_outcome_t wk_personalization_answer(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_personalization_t p;
    ring_t ring = read_ring(ctx);
    lookup_t l = {.ring = &ring};
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    if (c == NULL) {
        return WK_GIVE_UP; /* nginx has an answer for that */
    }
    find_facts(ctx, &l);
    if (!wk_personalize(ctx->arena, c, &l.facts, &p, e)) {
        return WK_GIVE_UP;
    }
    reply->status = 200;
    reply->type = VA_STR("application/json");
    reply->body = p.answer;
    if (ring.call_sid.data != NULL && l.facts.organization.data != NULL) {
        push_begin(ctx, &ring, &l.facts, &p, wk_language_code(wk_caller_language(c, &l.facts)));
    }
    return WK_DONE;
}
