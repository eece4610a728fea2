#include "worker/agent/outbound.h"

#include "worker/agent/call.h"
#include "worker/agent/catalogue.h"
#include "worker/agent/engines.h"
#include "worker/agent/event.h"
#include "worker/agent/outgoing.h"
#include "worker/agent/personalization.h"
#include "worker/agent/task.h"
#include "worker/agent/voicemail.h"
#include "worker/agent/words.h"
#include "worker/crash.h"
#include "worker/effect.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/outbox.h"
#include "worker/providers/elevenlabs.h"
#include "worker/providers/twilio.h"
#include "worker/store/outbound.h"

#define UNDER_WAY_MS 40000 /* longer than the request to dial may take */
#define GIVE_UP_MS   90000 /* then a call that the platform does not know is unknown */
#define LOOK_MS      15000 /* between two looks for it */
#define CLOCK_SKEW_S 60    /* between our clock and the platform's */

/* ---------------------------------------------------------------- what is asked for */

static va_str_t first_message(wk_arena_t *a, const wk_language_t *l, const wk_rows_t *facts,
                              const wk_outbound_wish_t *wish)
{
    va_str_t name = wk_cell(facts, 0, "first_name");
    const char *purpose =
        wk_printf(a, "outbound.%.*s", (int)wish->reason.len, wish->reason.data).data;
    bool told = wk_text_if_any(l, purpose).data != NULL;
    va_str_t hello = name.len > 0 ? wk_say(a, l, "outbound.hello_named", {"name", name})
                                  : wk_text(l, "outbound.hello");
    va_str_t said = wk_say(
        a, l, "outbound.first", {"hello", hello}, {"agent", wk_cell(facts, 0, "agent_name")},
        {"shop", wk_cell(facts, 0, "shop")},
        {"purpose",
         told ? wk_text_of_kind(l, purpose, wk_cell(facts, 0, "business_type")) : VA_STR_NULL},
        {"message", wish->message});
    return wk_without_variables(a, wk_trim(said));
}

/* What the agent's own voicemail_detection leaves; empty: it only hangs up. */
static va_str_t voicemail_of(wk_arena_t *a, const wk_language_t *l, const wk_rows_t *facts)
{
    bool leaves = wk_voicemail_leaves(wk_cell(facts, 0, "voicemail_action"));
    const va_json_t *own = wk_cell_json(a, facts, 0, "voicemail_message");
    return leaves ? wk_voicemail_text(a, l, own, wk_cell(facts, 0, "agent_name"),
                                      wk_cell(facts, 0, "shop"))
                  : VA_STR("");
}

/* A name that the platform takes of us, and that nothing else has. */
static bool is_free(const va_json_t *taken, va_str_t name)
{
    static const char *const ours[] = {"priority", "lead_id", "campaign_id"};
    for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++) {
        if (va_str_eq(name, va_str_c(ours[i]))) {
            return false;
        }
    }
    va_str_t theirs = VA_STR("system__");
    bool reserved = name.len >= theirs.len && memcmp(name.data, theirs.data, theirs.len) == 0;
    return !reserved && va_json_get_n(taken, name) == NULL;
}

/* Scalars alone: the platform takes no others. */
static void put_variables(va_json_writer_t *w, const wk_outbound_wish_t *wish,
                          const va_json_t *usual)
{
    va_json_key(w, "dynamic_variables");
    va_json_object(w);
    for (const va_json_t *v = usual->first; v != NULL; v = v->next) {
        va_json_key_n(w, v->name);
        va_json_put_value(w, v);
    }
    va_json_add_str(w, "priority", wish->priority);
    va_json_add_str(w, "lead_id", wish->customer);
    va_json_add_str(w, "campaign_id",
                    wish->campaign.data != NULL ? wish->campaign : VA_STR(""));
    const va_json_t *v = wish->variables != NULL ? wish->variables->first : NULL;
    for (; v != NULL; v = v->next) {
        if (va_json_scalar(v).data != NULL && is_free(usual, v->name)) {
            va_json_key_n(w, v->name);
            va_json_put_value(w, v);
        }
    }
    va_json_object_end(w);
}

