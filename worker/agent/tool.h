/*
 * A tool: something an agent does for a customer. One table a tool (tools.c has the list)
 * serves ElevenLabs' webhook tools, OpenAI's function calling, MCP clients, the REST routes
 * and the embedded receptionist.
 *
 * A tool is one transaction. What it wants done outside (a text, a calendar entry) are jobs of
 * that transaction's outbox, each with a ledger row of its own, so that a tool is done or not
 * done, whatever dies in between, and a repeated call gets the answer of the first.
 */
#ifndef WK_AGENT_TOOL_H
#define WK_AGENT_TOOL_H

#include "worker/agent/catalogue.h"
#include "worker/agent/tool_args.h"
#include "worker/context.h"

/* How sure we are who asks. The registry compares; no prompt and no argument raises it. */
typedef enum {
    WK_LEVEL_NAMELESS, /* nothing but the shop is known: no call, no conversation, no agent */
    WK_LEVEL_ANYBODY,
    WK_LEVEL_PHONE, /* the number is attested by the carrier, dialled by us, or wrote to us */
    WK_LEVEL_STAFF, /* signed in */
} wk_assurance_t;

/*
 * Who writes in a chat: nobody vouches for him. Name and number are what he gave; they are
 * written down, and open nothing.
 */
typedef struct {
    va_str_t session;  /* chat_sessions.id; absent: this is no chat */
    va_str_t message;  /* names what he has just written; the session lives on for days */
    va_str_t customer; /* the lead it is kept as */
    va_str_t name, phone;
} wk_visitor_t;

/* Who asks, and from where: never taken from arguments. */
typedef struct {
    va_str_t organization;
    wk_assurance_t level;
    const char *channel; /* "voice", "sms", "chat", "api" or "mcp" */
    va_str_t scope; /* of repeats: the call, the conversation, the message; may be absent */
    /* Where it comes from, when it is part of no talk or of a chat; may be absent. */
    va_str_t source;
    va_str_t call;  /* calls.id, or absent */
    va_str_t phone; /* E.164 of the customer, or absent */
    wk_visitor_t visitor;
    va_str_t shop_phone;           /* the number that was called or written to, or absent */
    va_str_t user_id;              /* of staff, or absent */
    const wk_language_t *language; /* to answer in */
    /*
     * Where one message may be answered by several runs, of which one died: names the call
     * by its place in that message's answer ("SM…:cancel_appointment:0"), or is the id of the
     * job that asks for one tool. An effect is then had once whatever its arguments, which a
     * model may choose differently, and whatever they mean by then ("the next one"). May be
     * absent.
     */
    va_str_t once;
    /* Of who is in no talk: names what he has asked for a moment ago, in the same words, as it
     * names it now. May be absent. */
    va_str_t wish;
} wk_tool_caller_t;

typedef struct wk_tool wk_tool_t;

/* One call of a tool on its way to an answer. */
typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    const wk_tool_t *tool;
    const wk_tool_caller_t *caller;
    const va_json_t *args; /* checked against the tool's table */
    va_json_writer_t *out; /* for further members of the answer */
    void *before;          /* what has to be asked outside, or was found there, or NULL */
    bool asks, asked;      /* before() is to be called, and was */
    bool shop_away;        /* the shop's system did not answer it: the cache may be old */
    bool calendar_stale;   /* the shop's calendar could not be asked; the answer says so */

    int status;       /* HTTP; 0: answered, else refused, and nothing was changed */
    const char *code; /* of a refusal */
    bool keeps;       /* refused, and what was written (a try that counts) stays */
    va_str_t message; /* a sentence to be said, or that tells a model what to do */

    va_str_t effect;   /* the ledger's row that was claimed; absent: none */
    va_str_t repeated; /* the answer of an earlier call like this one; absent: none */
} wk_tool_call_t;

struct wk_tool {
    const char *name;
    const char *also;     /* another name it is known under, or NULL */
    const wk_arg_t *args; /* ends with a name of NULL */
    wk_assurance_t level;
    bool effect;   /* changes something */
    bool schedule; /* is about appointments alone: technicians may use it as well */

    /*
     * Asks outside, where no transaction is open, before run() is called; may be NULL. A
     * failure is only less fresh data.
     */
    void (*before)(wk_tool_call_t *call);
    bool sees_need; /* before() is only called when run() says so: wk_tool_ask_first() */

    /*
     * Answers within the transaction of the organization. False: it could not be done, and may
     * be tried again. A refusal (wk_tool_refuse) rolls back. Nothing follows in the
     * transaction of a tool without effect: its last statement may be wk_sql_last().
     */
    bool (*run)(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e);
};

/*
 * Something outside has to be asked first: run() ends with it, before anything is written to
 * the answer. What it did is rolled back, before() asks, and run() is called once more, with
 * call->asked. Returns false.
 */
bool wk_tool_ask_first(wk_tool_call_t *call);

/* The answer is no, with the sentence; returns true, so that a run() ends with it. */
bool wk_tool_refuse(wk_tool_call_t *call, int status, const char *code, va_str_t message);

/*
 * Claims the effect in the ledger, under a key made of what is meant. *first: it is ours to do;
 * else the call is answered as the first one was, and run() returns true.
 */
bool wk_tool_claim(wk_tx_t *tx, wk_tool_call_t *call, va_str_t key, bool *first, wk_error_t *e);

/*
 * What the call's words are said in, so that said again there they are the same wish: the talk,
 * or in a chat its message. A request that is part of none is its caller's wish, or one by
 * itself.
 */
va_str_t wk_tool_talk(const wk_tool_call_t *call);

/*
 * A key of the ledger for words said in a talk (wk_tool_talk): two texts of one talk are two
 * effects, the same text again is the same.
 */
bool wk_tool_words_key(const wk_tool_call_t *call, const char *what, va_str_t words,
                       va_str_t *key, wk_error_t *e);

/* The customer of the caller's number, who is made known; of a chat its lead; absent without.
 */
bool wk_tool_customer(wk_tx_t *tx, const wk_tool_call_t *call, va_str_t *customer,
                      wk_error_t *e);

/* Who asks, as people of the shop are told: as he says, else his number; may be absent. */
va_str_t wk_tool_who(const wk_tool_call_t *call);

/* The text in the caller's language: wk_tool_say(call, "tool.booked", {"day", day}). */
#define wk_tool_say(call, name, ...)                                                           \
    wk_say((call)->ctx->arena, (call)->caller->language, (name), __VA_ARGS__)

#endif
