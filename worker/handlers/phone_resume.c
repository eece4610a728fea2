/*
 * phone.resume: the re-entry door. Behind every stream and every platform's own verbs stands a
 * redirect to here: an engine that is done says what comes next, and one that died says
 * nothing, so that the call goes on where it stood.
 *
 * phone.stream_status: what the carrier tells of a stream.
 */
#include "worker/agent/engines.h"
#include "worker/agent/task.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/phone_engine.h"
#include "worker/handlers/webhook.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/providers/elevenlabs.h"
#include "worker/providers/livekit.h"
#include "worker/store/phone.h"

#define MOST_RECENT 3  /* resumes within the window before the engine is given up */
#define MOST_IN_ALL 10 /* in one call */
#define MOST_TRIES                                                                             \
    10 /* of a stream that nobody claims: its process has died, and is replaced */
#define MAX_REASON 200 /* bytes of why a call ends */
#define CLOCKS_S   60  /* that the platform's clock and ours may differ */

typedef struct {
    wk_phone_t v;
    wk_call_resumed_t back;
    bool known;              /* the state was there */
    bool held;               /* a person has the call: twiml leads to him */
    const char *by_itself;   /* what comes next where nobody has left anything */
    wk_caller_facts_t facts; /* for an agent at a platform, where the shop has one */
    int64_t turn; /* to be heard next, by what is answered; the state may be behind, or lost */
    va_str_t twiml;
} resume_t;

/* ---------------------------------------------------------------- what comes next */

static bool next_is(const resume_t *r, const char *word)
{
    return va_str_eq(r->back.next, va_str_c(word));
}

static int64_t next_turn(const resume_t *r)
{
    return r->back.state.turn > r->turn ? r->back.state.turn : r->turn;
}

/* "engine:x" names the engine behind which the chain goes on at x. */
static va_str_t named_engine(const resume_t *r)
{
    const va_str_t prefix = VA_STR("engine:");
    va_str_t next = r->back.next;
    bool named = next.len > prefix.len && memcmp(next.data, prefix.data, prefix.len) == 0;
    return named ? va_str(next.data + prefix.len, next.len - prefix.len) : VA_STR_NULL;
}

static bool fell_too_often(const resume_t *r)
{
    const wk_call_state_t *state = &r->back.state;
    return r->back.recent > MOST_RECENT || state->resumes > MOST_IN_ALL ||
           state->tries > MOST_TRIES;
}

static bool has_kind(const resume_t *r, wk_engines_kind_t kind)
{
    const wk_engines_entry_t *engine = wk_engines_find(r->back.state.engine);
    return engine != NULL && engine->kind == kind;
}

/* A room that lost its agent is not tried again while the caller listens to nothing. */
static bool is_given_up(const resume_t *r)
{
    return fell_too_often(r) || (has_kind(r, WK_ENGINE_ROOM) && !next_is(r, "returned"));
}

/* ---------------------------------------------------------------- ends */

typedef struct {
    const wk_phone_t *v;
    va_str_t reason; /* absent: the one that is known, if any */
} end_t;

static bool end_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const end_t *end = arg;
    const wk_phone_t *v = end->v;
    va_str_t params[] = {v->call, wk_language_code(v->speech.language), end->reason,
                         VA_STR_NULL};
    return wk_sql(tx, &wk_sql_phone_goes_on, params, NULL, e);
}

static bool cut_off_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    resume_t *r = arg;
    wk_phone_t *v = &r->v;
    end_t end = {v, VA_STR("failed")};
    wk_task_t task = {
        .kind = "callback",
        .key = wk_printf(v->ctx->arena, "cut_off:%.*s", (int)v->sid.len, v->sid.data),
        .priority = "high",
        .title = "task.cut_off",
        .who = wk_phone_who(v),
        .customer = v->customer};
    return wk_task_raise(v->ctx, tx, &task, e) && end_tx(tx, &end, e);
}

static void say_and_hang_up(resume_t *r, va_str_t text)
{
    wk_speech_begin(&r->v.speech);
    wk_speech_say(&r->v.speech, r->back.state.due);
    wk_speech_say(&r->v.speech, text);
    wk_speech_hang_up(&r->v.speech);
    r->twiml = wk_speech_end(&r->v.speech);
}

static bool end_call(resume_t *r, va_str_t reason, va_str_t text, wk_error_t *e)
{
    wk_ctx_t *ctx = r->v.ctx;
    end_t end = {&r->v, reason};
    say_and_hang_up(r, text);
    return wk_tx(ctx->db, ctx->arena, r->v.organization, 0, end_tx, &end, e);
}

static bool give_up(resume_t *r, wk_error_t *e)
{
    wk_ctx_t *ctx = r->v.ctx;
    say_and_hang_up(r, wk_text(r->v.speech.language, "speech.resumed_end"));
    return wk_tx(ctx->db, ctx->arena, r->v.organization, 0, cut_off_tx, r, e);
}

