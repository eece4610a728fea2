/*
 * The words by which a carrier's customer stops and allows texts. Twilio acts on them and
 * answers them itself ("Opt-out keywords"), so that we note what they mean and never answer;
 * a wish in other words no carrier knows, and who has it hears of us that it is heeded.
 */
#ifndef WK_AGENT_OPT_OUT_H
#define WK_AGENT_OPT_OUT_H

#include "worker/agent/catalogue.h"

typedef enum {
    WK_NO_KEYWORD,
    WK_STOP,
    WK_STOP_IN_WORDS, /* no carrier's word, but plain enough */
    WK_CANCEL,        /* a stop word too, but perhaps meant for an appointment */
    WK_START,
    WK_YES, /* a start word for whom texts are stopped, else an answer */
    WK_HELP,
} wk_keyword_t;

/*
 * A keyword is the whole message, in any case, and so is each wish to be written to no more
 * that the catalogues know (opt_out.all): no carrier acts on that one, we do. opt_out_type:
 * Twilio's own verdict (Advanced Opt-Out: STOP, START, HELP), absent without one; it wins.
 */
wk_keyword_t wk_keyword(wk_arena_t *a, const wk_catalogue_t *c, va_str_t body,
                        va_str_t opt_out_type);

/* The language a WK_STOP_IN_WORDS is in: preferred, when it may be that one (NULL: none is). */
const wk_language_t *wk_opt_out_language(wk_arena_t *a, const wk_catalogue_t *c, va_str_t body,
                                         const wk_language_t *preferred);

#endif