/* What the agent is told of a call that comes in, told of this one. */
static bool usual_variables(wk_ctx_t *ctx, wk_tx_t *tx, const wk_catalogue_t *c,
                            const wk_outbound_wish_t *wish, const wk_rows_t *row,
                            const va_json_t **usual, wk_error_t *e)
{
    wk_personalization_t told;
    wk_caller_facts_t facts;
    va_json_limits_t limits = VA_JSON_LIMITS_DEFAULT;
    if (!wk_caller_facts_amid(tx, wk_cell(row, 0, "number"), &facts, e)) {
        return false;
    }
    const wk_language_t *l = wk_caller_language(c, &facts);
    const wk_placed_call_t placed = {.reason = wish->reason,
                                     .priority = wish->priority,
                                     .voicemail = voicemail_of(ctx->arena, l, row)};
    facts.placed = &placed;
    facts.opening = first_message(ctx->arena, l, row, wish);
    return wk_personalize(ctx->arena, c, &facts, &told, e) &&
           (va_json_parse(wk_mem(ctx->arena), told.variables, &limits, usual) == VA_OK ||
            wk_error(e, WK_INTERNAL, "the variables of a call cannot be read"));
}

/* user_id is the effect's: by it the call is found again. */
static va_str_t dial_body(wk_ctx_t *ctx, const wk_outbound_wish_t *wish, const wk_rows_t *facts,
                          const wk_language_t *l, const va_json_t *usual, va_str_t effect)
{
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_add_str(w, "agent_id", wk_cell(facts, 0, "agent"));
    va_json_add_str(w, "agent_phone_number_id", wk_cell(facts, 0, "number_id"));
    va_json_add_str(w, "to_number", wk_cell(facts, 0, "number"));
    va_json_key(w, "conversation_initiation_client_data");
    va_json_object(w);
    va_json_add_str(w, "user_id", effect);
    put_variables(w, wish, usual);
    va_json_key(w, "conversation_config_override");
    va_json_object(w);
    va_json_key(w, "agent");
    va_json_object(w);
    va_json_add_str(w, "language", wk_language_code(l));
    va_json_add_str(w, "first_message", first_message(ctx->arena, l, facts, wish));
    va_json_object_end(w);
    va_json_object_end(w);
    va_json_object_end(w);
    return wk_json_end(w, &text);
}

static va_str_t own_url(const wk_ctx_t *ctx, const char *path, va_str_t organization,
                        va_str_t effect)
{
    return wk_printf(ctx->arena, "%s/api/voice/%s?o=%.*s&e=%.*s", ctx->config->public_url, path,
                     (int)organization.len, organization.data, (int)effect.len, effect.data);
}

static wk_twilio_dial_t ring_of(const wk_ctx_t *ctx, const wk_rows_t *facts,
                                va_str_t organization, va_str_t effect)
{
    va_str_t action = wk_cell(facts, 0, "voicemail_action");
    wk_twilio_dial_t ring = {.from = wk_cell(facts, 0, "carrier_number"),
                             .to = wk_cell(facts, 0, "number"),
                             .url = own_url(ctx, "outgoing", organization, effect),
                             .status_url =
                                 wk_printf(ctx->arena, "%s/api/voice/status" WK_TWILIO_AGAIN,
                                           ctx->config->public_url),
                             .greeting_ends = wk_voicemail_leaves(action)};
    if (wk_voicemail_looks(action)) {
        va_str_t url = own_url(ctx, "answered-by", organization, effect);
        ring.detect_url = wk_printf(ctx->arena, "%.*s" WK_TWILIO_AGAIN, (int)url.len, url.data);
    }
    return ring;
}