/* A member of what the engine that closed the stream left; or nothing. */
static va_str_t detail(const resume_t *r, const char *name)
{
    return va_json_get_string(wk_json_parse(r->v.ctx->arena, r->back.state.detail), name);
}

/* A voice process leaves the arguments of transfer_to_human. */
static bool dial_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    resume_t *r = arg;
    wk_phone_t *v = &r->v;
    va_str_t said = detail(r, "client_message"), reason = detail(r, "reason");
    reason = reason.data != NULL ? reason : VA_STR("");
    wk_destination_t to = wk_phone_person(v, detail(r, "destination"), reason);
    int64_t turn = next_turn(r) + 1;
    wk_speech_begin(&v->speech);
    wk_speech_say(&v->speech, r->back.state.due);
    if (to.number.data == NULL) {
        wk_speech_go_to(&v->speech, wk_speech_url(&v->speech, "transfer", turn, NULL));
    } else if (!wk_phone_put_through(
                   tx, v, &to, reason,
                   said.len > 0 ? said : wk_text(v->speech.language, "speech.transferring"),
                   turn, e)) {
        return false;
    }
    r->twiml = wk_speech_end(&v->speech);
    return true;
}

static bool dial(resume_t *r, wk_error_t *e)
{
    wk_ctx_t *ctx = r->v.ctx;
    return wk_tx(ctx->db, ctx->arena, r->v.organization, 0, dial_tx, r, e);
}

/* ---------------------------------------------------------------- on with an engine */

/* The chain begins anew before `engine`; absent: at its beginning. */
static va_str_t before(const resume_t *r, va_str_t engine)
{
    va_str_t last = VA_STR_NULL;
    const va_json_t *name = r->v.engines != NULL ? r->v.engines->first : NULL;
    for (; name != NULL && !va_str_eq(va_json_string(name), engine); name = name->next) {
        last = va_json_string(name);
    }
    return last;
}

/* What an agent at a platform begins with. */
static bool write_client_data(resume_t *r, wk_phone_opening_t *opening, wk_error_t *e)
{
    wk_personalization_t made;
    if (r->v.agent.len == 0) {
        return true;
    }
    if (!r->v.attested) {
        wk_caller_forget(&r->facts);
    }
    r->facts.opening = opening->text;
    if (!wk_personalize(r->v.ctx->arena, r->v.catalogue, &r->facts, &made, e)) {
        return false;
    }
    opening->client_data = made.answer;
    return true;
}

/* And what who had the call before was to say. */
static va_str_t with_due(const resume_t *r, va_str_t text)
{
    va_str_t due = r->back.state.due;
    return due.len == 0 ? text
                        : wk_printf(r->v.ctx->arena, "%.*s %.*s", (int)text.len, text.data,
                                    (int)due.len, due.data);
}

static bool go_on(resume_t *r, va_str_t after, wk_error_t *e)
{
    const char *first = !next_is(r, "returned") ? "speech.resumed"
                        : r->v.unanswered       ? "speech.nobody"
                                                : "speech.after_human";
    wk_phone_opening_t opening = {.text = with_due(r, wk_text(r->v.speech.language, first)),
                                  .turn = next_turn(r)};
    if (!write_client_data(r, &opening, e)) {
        return false;
    }
    if (!wk_phone_engine(&r->v, &r->back.state, after, &opening, e)) {
        return false;
    }
    r->twiml = opening.twiml;
    return true;
}

/* Its agent closes a room when it ends the talk. The door's number is the room's epoch. */
static bool room_closed(const resume_t *r, bool *closed, wk_error_t *e)
{
    bool exists = true;
    wk_ctx_t *ctx = r->v.ctx;
    va_str_t room = wk_livekit_room(ctx->arena, r->v.sid, r->v.turn);
    bool ok = wk_livekit_room_exists(ctx, room, &exists, e);
    *closed = !exists;
    return ok;
}

/* A room that was dialled and did not answer: whatever became of it, nobody has talked in it.
 */
static bool never_reached(const resume_t *r)
{
    va_str_t status = va_form_get(&r->v.form, "DialCallStatus");
    return has_kind(r, WK_ENGINE_ROOM) && status.len > 0 &&
           !va_str_eq(status, VA_STR("completed")) && !va_str_eq(status, VA_STR("answered"));
}

static void tell_unreached(const resume_t *r)
{
    const va_form_t *form = &r->v.form;
    wk_log(WK_WARN, "a platform's room did not take a call",
           WK_S("status", wk_cut_text(va_form_get(form, "DialCallStatus"), 20)),
           WK_S("code", wk_cut_text(va_form_get(form, "DialSipResponseCode"), 3)));
}

/*
 * A platform that has a call leaves nothing when it is done with it; whether its agent has
 * ended the talk is asked there. Unless that is sure, nobody is hung up on.
 */
