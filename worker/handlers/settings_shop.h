/*
 * The part "shop" of a shop's settings: who and where it is, when it is open, what it offers,
 * and how its people are reached. Calls and searches for free times read what stands.
 */
#ifndef WK_HANDLERS_SETTINGS_SHOP_H
#define WK_HANDLERS_SETTINGS_SHOP_H

#include "worker/db.h"
#include "worker/handlers/members.h"

/* A shop's own language, and those it speaks; put by wk_settings_languages_put(). */
#define WK_SETTINGS_LANGUAGE_RULES                                                             \
    {.name = "language",                                                                       \
     .check = wk_member_language,                                                              \
     .must = "a language that there are texts of"},                                            \
        {.name = "languages",                                                                  \
         .check = wk_member_languages,                                                         \
         .min = 1,                                                                             \
         .max = 20,                                                                            \
         .must = "a list of languages that there are texts of, each once"}

/* json: with either or both, or none. Refuses one that is not among those spoken. */
bool wk_settings_languages_put(wk_tx_t *tx, const va_json_t *part, va_str_t json,
                               wk_error_t *e);

/* *json: what is written. False: refused. */
bool wk_settings_shop_read(wk_arena_t *a, const wk_catalogue_t *c, const va_json_t *part,
                           va_str_t *json, wk_error_t *e);

/* part: what json was read of. Refuses what only Postgres knows: time zones and hours. */
bool wk_settings_shop_put(wk_tx_t *tx, const va_json_t *part, va_str_t json, wk_error_t *e);

#endif
