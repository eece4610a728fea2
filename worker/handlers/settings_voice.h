/*
 * The part "voice" of a shop's settings: what is speech and when it is over, for engines that
 * can be told (docs/voice.md, "Engines"), and who speaks in the engine `pipeline`.
 */
#ifndef WK_HANDLERS_SETTINGS_VOICE_H
#define WK_HANDLERS_SETTINGS_VOICE_H

#include "core/json.h"
#include "worker/db.h"
#include "worker/handlers/plan.h"

/* Texts as the statement reads them; an absent one leaves what is. */
typedef struct {
    va_str_t threshold, prefix_ms, silence_ms;
    bool changes_speech;
    va_str_t speech; /* absent: the configured one */
} wk_voice_settings_t;

/* False: refused. */
bool wk_settings_voice_read(wk_arena_t *a, const va_json_t *part, wk_voice_settings_t *v,
                            wk_error_t *e);

/* The plan has to include it. */
bool wk_settings_voice_put(wk_tx_t *tx, const wk_voice_settings_t *v, wk_plan_gap_t *gap,
                           wk_error_t *e);

#endif
