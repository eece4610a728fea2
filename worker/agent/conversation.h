/*
 * One message of a customer and its answer, on whatever channel: the receptionist, a language
 * model where the shop has one, the tools, emergencies before either, and what an answer
 * promises. The caller brings what was said and takes the answer to where it belongs.
 *
 *   in a transaction   wk_conversation_judge()     what can be answered, and by whom
 *   outside            wk_conversation_think()     only when it says so: tools, the model
 *   in a transaction   wk_conversation_keep()      tasks, promises, alarms, where the talk
 * stands
 *
 * A message whose run died is judged anew; its tools find in the ledger what was done.
 */
#ifndef WK_AGENT_CONVERSATION_H
#define WK_AGENT_CONVERSATION_H

#include "worker/agent/dialog.h"
#include "worker/agent/emergency.h"
#include "worker/agent/receptionist.h"

typedef struct {
    wk_ctx_t *ctx;
    const wk_catalogue_t *catalogue;
    const char *channel; /* "sms", "voice", "chat" */
    va_str_t key;        /* of the message: the same key is the same message */
    va_str_t talk;       /* the call or chat it is part of; absent: it stands for itself */
    va_str_t text;       /* masked */
    va_str_t number;     /* the customer's, E.164; absent: withheld */
    va_str_t shown;      /* the number as people of the shop are shown it */
    va_str_t shop_number;
    va_str_t call;        /* calls.id, or absent */
    wk_visitor_t visitor; /* of a chat */
    va_str_t source;      /* of a chat: where it is written from */
    wk_assurance_t level; /* below WK_LEVEL_PHONE nothing personal is told */

    /* By wk_conversation_customer(). */
    va_str_t customer, first_name;
    wk_dialog_t dialog;
    const wk_language_t *now; /* NULL: the shop's */
    bool settled;             /* that language is the customer's own */

    /* The answer, or what it takes to give one. */
    wk_reading_t reading;
    wk_reception_facts_t facts;
    wk_reception_t reception;
    wk_emergency_t emergency;
    bool models;   /* a language model is to answer it */
    bool thinks;   /* wk_conversation_think() before there is an answer */
    unsigned done; /* wk_done_t of the receptionist's tool */
    wk_conversed_t conversed;
} wk_conversation_t;

/* Takes a row of wk_sql_customer_reach. */
void wk_conversation_customer(wk_tx_t *tx, wk_conversation_t *c, const wk_rows_t *customer);

/*
 * On the phone: customer, absent or erased meanwhile, is locked, and named only to a caller of
 * his level.
 */
bool wk_conversation_caller(wk_tx_t *tx, wk_conversation_t *c, va_str_t customer,
                            wk_error_t *e);

/* As people of the shop know the customer: the name and the number. */
va_str_t wk_conversation_who(const wk_conversation_t *c);

bool wk_conversation_judge(wk_tx_t *tx, wk_conversation_t *c, wk_error_t *e);

/* Judged: it takes leave and asks for nothing. */
bool wk_conversation_says_goodbye(const wk_conversation_t *c);

/*
 * No transaction is open. A model that gives no answer is the receptionist's turn; false: a
 * tool could not be run now.
 */
bool wk_conversation_think(wk_conversation_t *c, va_str_t organization, wk_error_t *e);

/*
 * A message that a person answers, not the agent: an emergency in it is one all the same. In
 * the transaction that stores the message; instead of wk_conversation_judge().
 */
bool wk_conversation_watch(wk_tx_t *tx, wk_conversation_t *c, wk_error_t *e);

bool wk_conversation_keep(wk_tx_t *tx, const wk_conversation_t *c, wk_error_t *e);

#endif
