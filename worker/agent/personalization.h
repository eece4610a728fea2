/*
 * What an agent is told before it says the first word, from one look into the database: the
 * answer to ElevenLabs' "Twilio personalization" webhook, and the variables of a call that
 * the shop makes.
 */
#ifndef WK_AGENT_PERSONALIZATION_H
#define WK_AGENT_PERSONALIZATION_H

#include "core/json.h"
#include "worker/agent/catalogue.h"
#include "worker/db.h"

/* Of a call that the shop makes. */
typedef struct {
    va_str_t reason, priority;
    va_str_t voicemail; /* left where a machine answers; empty: nothing */
} wk_placed_call_t;

/* All zero: nothing is known, not even the shop. Texts and trees live in the transaction's
 * arena. */
typedef struct {
    va_str_t organization; /* absent: nobody's number */
    va_str_t name, phone, owner_phone, website, timezone, language, description, services;
    va_str_t business_type;
    const va_json_t *languages, *hours, *promotions, *stock, *greeting; /* by language */

    va_str_t today, clock;  /* YYYY-MM-DD, HH:MM, of the shop */
    va_str_t opens, closes; /* of today; absent: closed today */
    bool open;
    va_str_t closing, next_opening;

    va_str_t caller;   /* E.164; absent: withheld */
    va_str_t customer; /* absent: not known to this shop */
    va_str_t customer_name, first_name, email, tier, preferred_language, customer_since;
    va_str_t lead_status, sentiment, total_spent, currency, last_purchase, last_contact,
        summary;
    int64_t purchase_count, interaction_count, message_count;
    const va_json_t *messages, *orders, *appointments, *commitments;

    const char *error; /* what the agent is told went wrong; NULL: nothing */
    va_str_t opening;  /* said first in place of a greeting; absent: the greeting */
    const wk_placed_call_t *placed; /* NULL: a call that comes in */
} wk_caller_facts_t;

/*
 * Of the organization of the transaction, with its last statement. caller: E.164 or absent;
 * at: the instant (ISO 8601), absent for now.
 */
bool wk_caller_facts(wk_tx_t *tx, va_str_t caller, va_str_t at, wk_caller_facts_t *facts,
                     wk_error_t *e);

/* The same of now, in a transaction that goes on. */
bool wk_caller_facts_amid(wk_tx_t *tx, va_str_t caller, wk_caller_facts_t *facts,
                          wk_error_t *e);

/* Leaves the shop, the caller's number and his language: of one whom nobody vouches for. */
void wk_caller_forget(wk_caller_facts_t *facts);

/* The caller's own language when the shop speaks it, else the shop's. */
const wk_language_t *wk_caller_language(const wk_catalogue_t *c,
                                        const wk_caller_facts_t *facts);

/*
 * The first words to this caller: an appointment today, an open order, a VIP, the shop's own
 * greeting, open or closed.
 */
va_str_t wk_caller_greeting(wk_arena_t *a, const wk_language_t *l,
                            const wk_caller_facts_t *facts);

typedef struct {
    va_str_t answer;    /* JSON, to the platform */
    va_str_t variables; /* its dynamic_variables: always the same names, each with a text,
                           number or boolean */
    va_str_t context;   /* what was said before, on one line */
} wk_personalization_t;

bool wk_personalize(wk_arena_t *a, const wk_catalogue_t *c, const wk_caller_facts_t *facts,
                    wk_personalization_t *out, wk_error_t *e);

/*
 * The platform reads "{{name}}" in a first message as a variable, and ends a conversation that
 * lacks one: of what somebody wrote or is called, a single brace is left.
 */
va_str_t wk_without_variables(wk_arena_t *a, va_str_t said);

/* Of customers.commitments what is not kept yet, on one line; absent: nothing. */
va_str_t wk_word_commitments(wk_arena_t *a, const va_json_t *commitments);

#endif
