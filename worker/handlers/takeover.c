/*
 * POST /api/takeover/{call}/join|message|resume: a person of the shop takes a talk from the
 * agent, speaks in it, and gives it back. {call} is a call (call_named.h), a chat's session, or
 * a customer's id: the call that customer is in, else the chat or the texts he writes.
 */
#include "worker/agent/takeover.h"

#include <ctype.h>

#include "core/phone.h"
#include "worker/agent/chat_people.h"
#include "worker/agent/event.h"
#include "worker/agent/sms.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/call_named.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/list.h"
#include "worker/handlers/phone.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/log.h"
#include "worker/store/chat.h"
#include "worker/store/consents.h"
#include "worker/store/messages.h"
#include "worker/store/takeovers.h"

#define MAX_MESSAGE 1600 /* bytes; Twilio's most characters of a text */
#define MAX_ID      64
#define ASKING_MS   10000 /* after which an asking for the caller has come to nothing */

static const char *const channels[] = {"text", "phone", NULL};

typedef struct {
    wk_ctx_t *ctx;
    bool joins;                  /* is asked for */
    va_str_t target;             /* of the path */
    va_str_t channel, phone;     /* of a join: how the person speaks, what is rung */
    va_str_t text, id;           /* of a message; its client's name for it */
    va_str_t user, name;         /* who asks */
    va_str_t takeover, customer; /* rows */
    va_str_t state, mode;        /* of the open takeover; absent: there is none */
    bool own, same_call;         /* of it */
    bool rung;                   /* the number of the join has been, by it */
    bool ended_call;             /* the path names a call that is over */
    bool ended_chat;             /* so long silent that it is over */
    wk_takeover_thread_t thread;
    va_str_t message;  /* its row */
    bool calls_caller; /* the caller is to be asked to come for it */
    bool awaited;      /* he is on his way, if the carrier was told to send him */
    bool asked_before; /* for this very message: by a run that may have died */
} takeover_t;

/* ---------------------------------------------------------------- what is asked */

static bool read_join(takeover_t *t, const va_json_t *body, wk_error_t *e)
{
    va_str_t said;
    char number[VA_PHONE_MAX + 1];
    if (!wk_request_optional_text(body, "mode", 16, &t->channel, e) ||
        !wk_request_optional_text(body, "phone", 32, &said, e)) {
        return false;
    }
    t->channel = t->channel.data != NULL ? t->channel : VA_STR("text");
    if (!wk_list_has(channels, t->channel)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "mode must be text or phone.");
    }
    if (said.data == NULL) {
        return true;
    }
    if (!va_phone_normalize(number, said)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "phone must be a phone number.");
    }
    t->phone = wk_copy(t->ctx->arena, va_str_c(number));
    return true;
}

static bool read_message(takeover_t *t, const va_json_t *body, wk_error_t *e)
{
    if (!wk_request_text(body, "message", MAX_MESSAGE, &t->text, e) ||
        !wk_request_optional_text(body, "id", MAX_ID, &t->id, e)) {
        return false;
    }
    if (t->id.data == NULL) {
        t->id = t->ctx->job->id;
    }
    for (size_t i = 0; i < t->id.len; i++) {
        if (!isalnum((unsigned char)t->id.data[i]) && t->id.data[i] != '-' &&
            t->id.data[i] != '_') {
            return wk_refuse(e, WK_R_BAD_REQUEST,
                             "id must be of letters, digits, - and _: yours for this message.");
        }
    }
    return true;
}

/* A join needs no body. */
static bool read_body(takeover_t *t, const va_json_t **body, wk_error_t *e)
{
    *body = NULL;
    return t->ctx->job->body.len == 0 || wk_request_json(t->ctx, body, e);
}

/* ---------------------------------------------------------------- whose talk */

