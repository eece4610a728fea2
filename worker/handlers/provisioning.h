/* What sign-up and resume share of setting a shop up. */
#ifndef WK_HANDLERS_PROVISIONING_H
#define WK_HANDLERS_PROVISIONING_H

#include "worker/agent/own_number.h"
#include "worker/agent/provisioning.h"
#include "worker/effect.h"

#define WK_SETTING_UP_MS 17000 /* all that somebody waits for */
#define WK_HELD_S        "45"  /* longer than any of it may take */
#define WK_HELD_MS       45000
#define WK_ANOTHER_DAY   3600000 /* ms, until somebody may ask when a day's numbers are bought \
                                  */

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

/* "provisioning": {…}. */
void wk_setting_up_put(va_json_writer_t *w, const wk_provisioning_t *p);

#endif
