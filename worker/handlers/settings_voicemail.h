/*
 * The part "voicemail" of a shop's settings: what becomes of a call of the shop's that a
 * machine answers (docs/outreach.md, "A machine answers").
 */
#ifndef WK_HANDLERS_SETTINGS_VOICEMAIL_H
#define WK_HANDLERS_SETTINGS_VOICEMAIL_H

#include "core/json.h"
#include "worker/agent/catalogue.h"
#include "worker/db.h"

/* *json: as the statement reads it; what is not in it stays. False: refused. */
bool wk_settings_voicemail_read(wk_arena_t *a, const wk_catalogue_t *c, const va_json_t *part,
                                va_str_t *json, wk_error_t *e);

bool wk_settings_voicemail_put(wk_tx_t *tx, va_str_t json, wk_error_t *e);

#endif
