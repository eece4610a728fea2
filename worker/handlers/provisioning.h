/* What sign-up and resume share of setting a shop up. */
#ifndef WK_HANDLERS_PROVISIONING_H
#define WK_HANDLERS_PROVISIONING_H

#include "worker/agent/own_number.h"
#include "worker/agent/provisioning.h"
#include "worker/effect.h"
#include "worker/handler.h"

#define WK_SETTING_UP_MS 17000 /* all that somebody waits for */
#define WK_HELD_S        "45"  /* longer than any of it may take */
#define WK_HELD_MS       45000
#define WK_ANOTHER_DAY   3600000 /* ms until one may ask again, when a day's are bought */

/* A mark nobody else has, and an id for a shop. */
va_str_t wk_setting_up_mark(wk_ctx_t *ctx);

/*
 * Takes the holder's place in the transaction's organization; false in *taken: another has it.
 * job: the sign-up is that job's from now on; absent: it stays whose it is.
 */
bool wk_setting_up_take(wk_tx_t *tx, va_str_t holder, va_str_t job, bool *taken, wk_error_t *e);

/*
 * Before a number is bought: that it is to be is noted in the ledger. Anybody may ask for one,
 * and each is paid for: *too_many when a day's were bought, and this would be one more. Until
 * the end of the transaction nobody else counts, so that no two have the last one.
 */
bool wk_setting_up_claim(wk_ctx_t *ctx, wk_tx_t *tx, wk_effect_t *effect, bool *too_many,
                         wk_error_t *e);

/* Its number is noted, and in the ledger that it was bought. */
bool wk_setting_up_number(wk_tx_t *tx, const wk_twilio_number_t *number, wk_error_t *e);

/*
 * *e of the above, or of its transaction's end: the carrier has sold a number that a shop here
 * has. It can be no other's, and is to be given back.
 */
bool wk_setting_up_is_anothers(const wk_error_t *e);

/*
 * Ends a claim that nobody looks after any more as one that nobody can tell of; people hear of
 * it. A later resume looks for the number all the same.
 */
wk_outcome_t wk_setting_up_give_up(wk_ctx_t *ctx, va_str_t organization, va_str_t key,
                                   wk_error_t *e);

/* "provisioning": {…}. */
void wk_setting_up_put(va_json_writer_t *w, const wk_provisioning_t *p);

#endif