static bool read_person(wk_tx_t *tx, takeover_t *t, const wk_caller_t *caller, wk_error_t *e)
{
    wk_rows_t *rows;
    t->user = wk_copy(t->ctx->arena, caller->user_id);
    t->thread.organization = wk_copy(t->ctx->arena, caller->organization);
    if (!wk_sql(tx, &wk_sql_takeover_person, &t->user, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) > 0) {
        t->name = wk_cell(rows, 0, "name");
        t->phone = t->phone.data != NULL ? t->phone : wk_cell(rows, 0, "phone");
    }
    return true;
}

static bool find_thread(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_call_named(tx, t->target, &t->target, e) ||
        !wk_sql(tx, &wk_sql_takeover_target, &t->target, &rows, e) ||
        !wk_request_found(rows, e)) {
        return false;
    }
    t->customer = wk_cell(rows, 0, "customer_id");
    t->thread.number = wk_cell(rows, 0, "phone_number");
    t->thread.shop_number = wk_cell(rows, 0, "shop_number");
    t->thread.language = wk_cell(rows, 0, "language");
    t->ended_call = wk_cell(rows, 0, "call_id").data != NULL && !wk_cell_bool(rows, 0, "live");
    if (wk_cell_bool(rows, 0, "live")) {
        t->thread.call = wk_cell(rows, 0, "call_id");
        t->thread.sid = wk_cell(rows, 0, "sid");
        t->thread.engine = wk_cell(rows, 0, "engine");
    }
    return true;
}

/* A chat by itself: what is known of the customer's number is not proven by who writes there.
 */
static void be_of_chat(takeover_t *t, const wk_rows_t *chat)
{
    t->ended_chat = wk_cell_bool(chat, 0, "over");
    t->thread = (wk_takeover_thread_t){.organization = t->thread.organization,
                                       .chat = wk_cell(chat, 0, "id"),
                                       .language = wk_cell(chat, 0, "language")};
}

/* A customer who is in a call is joined there; what a person has already is gone on with. */
static bool find_chat(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    bool live = t->thread.call.data != NULL;
    va_str_t life = wk_printf(t->ctx->arena, "%d", t->ctx->config->chat_session_s);
    va_str_t params[] = {t->target, t->customer, t->joins ? VA_STR("true") : VA_STR("false"),
                         life};
    if (t->ended_call || va_str_eq(t->target, t->thread.call)) {
        return true; /* the path names a call */
    }
    if (!wk_sql(tx, &wk_sql_takeover_chat, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) > 0 && (!live || wk_cell_bool(rows, 0, "sure"))) {
        be_of_chat(t, rows);
    }
    return true;
}

/* A visitor who has told his number meanwhile is that number's customer. */
static bool lock_chat(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_chat_lock, &t->thread.chat, &rows, e) ||
        !wk_request_found(rows, e)) {
        return false;
    }
    t->customer = wk_cell(rows, 0, "customer_id");
    return true;
}

static bool read_open(wk_tx_t *tx, takeover_t *t, wk_rows_t **rows, wk_error_t *e)
{
    return t->thread.chat.data != NULL
               ? lock_chat(tx, t, e) &&
                     wk_sql(tx, &wk_sql_takeover_open_chat, &t->thread.chat, rows, e)
               : wk_sql(tx, &wk_sql_thread_lock, &t->customer, NULL, e) &&
                     wk_sql(tx, &wk_sql_takeover_open, &t->customer, rows, e);
}

/* Locks the thread; who has it stays so until the commit. */
static bool look(wk_tx_t *tx, takeover_t *t, const wk_caller_t *caller, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!read_person(tx, t, caller, e) || !find_thread(tx, t, e) || !find_chat(tx, t, e) ||
        !read_open(tx, t, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return true;
    }
    va_str_t user = wk_cell(rows, 0, "user_id"), call = wk_cell(rows, 0, "call_id");
    t->takeover = wk_cell(rows, 0, "id");
    t->state = wk_cell(rows, 0, "state");
    t->mode = wk_cell(rows, 0, "channel");
    t->own = user.data == NULL || va_str_eq(user, t->user);
    t->same_call = call.len == t->thread.call.len && va_str_eq(call, t->thread.call);
    t->thread.step = wk_cell_int(rows, 0, "step", 0) + 1;
    t->thread.reached = wk_cell_bool(rows, 0, "reached");
    return true;
}