/* What is kept for who settles it, and for the call once it is answered. */
static va_str_t request_of(wk_ctx_t *ctx, const wk_outbound_wish_t *wish,
                           const wk_rows_t *facts, const wk_language_t *l, bool by_carrier)
{
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_add_str(w, "job", ctx->job->id);
    va_json_add_c(w, "through", by_carrier ? "twilio" : "elevenlabs");
    va_json_add_str(w, "opening", first_message(ctx->arena, l, facts, wish));
    va_json_add_str(w, "agent", wk_cell(facts, 0, "agent"));
    va_json_add_str(w, "from",
                    wk_cell(facts, 0, by_carrier ? "carrier_number" : "agent_number"));
    va_json_add_str(w, "to", wk_cell(facts, 0, "number"));
    va_json_add_str(w, "language", wk_cell(facts, 0, "spoken"));
    va_json_add_str(w, "customer", wish->customer);
    va_json_add_str(w, "reason", wish->reason);
    va_json_add_str(w, "priority", wish->priority);
    va_json_add_str(w, "user", wish->user);
    return wk_json_end(w, &text);
}

/* ---------------------------------------------------------------- claim */

/* A promotion needs a yes on record; every other reason only that there is no "no". */
static bool may_call(const wk_outbound_wish_t *wish, const wk_rows_t *facts)
{
    bool promotion = va_str_eq(wish->reason, VA_STR("promotion"));
    return !wk_cell_bool(facts, 0, "refused") &&
           (!promotion || wk_cell_bool(facts, 0, "agreed"));
}

/* Whether the shop has one at the platform that can call, and a plan that has such agents. */
static bool has_agent(const wk_config_t *config, const wk_rows_t *facts)
{
    return wk_cell(facts, 0, "number_id").len > 0 &&
           wk_engines_usable(wk_engines_find(VA_STR("elevenlabs")), config,
                             wk_cell(facts, 0, "plan"), wk_cell(facts, 0, "agent"));
}

/* Without an address of ours the carrier has nobody to ask what the call is to hear. */
static bool carrier_can(const wk_config_t *config, const wk_rows_t *facts)
{
    return config->twilio_account_sid != NULL && config->public_url != NULL &&
           wk_cell(facts, 0, "carrier_number").len > 0;
}

/* True when nothing stands against the call. */
static bool allowed(const wk_config_t *config, const wk_outbound_wish_t *wish,
                    const wk_rows_t *facts, wk_outbound_t *call)
{
    call->by_carrier = wk_rows_count(facts) > 0 && !has_agent(config, facts);
    if (wk_rows_count(facts) == 0) {
        call->state = WK_OUTBOUND_NOBODY;
    } else if (wk_cell(facts, 0, "number").data == NULL) {
        call->state = WK_OUTBOUND_NO_NUMBER;
    } else if (wk_cell_bool(facts, 0, "own")) {
        call->state = WK_OUTBOUND_OWN_NUMBER;
    } else if (wish->number.data != NULL &&
               !va_str_eq(wish->number, wk_cell(facts, 0, "number"))) {
        call->state = WK_OUTBOUND_OTHER_NUMBER;
    } else if (!may_call(wish, facts)) {
        call->state = WK_OUTBOUND_NO_CONSENT;
    } else if (wk_cell(facts, 0, "quiet_ends").data != NULL) {
        call->state = WK_OUTBOUND_QUIET;
        call->next_allowed = wk_cell(facts, 0, "quiet_ends");
    } else if (call->by_carrier && !carrier_can(config, facts)) {
        call->state = WK_OUTBOUND_NO_AGENT;
    } else {
        return true;
    }
    return false;
}

static wk_outbound_state_t state_of(wk_effect_state_t state)
{
    static const wk_outbound_state_t states[] = {
        [WK_EFFECT_NEW] = WK_OUTBOUND_DIAL,        [WK_EFFECT_PENDING] = WK_OUTBOUND_PENDING,
        [WK_EFFECT_DONE] = WK_OUTBOUND_DONE,       [WK_EFFECT_FAILED] = WK_OUTBOUND_FAILED,
        [WK_EFFECT_UNKNOWN] = WK_OUTBOUND_UNKNOWN,
    };
    return states[state];
}

static bool claim(wk_tx_t *tx, va_str_t request, wk_outbound_t *call, wk_error_t *e)
{
    wk_effect_t effect;
    if (!wk_effect_claim(tx, "call", call->key, request, &effect, e)) {
        return false;
    }
    call->effect = effect.id;
    call->result = effect.result;
    call->state = state_of(effect.state);
    return true;
}

