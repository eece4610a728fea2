/*
 * One answer of the receptionist in the making, for its own files (receptionist.c and
 * reception_*.c): what every part of it asks of the message, and how each adds to the answer.
 */
#ifndef WK_AGENT_RECEPTION_TURN_H
#define WK_AGENT_RECEPTION_TURN_H

#include "worker/agent/receptionist.h"

typedef struct wk_last_swap wk_last_swap_t; /* reception_swap.h */

typedef struct {
    wk_arena_t *a;
    const wk_catalogue_t *c;
    const wk_language_t *l;
    const wk_reading_t *r;
    const wk_reception_facts_t *f;
    const wk_dialog_t *dialog;
    bool refuses;       /* it begins with a no, and goes on */
    bool beside_number; /* r is what is said beside a number that was asked for */
    va_str_t near;      /* a weekday is the nearest to this date; absent: the coming one */
    va_str_t customer;
    wk_last_swap_t *last_swap;
    va_buf_t text;
    wk_reception_t out;
} wk_reception_turn_t;

/* Entry i of a list of the facts, or of a row of one; NULL beyond, and of no list. */
const va_json_t *wk_fact_at(const va_json_t *list, size_t i);

/* The same as text; absent for null as well. */
va_str_t wk_fact_text(const va_json_t *row, size_t i);

/* A phrase of the word list is said, in whatever language: people mix them. */
bool wk_turn_has(const wk_reception_turn_t *t, const char *list);

/* A phrase of the word list is all that is said. */
bool wk_turn_is_all(const wk_reception_turn_t *t, const char *list);

/* The letter that a text invites, with or without thanks. letter: its word list. */
bool wk_turn_is_letter(const wk_reception_turn_t *t, const char *letter);

bool wk_turn_is_question(const wk_reception_turn_t *t);

/* What the shop calls a service. */
va_str_t wk_turn_service_word(const wk_reception_turn_t *t, va_str_t type);

/* Behind what was said already. */
void wk_turn_add(wk_reception_turn_t *t, va_str_t sentence);

/* The same with a text of the catalogue that has no parameters. */
void wk_turn_add_text(wk_reception_turn_t *t, const char *name);

/* The answer has offered a call back: a yes to it is one to that. */
void wk_turn_expect_callback(wk_reception_turn_t *t);

/* The arguments of a tool, an object that wk_turn_wish() ends. text outlives the writer. */
va_json_writer_t *wk_turn_args(wk_reception_turn_t *t, va_buf_t *text);

/* The tool is to be run with what was written into args by w. */
void wk_turn_wish(wk_reception_turn_t *t, const char *tool, va_json_writer_t *w,
                  const va_buf_t *args);

#endif