static bool state_is(const takeover_t *t, const char *state)
{
    return va_str_eq(t->state, va_str_c(state));
}

static bool audit(wk_tx_t *tx, const takeover_t *t, const char *action, wk_error_t *e)
{
    wk_audit_t entry = {.actor = "user",
                        .user_id = t->user,
                        .action = action,
                        .entity = t->thread.call.data != NULL ? "call" : "customer",
                        .entity_id = t->thread.call.data != NULL ? t->thread.call : t->customer,
                        .data = wk_audit_chat(t->ctx, t->thread.chat)};
    return wk_audit(t->ctx, tx, &entry, e);
}

static void begin_event(wk_event_t *ev, wk_tx_t *tx, const takeover_t *t, const char *type)
{
    wk_event_begin(ev, tx, type, t->customer, t->thread.call);
    va_json_add_str(ev->json, "conversationId",
                    t->thread.call.data != NULL ? t->thread.call : t->customer);
    va_json_add_str(ev->json, "agentId", t->user);
    va_json_add_str(ev->json, "agentName", t->name);
    if (t->thread.chat.data != NULL) {
        va_json_add_c(ev->json, "channel", "chat");
        va_json_add_str(ev->json, "sessionId", t->thread.chat);
    }
    if (t->thread.sid.data != NULL) {
        va_json_add_str(ev->json, "callSid", t->thread.sid);
    }
}

static bool tell_visitor(wk_tx_t *tx, const takeover_t *t, wk_error_t *e)
{
    return t->thread.chat.data == NULL || wk_chat_people_changed(tx, t->thread.chat, e);
}

/* *news false: it was in that state before, or has gone on meanwhile. */
static bool go_to(wk_tx_t *tx, const takeover_t *t, const char *state, const char *from,
                  bool *news, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {t->takeover, va_str_c(state), va_str_c(from)};
    if (!wk_sql(tx, &wk_sql_takeover_state, params, &rows, e)) {
        return false;
    }
    *news = wk_rows_count(rows) > 0;
    return true;
}

typedef struct {
    takeover_t *takeover;
    bool (*fn)(wk_tx_t *tx, takeover_t *t, wk_error_t *e);
} step_t;

static bool run_step(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    step_t *s = arg;
    return s->fn(tx, s->takeover, e);
}

static bool in_tx(takeover_t *t, bool (*fn)(wk_tx_t *, takeover_t *, wk_error_t *),
                  wk_error_t *e)
{
    step_t step = {t, fn};
    return wk_tx(t->ctx->db, t->ctx->arena, t->thread.organization, 0, run_step, &step, e);
}

static wk_outcome_t answer(takeover_t *t, const char *state, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_json_writer_t *w = wk_reply_begin(t->ctx, &doc);
    va_json_add_str(w, "takeover_id", t->takeover);
    va_json_add_str(w, "customer_id", t->customer);
    va_json_add_str(w, "call_id", t->thread.call);
    va_json_add_str(w, "chat_id", t->thread.chat);
    if (t->message.data != NULL) {
        va_json_add_str(w, "message_id", t->message);
    }
    va_json_add_c(w, "state", state);
    return wk_reply_end(t->ctx, &doc, 200, reply, e);
}

/* ---------------------------------------------------------------- join */

static bool refuse_ended(wk_error_t *e)
{
    return wk_refuse(e, WK_R_CONFLICT, "The call has ended.");
}

static bool refuse_ended_chat(wk_error_t *e)
{
    return wk_refuse(e, WK_R_CONFLICT, "The chat is over.");
}