/* An earlier run of this very job claimed one: it is that one, whatever has changed since. */
static bool claimed_before(wk_ctx_t *ctx, wk_tx_t *tx, wk_outbound_t *call, bool *claimed,
                           wk_error_t *e)
{
    wk_rows_t *rows;
    *claimed = false;
    if (!wk_sql(tx, &wk_sql_outbound_of_job, &ctx->job->id, &rows, e)) {
        return false;
    }
    *claimed = wk_rows_count(rows) > 0;
    call->key = *claimed ? wk_cell(rows, 0, "key") : VA_STR_NULL;
    return !*claimed || claim(tx, VA_STR_NULL, call, e);
}

static bool queue_settling(wk_ctx_t *ctx, wk_tx_t *tx, const wk_outbound_t *call, wk_error_t *e)
{
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(ctx->arena, &text);
    va_json_add_str(w, "key", call->key);
    return wk_outbox_job(tx, WK_DEFAULT, "outbound.settle", wk_tx_organization(tx), call->key,
                         call->effect, wk_json_end(w, &text), e);
}

bool wk_outbound_claim(wk_ctx_t *ctx, wk_tx_t *tx, const wk_outbound_wish_t *wish,
                       wk_outbound_t *call, wk_error_t *e)
{
    bool before;
    wk_rows_t *facts;
    va_str_t params[] = {wish->customer, wish->reason};
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    if (c == NULL || !claimed_before(ctx, tx, call, &before, e)) {
        return false;
    }
    if (before) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_outbound_facts, params, &facts, e)) {
        return wk_error_wrap(e, "outbound call");
    }
    if (!allowed(ctx->config, wish, facts, call)) {
        return true;
    }
    va_str_t day = wk_cell(facts, 0, "day");
    call->key =
        wk_printf(ctx->arena, "call:%.*s:%.*s:%.*s:%lld", (int)wish->customer.len,
                  wish->customer.data, (int)wish->reason.len, wish->reason.data, (int)day.len,
                  day.data, (long long)wk_cell_int(facts, 0, "generation", 0));
    const wk_language_t *l = wk_catalogue_pick(c, wk_cell(facts, 0, "spoken"), VA_STR_NULL);
    if (!claim(tx, request_of(ctx, wish, facts, l, call->by_carrier), call, e)) {
        return false;
    }
    if (call->state != WK_OUTBOUND_DIAL) {
        return true;
    }
    if (call->by_carrier) {
        call->ring = ring_of(ctx, facts, wk_tx_organization(tx), call->effect);
    } else {
        const va_json_t *usual;
        if (!usual_variables(ctx, tx, c, wish, facts, &usual, e)) {
            return false;
        }
        call->body = dial_body(ctx, wish, facts, l, usual, call->effect);
    }
    return queue_settling(ctx, tx, call, e);
}

/* ---------------------------------------------------------------- ends */

/* A call on its way to its end. */
typedef struct {
    wk_ctx_t *ctx;
    wk_outbound_t *call;
    wk_elevenlabs_call_t made;
    const wk_error_t *failure;
    wk_effect_state_t state; /* it ends as */
    int64_t claimed, age_ms;
    const va_json_t *request; /* as request_of() wrote it */
    va_str_t found;           /* JSON list of calls at the carrier, one of which may be it */
} settling_t;

static va_str_t of(const settling_t *s, const char *member)
{
    return va_json_get_string(s->request, member);
}

static wk_outbound_state_t state_named(va_str_t name)
{
    return va_str_eq(name, VA_STR("pending"))  ? WK_OUTBOUND_PENDING
           : va_str_eq(name, VA_STR("done"))   ? WK_OUTBOUND_DONE
           : va_str_eq(name, VA_STR("failed")) ? WK_OUTBOUND_FAILED
                                               : WK_OUTBOUND_UNKNOWN;
}

