/*
 * A call of the shop's that an answering machine or a fax takes. Whoever notices it first (the
 * carrier's detection, or the agent by its tool) notes it, once; then the call is taken to the
 * document for a machine, which leaves the shop's message or hangs up, as the shop wants it
 * (agent_configs.voicemail_action).
 */
#ifndef WK_AGENT_VOICEMAIL_H
#define WK_AGENT_VOICEMAIL_H

#include "core/json.h"
#include "worker/agent/catalogue.h"
#include "worker/context.h"
#include "worker/handler.h"

/* The turn that the document is stored as: above those of a talk, below a person's. */
#define WK_VOICEMAIL_TURN 49000

/* By the shop's voicemail_action: is it asked who answers, and is a message left? */
bool wk_voicemail_looks(va_str_t action);
bool wk_voicemail_leaves(va_str_t action);

/* own: the shop's texts by language, or NULL. Without a word of what the call was about. */
va_str_t wk_voicemail_text(wk_arena_t *a, const wk_language_t *l, const va_json_t *own,
                           va_str_t agent, va_str_t shop);

typedef enum {
    WK_VOICEMAIL_NONE,    /* no such call, or it is over */
    WK_VOICEMAIL_INBOUND, /* the customer called */
    WK_VOICEMAIL_PERSON,  /* noted that nobody is a machine, or that nobody can tell */
    WK_VOICEMAIL_TAKEN,   /* by a machine: now, or noted before */
} wk_voicemail_verdict_t;

typedef struct {
    va_str_t sid;         /* CallSid */
    va_str_t answered_by; /* the carrier's word, or "agent" for the tool's */
    va_str_t message;     /* the agent's own words for the machine; may be absent */
} wk_voicemail_t;

/*
 * Within a transaction. The carrier's first verdict counts and no later one; the agent's comes
 * with a machine on the line, and counts whatever the carrier said. With TAKEN the call is on
 * its way to the document (job voicemail.leave).
 */
bool wk_voicemail_note(wk_tx_t *tx, const wk_voicemail_t *v, wk_voicemail_verdict_t *verdict,
                       wk_error_t *e);

/* The job: takes the call to the document, unless it was there, is over, or a person has it. */
wk_outcome_t wk_voicemail_leave(wk_ctx_t *ctx, va_str_t organization, va_str_t sid,
                                wk_error_t *e);

#endif
