/*
 * A person has a talk instead of the agent: a customer's texts, and the call he is in
 * (docs/telephony.md, "People in the call"), or a chat (agent/chat_people.h tells of one). The
 * row in `takeovers` says so; what speaks for the agent looks at it under the thread's lock, in
 * the transaction that decides to speak. So nothing new is said once that row is committed, and
 * wk_takeover_silence() waits for what was decided before.
 */
#ifndef WK_AGENT_TAKEOVER_H
#define WK_AGENT_TAKEOVER_H

#include "worker/context.h"

/* True in *held: a person has the texts with that number. Holds the lock until the commit. */
bool wk_takeover_holds_texts(wk_tx_t *tx, va_str_t number, bool *held, wk_error_t *e);

/*
 * The same of a call (calls.id) with a customer, either of which may be absent. step: documents
 * its caller has been given meanwhile.
 */
bool wk_takeover_holds_call(wk_tx_t *tx, va_str_t call, va_str_t customer, bool *held,
                            int64_t *step, wk_error_t *e);

typedef struct {
    va_str_t organization;
    va_str_t number;    /* of the customer; absent: he has none */
    va_str_t chat;      /* chat_sessions.id; then nothing of texts or calls is here */
    va_str_t call, sid; /* calls.id and CallSid; absent: no call is live */
    va_str_t shop_number, engine, language;
    int64_t step;   /* the next document for the caller */
    int64_t asking; /* how often the carrier was asked to replace one, this time included */
    bool reached;   /* the caller has come for a document since the join: the agent is silent */
} wk_takeover_thread_t;

/*
 * After the commit of the takeover, outside of any transaction: returns when nothing of the
 * agent's can reach the customer any more. WK_UNAVAILABLE, WK_UNKNOWN: it cannot be told yet,
 * try again.
 */
bool wk_takeover_silence(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e);

/* Takes the caller to the next document a person has for him. A call that has ended is none. */
bool wk_takeover_call_caller(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e);

/* After the commit of its end: the call goes back to the agent. */
bool wk_takeover_give_back(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e);

/* A join that failed for good, before its row is undone: the agent may have the call again. */
bool wk_takeover_undo(wk_ctx_t *ctx, const wk_takeover_thread_t *t, wk_error_t *e);

/* The call of that CallSid has ended, and with it what a person did in it: told as any end. */
bool wk_takeover_call_over(wk_tx_t *tx, va_str_t sid, wk_error_t *e);

#endif