/* Locks the row; *pending: it is for us to end. */
static bool lock(wk_tx_t *tx, settling_t *s, bool *pending, wk_error_t *e)
{
    wk_rows_t *rows;
    *pending = false;
    if (!wk_sql(tx, &wk_sql_outbound_effect, &s->call->key, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    s->request = wk_cell_json(s->ctx->arena, rows, 0, "request");
    s->call->by_carrier = va_str_eq(of(s, "through"), VA_STR("twilio"));
    s->call->effect = wk_cell(rows, 0, "id");
    s->call->state = state_named(wk_cell(rows, 0, "state"));
    s->call->result = wk_cell(rows, 0, "result");
    s->claimed = wk_cell_int(rows, 0, "claimed", 0);
    s->age_ms = wk_cell_int(rows, 0, "age_ms", 0);
    *pending = s->call->state == WK_OUTBOUND_PENDING;
    return true;
}

static bool publish(wk_tx_t *tx, const settling_t *s, va_str_t call, wk_error_t *e)
{
    wk_event_t ev;
    wk_event_begin(&ev, tx, "outbound_call_initiated", of(s, "customer"), call);
    va_json_add_str(ev.json, "phoneNumber", of(s, "to"));
    va_json_add_str(ev.json, "conversationId", s->made.conversation);
    va_json_add_str(ev.json, "callSid", s->made.call_sid);
    va_json_add_str(ev.json, "callReason", of(s, "reason"));
    va_json_add_str(ev.json, "priority", of(s, "priority"));
    return wk_event_end(&ev, e);
}

/* What the engine that gets the call of the carrier's begins with. */
static va_str_t variables_of(const settling_t *s)
{
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(s->ctx->arena, &text);
    va_json_add_str(w, "opening", of(s, "opening"));
    va_json_add_str(w, "call_reason", of(s, "reason"));
    return wk_json_end(w, &text);
}

static wk_call_told_t told_by(const settling_t *s)
{
    wk_call_told_t told = {.call_sid = s->made.call_sid,
                           .conversation = s->made.conversation,
                           .outbound = true,
                           .caller = of(s, "from"),
                           .called = of(s, "to"),
                           .language = of(s, "language")};
    if (s->call->by_carrier) {
        told.variables = variables_of(s);
    } else {
        told.agent_id = of(s, "agent");
        told.engine = VA_STR("elevenlabs");
    }
    return told;
}

static va_str_t result_of(const settling_t *s, va_str_t call)
{
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(s->ctx->arena, &text);
    va_json_add_str(w, "conversation_id", s->made.conversation);
    va_json_add_str(w, "call_sid", s->made.call_sid);
    va_json_add_str(w, "call_id", call);
    return wk_json_end(w, &text);
}

static bool done(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    bool pending;
    wk_call_t row;
    settling_t *s = arg;
    if (!lock(tx, s, &pending, e)) {
        return false;
    }
    if (!pending) {
        return true; /* another run ended it */
    }
    wk_call_told_t told = told_by(s);
    if (!wk_call_open(tx, &told, &row, e)) {
        return false;
    }
    va_str_t note[] = {row.id, of(s, "reason"), of(s, "priority"), of(s, "user")};
    s->call->state = WK_OUTBOUND_DONE;
    s->call->result = result_of(s, row.id);
    return wk_sql(tx, &wk_sql_outbound_note, note, NULL, e) && publish(tx, s, row.id, e) &&
           wk_effect_finish(tx, s->call->effect, WK_EFFECT_DONE,
                            s->made.conversation.len > 0 ? s->made.conversation
                                                         : s->made.call_sid,
                            s->call->result, e);
}

static bool tell_people(wk_tx_t *tx, const settling_t *s, wk_error_t *e)
{
    va_str_t key = s->call->effect;
    wk_task_t task = {.kind = "alarm",
                      .key = wk_printf(s->ctx->arena, "call:%.*s", (int)key.len, key.data),
                      .priority = "high",
                      .title = "task.call_unknown",
                      .who = of(s, "to"),
                      .customer = of(s, "customer")};
    return wk_task_raise(s->ctx, tx, &task, e);
}

/* Ends it as s->state, failed or unknown. */
static bool not_done(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    bool pending;
    va_buf_t text;
    settling_t *s = arg;
    if (!lock(tx, s, &pending, e)) {
        return false;
    }
    if (!pending) {
        return true; /* another run ended it */
    }
    va_str_t why = va_str_c(s->failure->text);
    va_json_writer_t *w = wk_json_begin(s->ctx->arena, &text);
    va_json_add_bool(w, "refused", s->failure->code == WK_REFUSED);
    va_json_add_str(w, "message", why);
    va_str_t failed[] = {of(s, "customer"),
                         of(s, "from"),
                         of(s, "to"),
                         of(s, "reason"),
                         of(s, "priority"),
                         of(s, "user"),
                         why,
                         s->call->by_carrier ? VA_STR_NULL : VA_STR("elevenlabs")};
    s->call->state = state_of(s->state);
    s->call->result = wk_json_end(w, &text);
    return wk_sql(tx, &wk_sql_outbound_failed, failed, NULL, e) &&
           (s->state != WK_EFFECT_UNKNOWN || tell_people(tx, s, e)) &&
           wk_effect_finish(tx, s->call->effect, s->state, VA_STR_NULL, s->call->result, e);
}

static bool end_as(settling_t *s, va_str_t organization, wk_effect_state_t state,
                   const wk_error_t *failure, wk_error_t *e)
{
    s->state = state;
    s->failure = failure;
    wk_log(state == WK_EFFECT_UNKNOWN ? WK_ALERT : WK_ERROR,
           "a customer was not called, or may not have been", WK_S("effect", s->call->effect),
           WK_C("error", failure->text));
    return wk_tx(s->ctx->db, s->ctx->arena, organization, 0, not_done, s, e);
}

/* ---------------------------------------------------------------- dial */

static bool release_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const settling_t *s = arg;
    return wk_effect_release(tx, s->call->effect, e);
}

/* Surely nobody was called. A claim that outlives this is settled as one nobody can tell of. */
static bool release(settling_t *s, va_str_t organization, const wk_error_t *failure,
                    wk_error_t *e)
{
    if (wk_tx(s->ctx->db, s->ctx->arena, organization, 0, release_tx, s, e)) {
        *e = *failure;
    }
    return false;
}

static bool place(settling_t *s, wk_error_t *e)
{
    return s->call->by_carrier ? wk_twilio_dial(s->ctx, &s->call->ring, &s->made.call_sid, e)
                               : wk_elevenlabs_dial(s->ctx, s->call->body, &s->made, e);
}

bool wk_outbound_dial(wk_ctx_t *ctx, va_str_t organization, wk_outbound_t *call, wk_error_t *e)
{
    wk_error_t failure;
    settling_t s = {.ctx = ctx, .call = call};
    wk_crash_point("dial.before");
    if (place(&s, &failure)) {
        wk_crash_point("dial.after");
        return wk_tx(ctx->db, ctx->arena, organization, 0, done, &s, e);
    }
    if (failure.code == WK_UNKNOWN) {
        call->state = WK_OUTBOUND_PENDING; /* who settles it asks the platform */
        return true;
    }
    if (failure.code == WK_UNAVAILABLE && call->patient) {
        return release(&s, organization, &failure, e);
    }
    return end_as(&s, organization, WK_EFFECT_FAILED, &failure, e);
}

/* ---------------------------------------------------------------- settle */

typedef struct {
    settling_t *s;
    bool pending;
} look_t;

static bool look(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    look_t *l = arg;
    return lock(tx, l->s, &l->pending, e);
}

static wk_outcome_t again(wk_error_t *e, int64_t ms, const char *why)
{
    wk_error(e, WK_UNAVAILABLE, "outbound call: %s", why);
    e->retry_after_ms = ms;
    return WK_AGAIN;
}

/* The carrier's calls have no name of ours: one between these numbers that no claim has is
 * it. */
static bool pick_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *rows;
    settling_t *s = arg;
    if (!wk_sql(tx, &wk_sql_outbound_unclaimed, &s->found, &rows, e)) {
        return false;
    }
    s->made.call_sid = wk_rows_count(rows) > 0 ? wk_cell(rows, 0, "sid") : VA_STR_NULL;
    return true;
}