static bool agent_hung_up(const resume_t *r)
{
    wk_error_t e;
    bool hung_up = false, told = true;
    const wk_call_state_t *state = &r->back.state;
    if (has_kind(r, WK_ENGINE_AGENT)) {
        told = wk_elevenlabs_hung_up(r->v.ctx, r->v.agent, r->v.sid,
                                     state->began / 1000 - CLOCKS_S, &hung_up, &e);
    } else if (has_kind(r, WK_ENGINE_ROOM)) {
        told = room_closed(r, &hung_up, &e);
    }
    if (!told) {
        wk_log(WK_WARN, "the agent's platform does not say how a call ended",
               WK_C("error", e.text));
    }
    return hung_up;
}

static bool answer(resume_t *r, wk_error_t *e)
{
    va_str_t engine = named_engine(r);
    bool unreached = never_reached(r);
    if (unreached) {
        tell_unreached(r);
        r->back.next = VA_STR("resume");
    }
    if (next_is(r, "hangup")) {
        va_str_t reason = detail(r, "reason");
        return end_call(r, reason.len > 0 ? wk_cut_text(reason, MAX_REASON) : VA_STR_NULL,
                        detail(r, "message"), e);
    }
    if (next_is(r, "overflow")) {
        return give_up(r, e);
    }
    if (next_is(r, "dial")) {
        return dial(r, e);
    }
    if (next_is(r, "resume") && !unreached && agent_hung_up(r)) {
        say_and_hang_up(r, VA_STR_NULL);
        return true;
    }
    if (r->v.elapsed_s >= r->v.max_s) {
        return end_call(r, VA_STR("limit"), wk_text(r->v.speech.language, "speech.limit_over"),
                        e);
    }
    if (engine.data != NULL) {
        return go_on(r, before(r, engine), e);
    }
    if (!is_given_up(r)) {
        return go_on(r, before(r, r->back.state.engine), e);
    }
    return has_kind(r, WK_ENGINE_TALK) ? give_up(r, e) : go_on(r, r->back.state.engine, e);
}

/* ---------------------------------------------------------------- the door */

static bool load_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    resume_t *r = arg;
    return wk_phone_load(tx, &r->v, e) && wk_phone_held(tx, &r->v, &r->held, &r->twiml, e) &&
           wk_phone_next_turn(tx, &r->v, 1, &r->turn, e) &&
           (r->v.agent.len == 0 || wk_caller_facts(tx, r->v.number, VA_STR_NULL, &r->facts, e));
}

/* Its state is lost: what Postgres knows of the call begins it anew. */
static bool rebuild(resume_t *r, wk_error_t *e)
{
    bool begun;
    wk_phone_t *v = &r->v;
    wk_call_field_t fields[] = {
        {"organization", v->organization},
        {"id", v->call},
        {"from", v->number},
        {"to", v->shop_number},
        {"engine", v->engine},
        {"language", wk_language_code(v->speech.language)},
    };
    r->back = (wk_call_resumed_t){.next = va_str_c(r->by_itself), .recent = 1};
    return wk_call_state_begin(v->ctx->redis, v->ctx->arena, v->sid, fields, 6, &r->back.state,
                               &begun, e);
}

static void use_language(resume_t *r)
{
    const wk_language_t *l = wk_catalogue_find(r->v.catalogue, r->back.state.language);
    r->v.speech.language = l != NULL ? l : r->v.speech.language;
}

static bool come_back(resume_t *r, wk_error_t *e)
{
    wk_ctx_t *ctx = r->v.ctx;
    if (!wk_tx(ctx->db, ctx->arena, r->v.organization, 0, load_tx, r, e)) {
        return false;
    }
    if (r->held) {
        return true;
    }
    bool from_person = wk_phone_number_of(ctx, ctx->job->http_args, WK_PHONE_BACK) > 0;
    r->by_itself = from_person ? "returned" : "resume";
    if (!wk_call_state_resume(ctx->redis, ctx->arena, r->v.sid, r->v.turn,
                              va_str_c(r->by_itself), &r->back, &r->known, e) ||
        (!r->known && !rebuild(r, e))) {
        return false;
    }
    if (next_is(r, "held")) {
        return wk_error(e, WK_UNAVAILABLE, "a person has just taken the call over");
    }
    use_language(r);
    return answer(r, e);
}

wk_outcome_t wk_phone_resume(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    resume_t r = {.known = false};
    if (!wk_phone_read(ctx, &r.v, e) || !come_back(&r, e)) {
        return wk_phone_failed(&r.v, reply, e);
    }
    wk_count("voiceagent_resumes_total", "next", r.held ? VA_STR("held") : r.back.next, NULL,
             VA_STR_NULL, 1);
    return wk_phone_reply(reply, r.twiml);
}

wk_outcome_t wk_phone_stream_status(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_phone_t v;
    (void)reply;
    if (!wk_phone_read(ctx, &v, e)) {
        return wk_webhook_failed(e);
    }
    va_str_t event = va_form_get(&v.form, "StreamEvent");
    if (va_str_eq(event, VA_STR("stream-error"))) {
        wk_log(WK_WARN, "the carrier lost a stream",
               WK_S("error", wk_cut_text(va_form_get(&v.form, "StreamError"), 200)));
        wk_count("voiceagent_stream_errors_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
    }
    return WK_DONE;
}
