/*
 * What a call was about and how it ended, by the words of the catalogues: the fixed sets of
 * calls.call_type, outcome and resolution.
 */
#ifndef WK_AGENT_CLASSIFY_H
#define WK_AGENT_CLASSIFY_H

#include "worker/agent/call_report.h"

typedef struct {
    const char *call_type, *outcome, *resolution;
    const char *sentiment; /* NULL: nothing tells */
    int satisfaction;      /* 1 to 10; 0: nothing tells */
    double success_score;  /* part of the criteria that succeeded, in percent; -1: none */
    int lead_score;        /* 0 to 100 */
    bool booked, human_needed;
} wk_verdict_t;

wk_verdict_t wk_classify(wk_arena_t *a, const wk_catalogue_t *c, const wk_report_t *report);

/* True when the customer, in words of his own, wants to be written to. */
bool wk_wishes_followup(wk_arena_t *a, const wk_catalogue_t *c, va_str_t said);

/* What shops' agents are set up to collect. */
typedef enum {
    WK_BIKE_TYPE,
    WK_BUDGET,
    WK_TIMELINE,
    WK_USAGE,
    WK_SIZE,
    WK_BRAND,
    WK_EMAIL,
    WK_NAME,
    WK_PHONE_NUMBER,
    WK_RATING,
    WK_SENTIMENT,
    WK_SCORE,
    WK_BOOKED,
    WK_COLLECTED,
} wk_collected_t;

/* By any of the names it is known under; absent: not collected. */
va_str_t wk_collected(const wk_report_t *report, wk_collected_t what);

/* call_data.data_type of a name: bike_interest, contact_info, satisfaction, lead, other. */
const char *wk_datum_type(va_str_t name);

#endif