static bool find_at_carrier(settling_t *s, va_str_t organization, wk_error_t *e)
{
    size_t n;
    va_buf_t text;
    va_str_t sids[WK_TWILIO_FOUND];
    wk_arena_t *a = s->ctx->arena;
    if (!wk_twilio_find_calls(s->ctx, of(s, "from"), of(s, "to"), s->claimed - CLOCK_SKEW_S,
                              sids, &n, e)) {
        return false;
    }
    va_buf_init(&text, wk_mem(a), 64 * (n + 1));
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < n; i++) {
        va_json_put_str(w, sids[i]);
    }
    va_json_array_end(w);
    s->found = va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("[]");
    return wk_tx(s->ctx->db, a, organization, 0, pick_tx, s, e);
}

static bool find(settling_t *s, va_str_t organization, wk_error_t *e)
{
    return s->call->by_carrier ? find_at_carrier(s, organization, e)
                               : wk_elevenlabs_find(s->ctx, of(s, "agent"), s->call->effect,
                                                    s->claimed - CLOCK_SKEW_S, &s->made, e);
}

/* Whoever dials is asked whether there is such a call. */
static wk_outcome_t reconcile(settling_t *s, va_str_t organization, wk_error_t *e)
{
    wk_error_t absent;
    if (!find(s, organization, e)) {
        absent = *e;
        return s->ctx->attempt >= WK_OUTBOUND_ATTEMPTS &&
                       end_as(s, organization, WK_EFFECT_UNKNOWN, &absent, e)
                   ? WK_DONE
                   : WK_AGAIN;
    }
    if (s->made.conversation.data != NULL || s->made.call_sid.data != NULL) {
        return wk_tx(s->ctx->db, s->ctx->arena, organization, 0, done, s, e) ? WK_DONE
                                                                             : WK_AGAIN;
    }
    if (s->age_ms < GIVE_UP_MS) {
        return again(e, LOOK_MS, "the platform does not know it yet");
    }
    wk_error(&absent, WK_UNKNOWN, "the platform does not know of the call");
    return end_as(s, organization, WK_EFFECT_UNKNOWN, &absent, e) ? WK_DONE : WK_AGAIN;
}