static bool may_join(const takeover_t *t, wk_error_t *e)
{
    if (t->ended_call) {
        return refuse_ended(e);
    }
    if (t->ended_chat) {
        return refuse_ended_chat(e);
    }
    if (t->state.data != NULL && !state_is(t, "leaving") && !t->own) {
        return wk_refuse(e, WK_R_CONFLICT, "Somebody else has taken this over.");
    }
    bool phone = va_str_eq(t->channel, VA_STR("phone"));
    if (phone && t->thread.call.data == NULL) {
        return wk_refuse(e, WK_R_CONFLICT, "There is no call to be put through.");
    }
    return !phone || t->phone.data != NULL ||
           wk_refuse(e, WK_R_BAD_REQUEST, "phone is missing, and your account has none.");
}

/* He would be cut off: the talk is his by another way than a takeover. */
static bool no_colleague_has_it(wk_tx_t *tx, const takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {t->thread.call, wk_printf(t->ctx->arena, "%d", WK_PHONE_HELD_TURN)};
    return t->thread.call.data == NULL ||
           (wk_sql(tx, &wk_sql_call_put_through, params, &rows, e) &&
            (wk_rows_count(rows) == 0 ||
             wk_refuse(e, WK_R_CONFLICT, "The call was put through, and a person has it.")));
}

/* The agent would take the call over from itself, and the caller is in it. */
static bool rings_a_person(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {t->phone, t->takeover};
    if (!va_str_eq(t->channel, VA_STR("phone"))) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_takeover_ring, params, &rows, e)) {
        return false;
    }
    t->rung = wk_cell_bool(rows, 0, "rung");
    if (wk_cell_bool(rows, 0, "own")) {
        return wk_refuse(e, WK_R_BAD_REQUEST,
                         "phone must not be a number at which the shop's own agent answers.");
    }
    return !va_str_eq(t->phone, t->thread.number) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "phone must not be the caller's own number.");
}

/* The same join again, which is done: nothing has to be silenced, and nobody rung, once more.
 */
static bool has_joined(const takeover_t *t)
{
    return state_is(t, "held") && t->same_call && va_str_eq(t->mode, t->channel) &&
           (t->rung || va_str_eq(t->channel, VA_STR("text")));
}

/* A run before this one has begun the join; the person may have been rung by now. */
static bool is_joining(const takeover_t *t)
{
    return state_is(t, "joining") && t->own && t->same_call && va_str_eq(t->mode, t->channel);
}

/* Of a talk by text there is none. */
static bool take_call(wk_tx_t *tx, const takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {t->thread.call, t->user};
    return t->thread.call.data == NULL ||
           (wk_sql(tx, &wk_sql_call_taken_over, params, &rows, e) &&
            (wk_rows_count(rows) > 0 || refuse_ended(e)));
}

static bool refuse_ended_meanwhile(wk_error_t *e)
{
    return wk_refuse(e, WK_R_CONFLICT, "The talk has ended meanwhile.");
}

/* A run of this job that died had come to it: he would be rung for nobody who still asks. */
static bool has_not_been(wk_tx_t *tx, const takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {t->customer, t->thread.chat, t->ctx->job->id};
    return wk_sql(tx, &wk_sql_takeover_has_been, params, &rows, e) &&
           (wk_rows_count(rows) == 0 || refuse_ended_meanwhile(e));
}

static bool begin(wk_tx_t *tx, const takeover_t *t, wk_rows_t **rows, wk_error_t *e)
{
    bool phone = va_str_eq(t->channel, VA_STR("phone"));
    va_str_t job = t->ctx->job->id;
    va_str_t of_chat[] = {t->thread.chat, t->user, t->channel, job};
    va_str_t of_customer[] = {
        t->customer, t->thread.call, t->user, t->channel, phone ? t->phone : VA_STR_NULL, job};
    return t->thread.chat.data != NULL
               ? wk_sql(tx, &wk_sql_takeover_begin_chat, of_chat, rows, e)
               : wk_sql(tx, &wk_sql_takeover_begin, of_customer, rows, e);
}

