/*
 * chat.answer: somebody writes in the chat of a shop's web site, and is answered in the same
 * request. What he writes is heard once, each of its effects is had once, and its answer is one
 * document, however often it is asked for. Nothing he writes makes him somebody: he is told
 * what anybody is told. While a person has the chat, the agent answers nothing; what people
 * write comes with the next answer, or over the WebSocket (agent/chat_sockets.h).
 */
#include <string.h>

#include "worker/agent/chat_people.h"
#include "worker/agent/chat_sockets.h"
#include "worker/agent/conversation.h"
#include "worker/agent/event.h"
#include "worker/agent/redact_recent.h"
#include "worker/agent/shop.h"
#include "worker/chat_channels.h"
#include "worker/clock.h"
#include "worker/handlers/chat_page.h"
#include "worker/handlers/chat_session.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/store/chat.h"
#include "worker/store/customers.h"

#define MAX_ANSWER  4000 /* bytes */
#define AT_ONCE_MS  1
#define KEY_OF_TALK 32 /* characters of the session's digest that name it in keys */

typedef struct {
    wk_ctx_t *ctx;
    wk_chat_request_t request;
    wk_chat_session_t session;
    wk_conversation_t talk;
    wk_chat_people_t people;
    int64_t joins;       /* of people, when the message was heard */
    bool overtaken;      /* they came and went while an answer was thought of */
    int64_t after, upto; /* of what people wrote the answer brings what is between */
    wk_rows_t *words;    /* that; NULL: nothing */
    wk_rows_t *answer;   /* the row of wk_sql_chat_answer; none as long as there is none */
} chat_t;

/* ---------------------------------------------------------------- what was written */

static va_str_t or_empty(va_str_t s)
{
    return s.data != NULL ? s : VA_STR("");
}

/* As people of the shop are shown who writes: what he says of himself. */
static va_str_t shown(wk_arena_t *a, const wk_chat_session_t *s)
{
    va_str_t name = or_empty(s->name), phone = or_empty(s->phone);
    return wk_printf(a, "%.*s%s%.*s%schat", (int)name.len, name.data, name.len > 0 ? ", " : "",
                     (int)phone.len, phone.data, phone.len > 0 ? ", " : "");
}

static void name_message(chat_t *c)
{
    va_str_t name = c->request.message;
    c->talk.key = wk_printf(c->ctx->arena, "%.*s:%.*s", KEY_OF_TALK,
                            c->session.token_sha256.data, (int)name.len, name.data);
}

static void begin_talk(chat_t *c)
{
    wk_arena_t *a = c->ctx->arena;
    const wk_chat_session_t *s = &c->session;
    wk_conversation_t *talk = &c->talk;
    name_message(c);
    talk->talk = wk_printf(a, "chat:%.*s", (int)s->id.len, s->id.data);
    talk->text = c->request.text;
    talk->shown = shown(a, s);
    talk->shop_number = s->sender;
    talk->customer = s->lead;
    talk->source = c->request.source;
    talk->visitor = (wk_visitor_t){.session = s->id,
                                   .message = talk->key,
                                   .customer = s->lead,
                                   .name = s->name,
                                   .phone = s->phone};
    talk->dialog = wk_dialog_read(s->state, VA_STR_NULL, wk_now_ms());
    talk->settled = s->language.data != NULL;
    talk->now = wk_catalogue_find(talk->catalogue, s->language);
}

/* The parts of a card number that come message by message are masked too. */
static bool mask(wk_tx_t *tx, chat_t *c, wk_error_t *e)
{
    wk_rows_t *rows;
    wk_arena_t *a = wk_tx_arena(tx);
    if (!wk_sql(tx, &wk_sql_chat_recent, &c->session.id, &rows, e)) {
        return false;
    }
    c->talk.text = wk_redact_recent(wk_redactor(a, c->talk.catalogue), a, c->talk.text, rows);
    return true;
}

/* ---------------------------------------------------------------- live events */

static bool publish_begin(wk_tx_t *tx, const chat_t *c, wk_error_t *e)
{
    wk_event_t ev;
    if (!c->session.begun) {
        return true;
    }
    wk_event_begin(&ev, tx, "conversation_started", c->session.lead, VA_STR_NULL);
    va_json_add_c(ev.json, "channel", "chat");
    va_json_add_str(ev.json, "sessionId", c->session.id);
    va_json_add_str(ev.json, "conversationId", c->session.id);
    return wk_event_end(&ev, e);
}

