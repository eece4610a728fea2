/*
 * Said versus done: whether an answer claims something (booked, moved, cancelled, a text on its
 * way, passed on to a person) of which the ledger has no row of this turn. What was booked,
 * moved or cancelled in an earlier one may be spoken of: a sentence that names the day or the
 * time of such an appointment, and no other, claims nothing new. Nor does one without a day or
 * a time of what was done before, while nothing more of the kind was asked for since.
 *
 * The word lists "said.<claim>" of all languages hold what such a claim sounds like; one behind
 * a word of "said.denial" in the same clause is none: "not booked yet".
 */
#ifndef WK_AGENT_PROMISE_H
#define WK_AGENT_PROMISE_H

#include "core/json.h"
#include "worker/agent/catalogue.h"

typedef enum {
    WK_DONE_BOOKED = 1 << 0,
    WK_DONE_MOVED = 1 << 1,
    WK_DONE_CANCELLED = 1 << 2,
    WK_DONE_TEXTED = 1 << 3,
    WK_DONE_PASSED_ON = 1 << 4,
} wk_done_t;

/* What may be spoken of. */
typedef struct {
    unsigned done;  /* wk_done_t: now */
    unsigned again; /* before, and nothing more was asked for since (wk_promise_asked) */
    /*
     * The customer's, [[status, "HH:MM", weekday (1 Monday), days from the day of the talk,
     * whether it was moved, "YYYY-MM-DD"]]; NULL: none.
     */
    const va_json_t *appointments;
} wk_stands_t;

/* What a text claims; NULL: nothing. It lives in a. */
typedef struct wk_claim wk_claim_t;
const wk_claim_t *wk_promise_claims(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text);

/* Whether it claims anything; far cheaper, as no sentence is read. */
bool wk_promise_is_claim(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text);

/* The first of the claims that nothing stands behind: "booked", …; NULL: none. */
const char *wk_promise_unkept(const wk_claim_t *claims, const wk_stands_t *stands);

/* Both of them. */
const char *wk_promise_broken(wk_arena_t *a, const wk_catalogue_t *c, va_str_t text,
                              const wk_stands_t *stands);

/* What a customer's words may ask to be done. It lives in a. */
typedef struct wk_wish wk_wish_t;
const wk_wish_t *wk_promise_wish(wk_arena_t *a, const wk_catalogue_t *c, va_str_t heard);

/* wk_done_t; appointments as above. wish may be NULL, which asks nothing. */
unsigned wk_promise_wished(const wk_wish_t *wish, const va_json_t *appointments);

/* Both of them. */
unsigned wk_promise_asked(wk_arena_t *a, const wk_catalogue_t *c, va_str_t heard,
                          const va_json_t *appointments);

/* What a tool that was run stands behind, by its answer. */
unsigned wk_promise_done_by(const char *tool, const va_json_t *answer);

/* The same as a JSON list of words, and back. */
va_str_t wk_promise_write(wk_arena_t *a, unsigned done);
unsigned wk_promise_read(const va_json_t *list);

#endif