static bool join_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    takeover_t *t = arg;
    wk_rows_t *rows;
    if (!look(tx, t, caller, e) || !may_join(t, e) || !no_colleague_has_it(tx, t, e) ||
        !rings_a_person(tx, t, e)) {
        return false;
    }
    t->thread.asking = 1;
    if (has_joined(t) || is_joining(t)) {
        va_str_t params[] = {t->takeover, t->ctx->job->id};
        return wk_sql(tx, &wk_sql_takeover_joined_by, params, NULL, e);
    }
    if (!has_not_been(tx, t, e) || !begin(tx, t, &rows, e)) {
        return false;
    }
    t->takeover = wk_cell(rows, 0, "id");
    t->thread.step = wk_cell_int(rows, 0, "step", 0) + 1;
    t->thread.reached = false;
    bool begins = t->state.data == NULL || state_is(t, "leaving");
    return (!begins || audit(tx, t, "takeover_join", e)) && take_call(tx, t, e);
}

/* Another run has come to the same end; or the call has ended, or was given back, meanwhile. */
static bool is_held(wk_tx_t *tx, const takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    bool chat = t->thread.chat.data != NULL;
    if (!wk_sql(tx, chat ? &wk_sql_takeover_open_chat : &wk_sql_takeover_open,
                chat ? &t->thread.chat : &t->customer, &rows, e)) {
        return false;
    }
    return (wk_rows_count(rows) > 0 && va_str_eq(wk_cell(rows, 0, "state"), VA_STR("held"))) ||
           refuse_ended_meanwhile(e);
}

static bool joined(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    bool news;
    wk_event_t ev;
    if (!go_to(tx, t, "held", "{joining}", &news, e)) {
        return false;
    }
    if (!news) {
        return is_held(tx, t, e);
    }
    begin_event(&ev, tx, t, "human_agent_joined");
    va_json_add_str(ev.json, "by", t->channel);
    return wk_event_end(&ev, e) && tell_visitor(tx, t, e);
}

static bool not_joined(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    bool news;
    return go_to(tx, t, "over", "{joining}", &news, e) &&
           (!news || t->thread.call.data == NULL ||
            wk_sql(tx, &wk_sql_call_given_back, &t->thread.call, NULL, e));
}

/*
 * What cannot be silenced now is tried again; what never can is not taken over. Redis is undone
 * first: a run that dies in between finds the join begun, and comes here again.
 */
static wk_outcome_t join_failed(takeover_t *t, va_reply_t *reply, wk_error_t *e)
{
    wk_error_t why = *e;
    wk_outcome_t outcome = wk_reply_error(t->ctx, reply, &why);
    if (outcome != WK_AGAIN &&
        (!wk_takeover_undo(t->ctx, &t->thread, e) || !in_tx(t, not_joined, e))) {
        return WK_AGAIN;
    }
    *e = why;
    return outcome;
}

static wk_outcome_t join(takeover_t *t, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    if (!read_body(t, &body, e) || !read_join(t, body, e) ||
        !wk_caller_tx(t->ctx, WK_FROM_STAFF, join_tx, t, e)) {
        return wk_reply_error(t->ctx, reply, e);
    }
    if (has_joined(t)) {
        return answer(t, "held", reply, e);
    }
    if (!wk_takeover_silence(t->ctx, &t->thread, e)) {
        return join_failed(t, reply, e);
    }
    return in_tx(t, joined, e) ? answer(t, "held", reply, e) : wk_reply_error(t->ctx, reply, e);
}

/* ---------------------------------------------------------------- message */

static bool tell_message(wk_tx_t *tx, const takeover_t *t, wk_error_t *e)
{
    wk_event_t ev;
    begin_event(&ev, tx, t, "human_agent_message");
    va_json_add_str(ev.json, "messageId", t->message);
    va_json_add_str(ev.json, "message", t->text);
    return wk_event_end(&ev, e) && audit(tx, t, "takeover_message", e);
}

