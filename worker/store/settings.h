/*
 * What a shop chooses for itself: campaigns, the connection to HubSpot, the chat of its site,
 * what a machine hears. How its calls are heard and spoken is written by agent_config.h, who
 * and where it is by profile.h.
 */
#ifndef WK_STORE_SETTINGS_H
#define WK_STORE_SETTINGS_H

#include "worker/db.h"

/* item (JSON): campaigns, hubspot, chat, voice, voicemail, shop. No secret is among it. */
extern const wk_sql_t wk_sql_settings;

/* Until the transaction ends, no other one that locks them changes the shop's settings. */
extern const wk_sql_t wk_sql_settings_lock;

/*
 * $1 name, $2 is_active, $3 delay in seconds, $4 conditions (JSON); null leaves one as it is.
 * $5 trigger, $6 channel, which it has to have; null: any. One row: there is such a campaign.
 */
extern const wk_sql_t wk_sql_settings_campaign;

/* $1 action, $2 message, JSON by language; null leaves one as it is. */
extern const wk_sql_t wk_sql_settings_voicemail;

/* $1 whether calls are recorded. */
extern const wk_sql_t wk_sql_settings_recording;

/* $1 origins of pages that may chat (JSON list). */
extern const wk_sql_t wk_sql_settings_origins;

/* $1 SHA-256 of a new key of the chat. */
extern const wk_sql_t wk_sql_settings_key;

/* $1 SHA-256 of the one that stays, $2 hours: the others end then, unless they end before. */
extern const wk_sql_t wk_sql_settings_keys_end;

#endif
