/*
 * What the receptionist knows of the shop and of the customer, by one look into the database.
 */
#ifndef WK_AGENT_RECEPTION_FACTS_H
#define WK_AGENT_RECEPTION_FACTS_H

#include "worker/agent/message_reading.h"
#include "worker/db.h"

typedef struct {
    va_str_t shop, phone, language, agent_name, directions;
    const va_json_t *languages, *address;
    const va_json_t *policies;   /* subject to text */
    const va_json_t *promotions; /* texts of those that run today */
    const va_json_t *prices;     /* by type of appointment, of those that have one */
    const va_json_t *durations;  /* minutes by type of appointment */
    const va_json_t *services;   /* the shop's own names by type of appointment and language */
    va_str_t currency;
    bool language_detection;
    double language_confidence;
    va_str_t plan, engine;               /* organizations.plan, and the first of its engines */
    va_str_t business_type, page_number; /* the latter for emergencies */
    const va_json_t *emergency_words;

    va_str_t today, closing, next_opening;
    bool open;
    const va_json_t *week, *exceptions, *day; /* store/reception.h */
    va_str_t day_asked;                       /* of the message, to which day is the answer */

    va_str_t order_id, order_number, order_status, tracking_number, tracking_company,
        tracking_url, expected;
    int64_t order_count;
    const va_json_t *appointments; /* the customer's coming ones, earliest first */
    const va_json_t *texted; /* that of the last text that invited an answer; NULL: none */
    bool ready;              /* people have marked what he brought last as ready */
    bool open_callback;
    bool unreachable; /* no number of the customer's is known, and he is not written to here */
    bool nameless;    /* nor how he is called */
    bool knows;       /* the shop has documents to look into (knowledge.h) */
} wk_reception_facts_t;

/* at: the instant (ISO 8601), absent for now. */
bool wk_reception_facts(wk_tx_t *tx, va_str_t customer, va_str_t number,
                        const wk_reading_t *reading, va_str_t at, wk_reception_facts_t *facts,
                        wk_error_t *e);

#endif
