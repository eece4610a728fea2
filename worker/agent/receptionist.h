/*
 * The embedded receptionist: answers what can be answered without a language model, in
 * text, from the words of the message catalogues and one look into the database. The same
 * message, facts and state give the same answer.
 *
 * What an answer promises (a message passed on, a call back) is its task, which the caller
 * stores in the transaction that stores the answer. What has to be done first (free times,
 * a booking) is a tool the caller runs, whose answer wk_receive_done() puts into words.
 */
#ifndef WK_AGENT_RECEPTIONIST_H
#define WK_AGENT_RECEPTIONIST_H

#include "worker/agent/booking.h"
#include "worker/agent/language.h"
#include "worker/agent/tools.h"
#include "worker/db.h"

/* What was asked of the customer last, and what came of it; customers.dialog_state. */
typedef enum {
    WK_EXPECT_NOTHING,
    WK_EXPECT_MESSAGE,
    WK_EXPECT_CALLBACK,
    WK_EXPECT_SLOT, /* one of offer */
} wk_expected_t;

typedef struct {
    wk_expected_t expected; /* an answer to that */
    int misses;             /* turns in a row without an answer */
    va_str_t hint;          /* language.h */
    wk_offer_t offer;       /* of times for an appointment */
} wk_dialog_t;

/* Of the member "receptionist"; zero when it is not there. */
wk_dialog_t wk_dialog_read(const va_json_t *dialog_state);

/* {"receptionist": {…}} */
va_str_t wk_dialog_write(wk_arena_t *a, const wk_dialog_t *dialog);

/* What a message names, in whatever language. */
typedef struct {
    va_str_t text;         /* trimmed */
    wk_words_t words;
    va_str_t order_number; /* absent: none */
    int weekday;           /* 1 Monday to 7 Sunday; 0: none */
    int ahead;             /* 0 today, 1 tomorrow; -1: neither */
    va_str_t day;          /* of the year, MM-DD, of a feast; absent: none */
} wk_reading_t;

wk_reading_t wk_read_message(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text);

typedef struct {
    va_str_t shop, phone, language, agent_name, directions;
    const va_json_t *languages, *address;
    bool language_detection;
    double language_confidence;
    va_str_t plan, engine; /* organizations.plan, and the first of its engines */
    va_str_t business_type, page_number; /* for emergencies */
    const va_json_t *emergency_words;

    va_str_t today, closing, next_opening;
    bool open;
    const va_json_t *week, *exceptions, *day; /* store/reception.h */

    va_str_t order_id, order_number, order_status, tracking_number, tracking_company,
        tracking_url, expected;
    int64_t order_count;
    va_str_t appointment_id, appointment_type; /* the customer's next; absent: none */
    bool open_callback;
    bool knows; /* the shop has documents to look into (knowledge.h) */
} wk_reception_facts_t;

/* at: the instant (ISO 8601), absent for now. */
bool wk_reception_facts(wk_tx_t *tx, va_str_t customer, va_str_t number,
                        const wk_reading_t *reading, va_str_t at, wk_reception_facts_t *facts,
                        wk_error_t *e);

typedef struct {
    va_str_t text;                 /* the answer */
    const wk_language_t *language; /* it is in */
    bool requested;                /* the customer asked for that language */
    const char *intent;            /* "hours", "order", …; "none" */
    wk_dialog_t dialog;            /* for the next message */
    const char *task;              /* "message" or "callback"; NULL: nothing was promised */

    const char *tool;   /* to be run before text is known; NULL: none */
    va_str_t tool_args; /* JSON */
    va_str_t citations; /* JSON list: the knowledge text is made from; absent: none */
    bool certain;       /* a model would not do better: a keyword, or what was asked last */
    bool spoken;        /* the answer is listened to: set before wk_receive_done() */
} wk_reception_t;

/*
 * customer: its first name or absent. state: the language so far, with hint, offered
 * and threshold filled in from facts and dialog.
 */
wk_reception_t wk_receive(wk_arena_t *a, const wk_catalogue_t *c, const wk_reading_t *reading,
                          const wk_reception_facts_t *facts, const wk_dialog_t *dialog,
                          const wk_language_t *now, bool settled, va_str_t customer);

/* Completes r, whose tool was run, by what it answered. */
void wk_receive_done(wk_arena_t *a, const wk_catalogue_t *c, const wk_reading_t *reading,
                     const wk_tool_answer_t *answer, wk_reception_t *r);

#endif
