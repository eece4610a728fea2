/*
 * Which language a talk goes on in. It changes when it is asked to, or on clear evidence: a
 * word or a name from another language ("Noël", "gracias, bye") does not switch it, nor does
 * what is a word of several of the shop's languages ("un", "en", "la").
 */
#ifndef WK_AGENT_LANGUAGE_H
#define WK_AGENT_LANGUAGE_H

#include "core/json.h"
#include "worker/agent/catalogue.h"

typedef struct {
    const wk_language_t *now; /* what the talk is in */
    bool settled;             /* the customer chose it, or spoke it before */
    const va_json_t *offered; /* the shop's languages: ["en", "fr"] */
    double threshold; /* 0 to 1: what part of the telling words has to be of another one */
    bool detects;     /* false: only when asked */
    va_str_t hint;    /* what the last message pointed at without being clear */
} wk_language_state_t;

typedef struct {
    const wk_language_t *language; /* to go on in */
    bool requested;                /* by name: it is the customer's own from now on */
    va_str_t hint;                 /* for the next message; absent: none */
    const wk_language_t *told_in;  /* what this message tells to be in; NULL: nothing */
} wk_language_choice_t;

/* It is one of the codes. */
bool wk_language_offered(const va_json_t *codes, const wk_language_t *l);

/* By its code ("fr", "fr-CA") or by a name of it ("French"); NULL: none of the catalogue's. */
const wk_language_t *wk_language_named(wk_arena_t *a, const wk_catalogue_t *c, va_str_t said);

wk_language_choice_t wk_language_choose(const wk_catalogue_t *c,
                                        const wk_language_state_t *state,
                                        const wk_words_t *words);

#endif