static void begin_event(wk_event_t *ev, wk_tx_t *tx, const chat_t *c, const char *type,
                        const char *member, va_str_t text)
{
    wk_event_begin(ev, tx, type, c->session.lead, VA_STR_NULL);
    va_json_add_c(ev->json, "channel", "chat");
    va_json_add_str(ev->json, "sessionId", c->session.id);
    va_json_add_str(ev->json, member, text);
    va_json_add_str(ev->json, "language", wk_language_code(c->talk.reception.language));
}

static bool publish(wk_tx_t *tx, const chat_t *c, const char *type, const char *member,
                    va_str_t text, wk_error_t *e)
{
    wk_event_t ev;
    begin_event(&ev, tx, c, type, member, text);
    if (strcmp(type, "user_transcript") == 0) {
        wk_event_confidence(&ev, VA_STR_NULL); /* it was typed */
    }
    return wk_event_end(&ev, e);
}

static bool publish_said(wk_tx_t *tx, const chat_t *c, va_str_t text, wk_error_t *e)
{
    wk_event_t ev;
    va_str_t used = c->talk.reception.used;
    begin_event(&ev, tx, c, "agent_response", "response", text);
    va_json_key(ev.json, "toolsUsed");
    va_json_put_raw(ev.json, used.len > 0 ? used : VA_STR("[]"));
    return wk_event_end(&ev, e);
}

/* ---------------------------------------------------------------- the answer */

/* What the page may offer its reader to do next. */
static const char *next_action(const wk_conversation_t *talk)
{
    const wk_reception_t *r = &talk->reception;
    if (talk->emergency.level == WK_EMERGENCY_URGENT) {
        return "emergency";
    }
    bool asked = r->dialog.expected == WK_EXPECT_SLOT || r->dialog.expected == WK_EXPECT_NUMBER;
    if ((r->task != NULL && !asked) || talk->conversed.n_promised > 0) {
        return "wait_for_person";
    }
    switch (r->dialog.expected) {
    case WK_EXPECT_SLOT:
        return "choose_time";
    case WK_EXPECT_CALLBACK:
        return "confirm_callback";
    case WK_EXPECT_MESSAGE:
        return "leave_message";
    case WK_EXPECT_PROOF:
        return "prove_order";
    case WK_EXPECT_NUMBER:
        return "give_number";
    case WK_EXPECT_CANCEL:
    case WK_EXPECT_MOVE:
    case WK_EXPECT_NOTHING:
        break;
    }
    return "continue";
}

/* ---------------------------------------------------------------- what people wrote */

/* Over a WebSocket an answer brings none: each is sent by itself, also to the other sockets. */
static void choose_span(chat_t *c)
{
    const wk_chat_people_t *p = &c->people;
    int64_t from = c->request.after >= 0 ? c->request.after : p->told;
    c->upto = p->said;
    c->after = c->request.connection.data != NULL || from > p->said ? p->said : from;
    if (c->upto - c->after > WK_CHAT_MOST) {
        c->upto = c->after + WK_CHAT_MOST;
    }
}

static bool read_words(wk_tx_t *tx, chat_t *c, wk_error_t *e)
{
    return c->upto <= c->after ||
           wk_chat_people_words(tx, c->session.id, c->after, c->upto, &c->words, e);
}

/* The visitor has them with this answer. */
static bool give_words(wk_tx_t *tx, chat_t *c, wk_error_t *e)
{
    return c->upto <= c->after ||
           (read_words(tx, c, e) && wk_chat_people_given(tx, c->session.id, c->upto, e));
}

static bool push_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const chat_t *c = arg;
    return wk_chat_people_push(tx, c->session.id, e);
}

/* What cannot be sent now is a job's to send: the visitor does not wait for it. */
static bool push(chat_t *c, va_str_t organization, wk_error_t *e)
{
    bool left;
    wk_ctx_t *ctx = c->ctx;
    return wk_chat_sockets_push(ctx, organization, c->session.id, &left, e) &&
           (!left || wk_tx(ctx->db, ctx->arena, organization, 0, push_tx, c, e));
}

/*
 * Every message says which socket is his: whoever died before, it is known now. What a person
 * wrote since the session was read may have been taken to the other sockets by then.
 */
static bool listen(chat_t *c, va_str_t organization, wk_error_t *e)
{
    const wk_chat_people_t *p = &c->people;
    int64_t last = c->request.after >= 0 ? c->request.after : p->told;
    last = last < p->said ? last : p->said;
    if (c->request.connection.data == NULL) {
        return true;
    }
    return wk_chat_sockets_add(c->ctx, c->session.id, c->request.connection, last, e) &&
           ((last == p->said && !p->held) || push(c, organization, e));
}

/* ---------------------------------------------------------------- storing */

