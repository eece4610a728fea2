/*
 * Masks payment card numbers and their security codes, written or spoken ("four one one
 * one", "quarante et un"), within a text and spread over several of one speaker, before
 * anything is stored, published, logged or given to a model. Each digit of such a number,
 * written or spoken, becomes one '*': how much of a number is hidden can be told later.
 *
 * A card number is 12 to 19 digits, as its first digits demand (ISO/IEC 7812: the issuers'
 * ranges), whose last is the check digit of the Luhn formula. A security code is three or
 * four digits behind words such as "CVV" or "security code", or closely behind a card number.
 */
#ifndef WK_AGENT_REDACT_H
#define WK_AGENT_REDACT_H

#include "core/json.h"
#include "worker/agent/catalogue.h"

typedef struct {
    va_str_t text;
    int speaker; /* whose digits go on from turn to turn: any number a speaker */
} wk_turn_t;

/* The number words of all languages; lives as long as a. */
typedef struct wk_redactor wk_redactor_t;

const wk_redactor_t *wk_redactor(wk_arena_t *a, const wk_catalogue_t *c);

/* Replaces the texts of turns, in order, that hold such a number. New texts live in a. */
void wk_redact_turns(const wk_redactor_t *r, wk_arena_t *a, wk_turn_t *turns, size_t n);

va_str_t wk_redact(const wk_redactor_t *r, wk_arena_t *a, va_str_t text);

/*
 * The JSON of a tree, its texts masked, and its numbers, which become texts then. Absent when
 * it cannot be written: too deep.
 */
va_str_t wk_redact_json(const wk_redactor_t *r, wk_arena_t *a, const va_json_t *value);

/*
 * For a text whose continuation is not known yet: masks in addition what may be the beginning,
 * or a later part, of a card number that is not all there, and the expiry and code behind one.
 * Words decide ("my card is 4111"), else the form: fours of digits as issuers begin their
 * numbers, which are no date, time, phone number or amount, and not called an order's. A
 * single digit (a key, a choice) always stays. before: what the speaker said just before,
 * newest first, as this function left it. asked: what he was told or asked last, or absent: up
 * to twelve digits, eight in pieces, that answer a question for the number of an order are one,
 * unless a card was spoken of; what goes on with them as a card number would is masked.
 */
va_str_t wk_redact_live(const wk_redactor_t *r, wk_arena_t *a, va_str_t text, va_str_t asked,
                        const va_str_t *before, size_t n);

#endif