static va_str_t message_key(const takeover_t *t)
{
    return wk_printf(t->ctx->arena, "takeover:%.*s:%.*s", (int)t->takeover.len,
                     t->takeover.data, (int)t->id.len, t->id.data);
}

static bool may_write(wk_tx_t *tx, const takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    if (t->thread.number.data == NULL) {
        return wk_refuse(e, WK_R_CONFLICT, "The customer has no phone number.");
    }
    if (!wk_sql(tx, &wk_sql_consent_sms, &t->thread.number, &rows, e)) {
        return false;
    }
    return !wk_cell_bool(rows, 0, "refused") ||
           wk_refuse(e, WK_R_CONFLICT, "The customer does not want texts.");
}

static bool find_text(wk_tx_t *tx, takeover_t *t, va_str_t key, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {key, VA_STR_NULL};
    if (!wk_sql(tx, &wk_sql_message_of_effect, params, &rows, e)) {
        return false;
    }
    t->message = wk_rows_count(rows) > 0 ? wk_cell(rows, 0, "id") : VA_STR_NULL;
    return true;
}

static bool write_text(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    const wk_sms_draft_t draft = {.key = message_key(t),
                                  .customer = t->customer,
                                  .from = t->thread.shop_number,
                                  .to = t->thread.number,
                                  .text = t->text,
                                  .language = t->thread.language,
                                  .template = "staff",
                                  .person = t->user};
    if (!may_write(tx, t, e) || !find_text(tx, t, draft.key, e)) {
        return false;
    }
    return t->message.data != NULL ||
           (wk_sms_queue_later(tx, &draft, e) && find_text(tx, t, draft.key, e) &&
            tell_message(tx, t, e));
}

static bool find_written(wk_tx_t *tx, takeover_t *t, va_str_t key, wk_rows_t **rows,
                         wk_error_t *e)
{
    if (!wk_sql(tx, &wk_sql_takeover_message_known, &key, rows, e)) {
        return false;
    }
    t->message = wk_rows_count(*rows) > 0 ? wk_cell(*rows, 0, "id") : VA_STR_NULL;
    return true;
}

/* What is known is on its way, whoever died: the job for it was written with it. */
static bool write_in_chat(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t key = message_key(t);
    if (!find_written(tx, t, key, &rows, e)) {
        return false;
    }
    if (t->message.data != NULL) {
        return true;
    }
    if (t->ended_chat) {
        return refuse_ended_chat(e);
    }
    return wk_chat_people_write(tx, t->thread.chat, t->text, t->user, key, &t->message, e) &&
           tell_message(tx, t, e);
}

/*
 * One asking at a time: the caller who has come for it must not be taken from what he is told
 * by another. One that comes to nothing is repeated when it surely has.
 */
static bool call_away(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_held_call_away, &t->takeover, &rows, e)) {
        return false;
    }
    t->calls_caller = wk_rows_count(rows) > 0;
    t->thread.asking = t->calls_caller ? wk_cell_int(rows, 0, "asked", 0) + 1 : 0;
    return true;
}

/* Said by the next document for the caller; what only listens gives way to that. */
static bool say(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t key = message_key(t);
    va_str_t params[] = {t->thread.call,     t->customer, t->text,
                         t->thread.language, t->user,     key};
    if (!wk_sql(tx, &wk_sql_held_call, &t->thread.call, &rows, e)) {
        return false;
    }
    t->awaited = wk_cell_bool(rows, 0, "awaited");
    if (!wk_sql(tx, &wk_sql_held_message, params, &rows, e)) {
        return false;
    }
    bool first = wk_rows_count(rows) > 0;
    t->message = first ? wk_cell(rows, 0, "id") : VA_STR_NULL;
    if (!first && !find_written(tx, t, key, &rows, e)) {
        return false;
    }
    if (!first && !wk_cell_bool(rows, 0, "unsaid")) {
        return true;
    }
    if (!call_away(tx, t, e)) {
        return false;
    }
    t->asked_before = !first && !t->calls_caller && t->awaited;
    return !first || tell_message(tx, t, e);
}