/* next: what the page may offer where nobody answers now; NULL: it is answered. */
static bool store_heard(wk_tx_t *tx, const chat_t *c, const char *intent, const char *next,
                        wk_rows_t **rows, wk_error_t *e)
{
    va_str_t params[] = {c->session.id,
                         c->talk.text,
                         wk_language_code(c->talk.reception.language),
                         c->talk.key,
                         intent != NULL ? va_str_c(intent) : VA_STR_NULL,
                         next != NULL ? va_str_c(next) : VA_STR_NULL,
                         va_str_c(wk_emergency_level_name(c->talk.emergency.level)),
                         wk_decimal(c->ctx->arena, c->after),
                         wk_decimal(c->ctx->arena, c->upto)};
    if (!wk_sql(tx, &wk_sql_chat_heard, params, rows, e)) {
        return false;
    }
    if (wk_rows_count(*rows) == 0) {
        return wk_error(e, WK_CONFLICT, "the message is known already");
    }
    return publish(tx, c, "user_transcript", "transcript", c->talk.text, e);
}

static bool store_said(wk_tx_t *tx, chat_t *c, wk_error_t *e)
{
    const wk_reception_t *r = &c->talk.reception;
    va_str_t text = wk_cut_text(r->text, MAX_ANSWER);
    va_str_t params[] = {c->session.id,
                         text,
                         wk_language_code(r->language),
                         c->talk.key,
                         r->citations,
                         va_str_c(next_action(&c->talk)),
                         va_str_c(wk_emergency_level_name(c->talk.emergency.level)),
                         wk_decimal(c->ctx->arena, c->after),
                         wk_decimal(c->ctx->arena, c->upto),
                         c->ctx->job->id,
                         r->used};
    return wk_sql(tx, &wk_sql_chat_said, params, &c->answer, e) && publish_said(tx, c, text, e);
}

static bool contacted(wk_tx_t *tx, const chat_t *c, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_customer_contacted, &c->session.lead, NULL, e) &&
           wk_shop_look_up_later(tx, c->session.lead, e);
}

/* What was written, what is answered, and all that follows of it: one transaction. */
static bool store(wk_tx_t *tx, chat_t *c, wk_error_t *e)
{
    wk_rows_t *heard;
    return store_heard(tx, c, c->talk.reception.intent, NULL, &heard, e) &&
           wk_conversation_keep(tx, &c->talk, e) && store_said(tx, c, e) &&
           give_words(tx, c, e) && contacted(tx, c, e);
}

/* While a person has the chat, he reads what comes, and the agent says nothing. */
static bool leave_to_person(wk_tx_t *tx, chat_t *c, wk_error_t *e)
{
    bool urgent = c->talk.emergency.level == WK_EMERGENCY_URGENT;
    return store_heard(tx, c, urgent ? "emergency" : NULL, "wait_for_person", &c->answer, e) &&
           give_words(tx, c, e) && contacted(tx, c, e);
}

/* What tools did for a message whose answer is not given is told to people in its place. */
static bool note_done(wk_tx_t *tx, const chat_t *c, wk_error_t *e)
{
    wk_rows_t *rows;
    const wk_language_t *l =
        wk_catalogue_pick(c->talk.catalogue, c->talk.facts.language, VA_STR_NULL);
    if (!wk_sql(tx, &wk_sql_chat_done, &c->talk.key, &rows, e)) {
        return false;
    }
    va_str_t what = wk_cell(rows, 0, "what");
    if (what.len == 0) {
        return true;
    }
    va_str_t text = wk_say(c->ctx->arena, l, "chat.done_unsaid", {"what", what});
    va_str_t params[] = {c->session.id, text, wk_language_code(l), c->talk.key};
    return wk_sql(tx, &wk_sql_chat_note, params, &rows, e) &&
           (wk_rows_count(rows) == 0 || publish(tx, c, "agent_note", "note", text, e));
}

static bool read_answer(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    chat_t *c = arg;
    if (!wk_sql(tx, &wk_sql_chat_answer, &c->talk.key, &c->answer, e)) {
        return false;
    }
    if (wk_rows_count(c->answer) == 0) {
        return true;
    }
    c->after = wk_cell_int(c->answer, 0, "after", 0);
    c->upto = wk_cell_int(c->answer, 0, "upto", 0);
    return read_words(tx, c, e);
}

static bool is_answered(const chat_t *c)
{
    return c->answer != NULL && wk_rows_count(c->answer) > 0;
}

static bool judge(wk_tx_t *tx, chat_t *c, wk_error_t *e)
{
    return c->people.held
               ? wk_conversation_watch(tx, &c->talk, e) && leave_to_person(tx, c, e) &&
                     note_done(tx, c, e)
               : wk_conversation_judge(tx, &c->talk, e) && (c->talk.thinks || store(tx, c, e));
}

