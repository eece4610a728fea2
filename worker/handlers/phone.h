/*
 * What the handlers behind a call's addresses share: who calls whom, by the token that the
 * address carries, and the answer, which is TwiML with 200 whatever happens.
 *
 * A turn is answered once: the document is stored with what is said, in the transaction of all
 * that the turn changes, and a repeated request gets it byte by byte.
 */
#ifndef WK_HANDLERS_PHONE_H
#define WK_HANDLERS_PHONE_H

#include "core/form.h"
#include "worker/agent/personalization.h"
#include "worker/agent/speech.h"
#include "worker/agent/tool.h"
#include "worker/agent/transfer.h"
#include "worker/handler.h"

#define WK_PHONE_WARN_S  60      /* before the longest call is over */
#define WK_PHONE_HOLD_MS 180000  /* of a slot: the next turn is heard by then */
#define WK_PHONE_DIAL_MS 1800000 /* while people talk; a longer talk counts no more */
#define WK_PHONE_DIAL_S  14400   /* of a talk between people */

/*
 * The turns of a caller whom a person has: this and the number of the document that listens.
 * Those of the talk with the agent stay far below.
 */
#define WK_PHONE_HELD_TURN 50000

#define WK_PHONE_BACK "b" /* at the re-entry door: from a person, or from looking for one */

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    va_form_t form;

    /* Of the address and its token. */
    va_str_t sid, organization;
    int64_t turn, silences, errors;
    wk_speech_t speech;

    /* By wk_phone_load(). */
    va_str_t shop, plan, agent, owner;
    va_str_t language; /* of the call, where one is known, else the shop's */
    const va_json_t *engines, *languages, *destinations, *end_message, *transfer_message;
    const va_json_t *own; /* the numbers at which the shop's agent answers */
    int64_t max_calls, max_s;
    bool open;
    bool handed; /* the agent's platform takes calls itself */
    bool recorded;
    va_str_t call, customer, engine, number, shop_number; /* number absent: withheld */
    int64_t elapsed_s;
    bool warned, attested;
    bool unanswered; /* the last person who was to have it did not take it */
} wk_phone_t;

/* The form and the address. WK_FORBIDDEN: the token is not one of this call. */
bool wk_phone_read(wk_ctx_t *ctx, wk_phone_t *v, wk_error_t *e);

/* The same by the query of another address of ours. */
bool wk_phone_read_query(wk_ctx_t *ctx, wk_phone_t *v, va_str_t query, wk_error_t *e);

/* A number in the query of an address of ours; 0: there is none. */
int64_t wk_phone_number_of(wk_ctx_t *ctx, va_str_t query, const char *name);

/* For an address that carries no token yet: of the call that begins. */
bool wk_phone_begin(wk_ctx_t *ctx, wk_phone_t *v, wk_error_t *e);

/* The shop, and the call where it is known: without a row WK_NOT_FOUND. */
bool wk_phone_load_shop(wk_tx_t *tx, wk_phone_t *v, wk_error_t *e);
bool wk_phone_load(wk_tx_t *tx, wk_phone_t *v, wk_error_t *e);

/* "CA…:7" */
va_str_t wk_phone_key(const wk_phone_t *v, int64_t turn);

/* The document of a turn that was answered before; absent: it was not. */
bool wk_phone_answered(wk_tx_t *tx, wk_phone_t *v, int64_t turn, va_str_t *twiml,
                       wk_error_t *e);

/* The first turn that no answer is stored for, `least` or later. */
bool wk_phone_next_turn(wk_tx_t *tx, const wk_phone_t *v, int64_t least, int64_t *turn,
                        wk_error_t *e);

/*
 * There was no slot for a call (voiceagent_calls_refused_total): to be said once of it, however
 * many engines were tried.
 */
void wk_phone_refused(const char *reason);

/* ms since nginx took the request, by the clocks of two hosts; never below 0. */
int64_t wk_phone_age_ms(const wk_phone_t *v);

/* The answer of a turn. */
typedef struct {
    int64_t turn;
    va_str_t text;      /* empty: nothing is said */
    va_str_t twiml;     /* the document */
    va_str_t used;      /* JSON list: the tools that answered for it; may be absent */
    va_str_t citations; /* JSON list: the knowledge it is made from; may be absent */
} wk_phone_said_t;

/* Stores it, published as agent_response. WK_CONFLICT: the turn has been answered meanwhile. */
bool wk_phone_said(wk_tx_t *tx, const wk_phone_t *v, const wk_phone_said_t *said,
                   wk_error_t *e);

/* A text of the shop's own in the talk's language, else the catalogue's. */
va_str_t wk_phone_text(const wk_phone_t *v, const va_json_t *own, const char *name);

/* As people of the shop are told who calls. */
va_str_t wk_phone_who(const wk_phone_t *v);

/*
 * *held: a person has the call, or had it when the turn at hand began. Then twiml takes the
 * caller to what that person has for him, by which he comes to whoever has the call by now, and
 * nothing of the agent's may be said. Holds the thread's lock until the commit.
 */
bool wk_phone_held(wk_tx_t *tx, wk_phone_t *v, bool *held, va_str_t *twiml, wk_error_t *e);

/* The person the call can be put through to now; number absent: nobody. named may be absent. */
wk_destination_t wk_phone_person(const wk_phone_t *v, va_str_t named, va_str_t words);

/* Publishes and stores that the call is put through, and writes its TwiML behind the text. */
bool wk_phone_put_through(wk_tx_t *tx, wk_phone_t *v, const wk_destination_t *to,
                          va_str_t reason, va_str_t text, int64_t turn, wk_error_t *e);

/*
 * The call goes on: its slot is prolonged and its state follows. What cannot be written now is
 * only logged, for the next turn writes it again.
 */
void wk_phone_goes_on(const wk_phone_t *v, int64_t next_turn, int64_t hold_ms);

/* The same for a call whose talk stands still: its slot alone. */
void wk_phone_keeps_slot(const wk_phone_t *v, int64_t hold_ms);

wk_outcome_t wk_phone_reply(va_reply_t *reply, va_str_t twiml);

/*
 * After a failure: again for what may pass. For what will not, a talk in progress goes to
 * handle-error, a call that is not known to its beginning; a request without a right token, or
 * a failure of phone.error itself, gets an apology and the end of the call.
 */
wk_outcome_t wk_phone_failed(wk_phone_t *v, va_reply_t *reply, const wk_error_t *e);

#endif
