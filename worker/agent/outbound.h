/*
 * Calls to customers by the shop's agent: at ElevenLabs, where the shop has one that can call,
 * else placed by the carrier and answered by the shop's engines, as calls that come in are.
 * The ledger's row is there before anybody dials, and whoever dials is asked to once: when
 * nobody can tell whether it did, it is asked for the call, and what stays uncertain becomes a
 * task and an alarm, never a second call.
 */
#ifndef WK_AGENT_OUTBOUND_H
#define WK_AGENT_OUTBOUND_H

#include "core/json.h"
#include "worker/context.h"
#include "worker/handler.h"
#include "worker/providers/twilio.h"

#define WK_OUTBOUND_ATTEMPTS 12 /* of a job that settles one, before it is told as unknown */

/* What somebody wants. */
typedef struct {
    va_str_t customer;
    va_str_t number; /* that he is to be called at, E.164; absent: his */
    va_str_t reason, priority;
    va_str_t user;              /* absent: the system */
    va_str_t message;           /* said after the greeting; may be absent */
    va_str_t campaign;          /* may be absent */
    const va_json_t *variables; /* of the conversation, an object; may be NULL */
} wk_outbound_wish_t;

typedef enum {
    WK_OUTBOUND_DIAL,    /* claimed by this very run */
    WK_OUTBOUND_PENDING, /* asked for before, and not settled yet */
    WK_OUTBOUND_DONE,    /* as result says */
    WK_OUTBOUND_FAILED,  /* surely nobody was called */
    WK_OUTBOUND_UNKNOWN, /* nobody can tell: people have a task */
    WK_OUTBOUND_QUIET,   /* not before next_allowed */
    WK_OUTBOUND_NO_CONSENT,
    WK_OUTBOUND_NO_NUMBER,    /* of the customer */
    WK_OUTBOUND_OWN_NUMBER,   /* the customer's is one that the shop is called at */
    WK_OUTBOUND_OTHER_NUMBER, /* the one that is wished for is not the customer's */
    WK_OUTBOUND_NO_AGENT,     /* the shop has none that can call, and no number to call from */
    WK_OUTBOUND_NOBODY,       /* no such customer */
} wk_outbound_state_t;

typedef struct {
    wk_outbound_state_t state;
    va_str_t next_allowed; /* ISO 8601; absent: not by waiting */
    va_str_t key;          /* of the ledger */
    va_str_t effect;
    bool by_carrier;       /* else by the platform */
    wk_twilio_dial_t ring; /* what the carrier is asked */
    va_str_t body;         /* what the platform is asked, JSON */
    va_str_t result;       /* JSON, when it is settled */
    bool patient;          /* nobody waits: set by the caller, for wk_outbound_dial() */
} wk_outbound_t;

/* Within the transaction of who asks: may it be made, and is it ours to make? */
bool wk_outbound_claim(wk_ctx_t *ctx, wk_tx_t *tx, const wk_outbound_wish_t *wish,
                       wk_outbound_t *call, wk_error_t *e);

/*
 * After the commit of a claim: dials, and says what became of it in call->state and result. For
 * who is patient a platform that is busy or away is a failure, WK_UNAVAILABLE, after which
 * nothing is left of the claim: to be claimed anew, not before e->retry_after_ms.
 */
bool wk_outbound_dial(wk_ctx_t *ctx, va_str_t organization, wk_outbound_t *call, wk_error_t *e);

/*
 * Within a transaction: the carrier asks what a call is to hear that was placed for that
 * effect, or tells who answers it, which proves that it was. *known false: it is no call of
 * the shop's. *opening: the first words.
 */
bool wk_outbound_answered(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t effect, va_str_t call_sid,
                          bool *known, va_str_t *opening, wk_error_t *e);

/* A job of the claim: whatever became of who dialled, the call is settled in the end. */
wk_outcome_t wk_outbound_settle(wk_ctx_t *ctx, va_str_t organization, va_str_t key,
                                wk_error_t *e);

/* Nobody is left to settle it: ends it as one that nobody can tell of, with a task and an
 * alert. */
wk_outcome_t wk_outbound_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key,
                                 wk_error_t *e);

#endif