static bool hear_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    chat_t *c = arg;
    if (!wk_chat_session(c->ctx, tx, &c->request, &c->session, e) ||
        !wk_chat_people_read(tx, c->session.id, &c->people, e)) {
        return false;
    }
    c->joins = c->people.joins;
    choose_span(c);
    if (c->request.listens) {
        return give_words(tx, c, e);
    }
    begin_talk(c);
    if (!read_answer(tx, c, e)) {
        return false;
    }
    if (is_answered(c)) {
        return true;
    }
    return publish_begin(tx, c, e) && mask(tx, c, e) && judge(tx, c, e);
}

/*
 * A person may have taken the chat while the answer was thought of: then there is none. One who
 * has given it back since has said what the answer knows nothing of: it is thought of anew.
 */
static bool store_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    chat_t *c = arg;
    if (!wk_chat_people_read(tx, c->session.id, &c->people, e)) {
        return false;
    }
    choose_span(c);
    if (c->people.held) {
        return leave_to_person(tx, c, e) && note_done(tx, c, e);
    }
    c->overtaken = c->people.joins != c->joins;
    return c->overtaken ? note_done(tx, c, e) : store(tx, c, e);
}

static bool think(chat_t *c, va_str_t organization, wk_error_t *e)
{
    wk_ctx_t *ctx = c->ctx;
    return !c->talk.thinks || is_answered(c) ||
           (wk_conversation_think(&c->talk, organization, e) &&
            wk_tx(ctx->db, ctx->arena, organization, 0, store_tx, c, e));
}

/* *organization absent: there is no such business. */
static bool answer(chat_t *c, va_str_t *organization, wk_error_t *e)
{
    return wk_chat_tx(c->ctx, &c->request, 0, hear_tx, c, organization, e) &&
           (organization->data == NULL ||
            (listen(c, *organization, e) && think(c, *organization, e)));
}

/* Another run answered the same message first: its answer is the message's, once it is read. */
static bool answered_by_another(chat_t *c, va_str_t organization, wk_error_t *e)
{
    wk_ctx_t *ctx = c->ctx;
    wk_error_t unread;
    if (e->code != WK_CONFLICT || c->session.token_sha256.data == NULL || c->request.listens) {
        return false;
    }
    name_message(c);
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, read_answer, c, &unread)) {
        *e = unread;
        return false;
    }
    return is_answered(c);
}

static void put_words(const chat_t *c, va_json_writer_t *w)
{
    va_json_key(w, "messages");
    va_json_array(w);
    for (size_t i = 0; c->words != NULL && i < wk_rows_count(c->words); i++) {
        va_json_object(w);
        wk_chat_people_put(w, c->words, i);
        va_json_object_end(w);
    }
    va_json_array_end(w);
}

static wk_outcome_t tell(chat_t *c, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_json_writer_t *w = wk_reply_begin(c->ctx, &doc);
    va_json_add_str(w, "sessionId", c->session.token);
    if (c->request.listens) {
        va_json_add_bool(w, "person", c->people.held);
    } else {
        va_json_add_bool(w, "person", wk_cell_bool(c->answer, 0, "held"));
        va_json_add_str(w, "reply", wk_cell(c->answer, 0, "content"));
        va_json_add_str(w, "nextAction", wk_cell(c->answer, 0, "next_action"));
        va_json_add_str(w, "emergencyLevel", wk_cell(c->answer, 0, "emergency_level"));
        va_json_key(w, "lead");
        va_json_put_raw(w, wk_cell(c->answer, 0, "lead"));
    }
    put_words(c, w);
    return wk_reply_end(c->ctx, &doc, 200, reply, e);
}

wk_outcome_t wk_chat_answer(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    va_str_t organization = VA_STR_NULL;
    chat_t c = {.ctx = ctx,
                .talk = {.ctx = ctx,
                         .catalogue = wk_catalogue(ctx->config, e),
                         .channel = "chat",
                         .level = WK_LEVEL_ANYBODY}};
    if (va_str_eq(ctx->job->http_method, VA_STR("OPTIONS"))) {
        return wk_chat_page_allow(ctx, reply, e);
    }
    if (c.talk.catalogue == NULL || !wk_chat_read(ctx, c.talk.catalogue, &c.request, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    bool done = answer(&c, &organization, e) || answered_by_another(&c, organization, e);
    if (done && organization.data == NULL) {
        done = wk_chat_refuse_key(e);
    }
    if (done && c.overtaken) {
        e->retry_after_ms = AT_ONCE_MS;
        return WK_LATER;
    }
    wk_outcome_t outcome = done ? tell(&c, reply, e) : wk_reply_error(ctx, reply, e);
    if (c.session.let_in) {
        wk_chat_page_may_read(ctx, reply, c.request.origin);
    }
    return outcome;
}
