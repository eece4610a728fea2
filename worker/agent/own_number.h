/*
 * The number a shop is called at: bought, and found again when whoever bought it could not note
 * it. At the carrier it has a name that holds the shop's id; nothing else there tells whose it
 * is.
 */
#ifndef WK_AGENT_OWN_NUMBER_H
#define WK_AGENT_OWN_NUMBER_H

#include "worker/providers/twilio.h"

typedef struct {
    va_str_t organization, business;
    va_str_t timezone, phone; /* the number is to be near */
    bool sought;              /* one may have been bought before */
    int64_t until_ms;         /* monotonic: by then it is over */
} wk_own_number_t;

/*
 * One number, new or the one that was bought before. WK_UNKNOWN: one may have been bought,
 * which sought will find; any other failure: none was.
 */
bool wk_own_number_get(wk_ctx_t *ctx, const wk_own_number_t *wish, wk_twilio_number_t *number,
                       wk_error_t *e);

/*
 * One that was bought and is of no use is given back; or whatever was bought and is not noted
 * as the shop's. Safe to repeat.
 */
bool wk_own_number_give_back(wk_ctx_t *ctx, const wk_own_number_t *wish,
                             const wk_twilio_number_t *number, wk_error_t *e);
bool wk_own_number_release(wk_ctx_t *ctx, const wk_own_number_t *wish, wk_error_t *e);

/*
 * Two letters, by the time zone, of which it may be an older name; where that is no country's,
 * by the phone number if that is Canadian; else the configured one. Lasts as the arena.
 */
va_str_t wk_country_of(wk_ctx_t *ctx, va_str_t timezone, va_str_t phone);

#endif