static bool message_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    takeover_t *t = arg;
    if (!look(tx, t, caller, e)) {
        return false;
    }
    if (!state_is(t, "held")) {
        return wk_refuse(e, WK_R_CONFLICT, "Join first: the agent has this talk.");
    }
    if (!t->own) {
        return wk_refuse(e, WK_R_CONFLICT, "Somebody else has taken this over.");
    }
    if (!wk_sql(tx, &wk_sql_takeover_active, &t->takeover, NULL, e)) {
        return false;
    }
    if (t->thread.chat.data != NULL) {
        return write_in_chat(tx, t, e);
    }
    return t->thread.call.data != NULL && t->same_call ? say(tx, t, e) : write_text(tx, t, e);
}

static wk_outcome_t message(takeover_t *t, va_reply_t *reply, wk_error_t *e)
{
    const va_json_t *body;
    if (!wk_request_json(t->ctx, &body, e) || !read_message(t, body, e) ||
        !wk_caller_tx(t->ctx, WK_FROM_STAFF, message_tx, t, e) ||
        (t->calls_caller && !wk_takeover_call_caller(t->ctx, &t->thread, e))) {
        return wk_reply_error(t->ctx, reply, e);
    }
    if (t->asked_before) {
        wk_error(e, WK_UNAVAILABLE, "the caller is on his way to a message");
        e->retry_after_ms = ASKING_MS;
        return wk_reply_error(t->ctx, reply, e);
    }
    return answer(t, "held", reply, e);
}

/* ---------------------------------------------------------------- resume */

static bool resume_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    bool news;
    takeover_t *t = arg;
    if (!look(tx, t, caller, e)) {
        return false;
    }
    if (t->state.data == NULL) {
        return wk_refuse(e, WK_R_CONFLICT, "The agent has this talk.");
    }
    if (!t->same_call) {
        t->thread.call = t->thread.sid = VA_STR_NULL;
    }
    if (!go_to(tx, t, "leaving", "{joining,held}", &news, e)) {
        return false;
    }
    return !news || (audit(tx, t, "takeover_resume", e) &&
                     (t->thread.call.data == NULL ||
                      wk_sql(tx, &wk_sql_call_given_back, &t->thread.call, NULL, e)));
}

static bool resumed(wk_tx_t *tx, takeover_t *t, wk_error_t *e)
{
    bool news;
    wk_event_t ev;
    if (!go_to(tx, t, "over", "{leaving}", &news, e)) {
        return false;
    }
    if (!news) {
        return true;
    }
    begin_event(&ev, tx, t, "ai_agent_resumed");
    return wk_event_end(&ev, e) && tell_visitor(tx, t, e);
}

static wk_outcome_t resume(takeover_t *t, va_reply_t *reply, wk_error_t *e)
{
    if (!wk_caller_tx(t->ctx, WK_FROM_STAFF, resume_tx, t, e) ||
        !wk_takeover_give_back(t->ctx, &t->thread, e) || !in_tx(t, resumed, e)) {
        return wk_reply_error(t->ctx, reply, e);
    }
    return answer(t, "over", reply, e);
}

/* ---------------------------------------------------------------- handler */

wk_outcome_t wk_takeover_handle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    takeover_t t = {.ctx = ctx, .target = wk_request_id(ctx, 2)};
    va_str_t action = wk_request_segment(ctx->job, 3);
    t.joins = va_str_eq(action, VA_STR("join"));
    if (t.joins) {
        return join(&t, reply, e);
    }
    return va_str_eq(action, VA_STR("message")) ? message(&t, reply, e) : resume(&t, reply, e);
}
