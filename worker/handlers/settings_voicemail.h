/*
 * The part "voicemail" of a shop's settings: what becomes of a call of the shop's that a
 * machine answers (docs/outreach.md, "A machine answers").
 */
#ifndef WK_HANDLERS_SETTINGS_VOICEMAIL_H
#define WK_HANDLERS_SETTINGS_VOICEMAIL_H

#include "core/json.h"
#include "worker/agent/catalogue.h"
#include "worker/db.h"

/* Texts as the statement reads them; an absent one leaves what is. */
typedef struct {
    va_str_t action;
    va_str_t message; /* JSON: by language, all of them */
} wk_voicemail_settings_t;

/* False: refused. */
bool wk_settings_voicemail_read(wk_arena_t *a, const wk_catalogue_t *c, const va_json_t *part,
                                wk_voicemail_settings_t *v, wk_error_t *e);

bool wk_settings_voicemail_put(wk_tx_t *tx, const wk_voicemail_settings_t *v, wk_error_t *e);

#endif
