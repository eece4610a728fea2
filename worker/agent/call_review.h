/*
 * What a language model makes of a finished call, in the words that are stored and in no
 * others.
 *
 * The transcript is the word of strangers. Whatever it makes the model say is a review of this
 * one call: nothing is done by it, and an answer with anything else in it is none.
 */
#ifndef WK_AGENT_CALL_REVIEW_H
#define WK_AGENT_CALL_REVIEW_H

#include "worker/agent/redact.h"
#include "worker/context.h"

#define WK_REVIEW_CRITERIA 4
#define WK_REVIEW_DATA     8
#define WK_FOLLOWUP_MAX_H  720 /* a follow-up is due within thirty days */

typedef struct {
    const char *criterion, *result; /* of evaluations */
    va_str_t rationale;
} wk_review_criterion_t;

typedef struct {
    const char *name; /* one of wk_collected()'s */
    va_str_t value;
} wk_review_datum_t;

typedef struct {
    va_str_t summary;
    const char *call_type, *outcome, *resolution, *sentiment;
    int satisfaction;                           /* 1 to 10; 0: nothing tells */
    int lead_score;                             /* 0 to 100 */
    va_str_t intents, unanswered, lead_reasons; /* JSON lists of texts */
    wk_review_criterion_t criteria[WK_REVIEW_CRITERIA];
    wk_review_datum_t data[WK_REVIEW_DATA];
    size_t n_data;
    const char *followup; /* "none", "sms", "call", "person" */
    int followup_hours;   /* from now */
} wk_review_t;

typedef struct {
    const char *model; /* NULL: the configured one */
    va_str_t shop;
    va_str_t transcript; /* JSON: the turns, masked */
} wk_review_wish_t;

/* Asks once; nothing may be open in the database. The codes of wk_openai_chat(), and WK_REFUSED
 * for an answer that is no review. The tokens it took are told of a failure too. */
bool wk_review_ask(wk_ctx_t *ctx, const wk_redactor_t *redactor, const wk_review_wish_t *wish,
                   wk_review_t *review, int64_t *tokens_in, int64_t *tokens_out, wk_error_t *e);

/* An answer as a review: every member, none other, each within its bounds. */
bool wk_review_read(wk_arena_t *a, const wk_redactor_t *redactor, va_str_t answer,
                    wk_review_t *review, wk_error_t *e);

#endif
