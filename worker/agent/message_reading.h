/*
 * What a message names, whatever language it is in: an order, a day.
 */
#ifndef WK_AGENT_MESSAGE_READING_H
#define WK_AGENT_MESSAGE_READING_H

#include "worker/agent/catalogue.h"
#include "worker/agent/words.h"

/* What a message names, in whatever language. */
typedef struct {
    va_str_t text; /* trimmed */
    wk_words_t words;
    va_str_t order_number; /* absent: none */
    int weekday;           /* 1 Monday to 7 Sunday; 0: none */
    int ahead;             /* 0 today, 1 tomorrow; -1: neither */
    va_str_t day;          /* of the year, MM-DD, of a feast; absent: none */
} wk_reading_t;

wk_reading_t wk_read_message(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text);

#endif
