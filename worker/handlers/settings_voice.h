/*
 * The part "voice" of a shop's settings: what is speech and when it is over, for engines that
 * can be told (docs/voice.md, "Engines"), and who speaks in the engine `pipeline`.
 */
#ifndef WK_HANDLERS_SETTINGS_VOICE_H
#define WK_HANDLERS_SETTINGS_VOICE_H

#include "worker/db.h"
#include "worker/handlers/members.h"
#include "worker/handlers/plan.h"

wk_member_check_fn wk_settings_is_speaker;

/* Beginning of a table; null as the speaker is the configured one. */
#define WK_SETTINGS_VOICE_RULES                                                                \
    {.name = "vad_threshold",                                                                  \
     .check = wk_member_number,                                                                \
     .max = 1,                                                                                 \
     .must = "a number from 0 to 1"},                                                          \
        {.name = "prefix_padding_ms",                                                          \
         .check = wk_member_whole,                                                             \
         .max = 5000,                                                                          \
         .must = "a whole number from 0 to 5000"},                                             \
        {.name = "silence_ms",                                                                 \
         .check = wk_member_whole,                                                             \
         .min = 100,                                                                           \
         .max = 5000,                                                                          \
         .must = "a whole number from 100 to 5000"},                                           \
        {.name = "speech",                                                                     \
         .check = wk_settings_is_speaker,                                                      \
         .nullable = true,                                                                     \
         .must = "the name of a service that speaks, or null"}

/* *json: as wk_sql_agent_voice_put reads it. False: refused. */
bool wk_settings_voice_read(wk_arena_t *a, const va_json_t *part, va_str_t *json,
                            wk_error_t *e);

/* The plan has to include it. */
bool wk_settings_voice_put(wk_tx_t *tx, va_str_t json, wk_plan_gap_t *gap, wk_error_t *e);

#endif