wk_outcome_t wk_outbound_settle(wk_ctx_t *ctx, va_str_t organization, va_str_t key,
                                wk_error_t *e)
{
    wk_outbound_t call = {.key = key};
    settling_t s = {.ctx = ctx, .call = &call};
    look_t l = {.s = &s};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, look, &l, e)) {
        return WK_AGAIN;
    }
    if (!l.pending) {
        return WK_DONE;
    }
    return s.age_ms < UNDER_WAY_MS
               ? again(e, UNDER_WAY_MS - s.age_ms, "whoever dials may still be at it")
               : reconcile(&s, organization, e);
}

wk_outcome_t wk_outbound_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key,
                                 wk_error_t *e)
{
    wk_error_t lost;
    wk_outbound_t call = {.key = key};
    settling_t s = {.ctx = ctx, .call = &call};
    look_t l = {.s = &s};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, look, &l, e)) {
        return WK_AGAIN;
    }
    wk_error(&lost, WK_UNKNOWN, WK_OUTGOING_LOST);
    return !l.pending || end_as(&s, organization, WK_EFFECT_UNKNOWN, &lost, e) ? WK_DONE
                                                                               : WK_AGAIN;
}

/* ---------------------------------------------------------------- answered */

/* Of an effect there is one call. */
static bool is_its_call(const settling_t *s)
{
    const va_json_t *result = wk_json_parse(s->ctx->arena, s->call->result);
    return s->call->state == WK_OUTBOUND_DONE && s->call->by_carrier &&
           va_str_eq(va_json_get_string(result, "call_sid"), s->made.call_sid);
}

bool wk_outbound_answered(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t effect, va_str_t call_sid,
                          bool *known, va_str_t *opening, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_outbound_t call = {.state = WK_OUTBOUND_NOBODY};
    settling_t s = {.ctx = ctx, .call = &call, .made = {.call_sid = call_sid}};
    *known = false;
    if (!wk_sql(tx, &wk_sql_outbound_key, &effect, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    call.key = wk_cell(rows, 0, "key");
    if (!done(tx, &s, e)) {
        return false;
    }
    *known = is_its_call(&s);
    *opening = of(&s, "opening");
    return true;
}
