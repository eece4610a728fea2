/* What a shop keeps of its talks, and for how long. */
#ifndef WK_STORE_PRIVACY_H
#define WK_STORE_PRIVACY_H

#include "worker/db.h"

/* Without a tenant. $1 at most: organization, of shops whose sweep is due. */
extern const wk_sql_t wk_sql_privacy_due;

/* version, that each change of the settings changes. */
extern const wk_sql_t wk_sql_privacy_version;

/* It was swept now, to the end, by the settings of version $1; if they are still the same. */
extern const wk_sql_t wk_sql_privacy_swept;

/* item (JSON). */
extern const wk_sql_t wk_sql_privacy_settings;

/*
 * $1 days of transcripts, $2 days of audio, $3 zero retention, $4 no audio, $5 anonymized
 * transcripts; null leaves one as it is. The shop's sweep is due at once.
 */
extern const wk_sql_t wk_sql_privacy_settings_put;

/* A piece of what is past its time; each: $1 rows at most: done, how many they were. */
extern const wk_sql_t wk_sql_sweep_widget_keys, wk_sql_sweep_proofs, wk_sql_sweep_chat_effects;

/* Ends calls whose end nobody told; what they left for the outbox the scheduler drains. */
extern const wk_sql_t wk_sql_sweep_calls_untold;
extern const wk_sql_t wk_sql_sweep_messages, wk_sql_sweep_calls, wk_sql_sweep_call_data;
extern const wk_sql_t wk_sql_sweep_recordings, wk_sql_sweep_recording_pieces;
extern const wk_sql_t wk_sql_sweep_recording_rows;
extern const wk_sql_t wk_sql_sweep_evaluations, wk_sql_sweep_chats, wk_sql_sweep_summaries;
extern const wk_sql_t wk_sql_sweep_tasks, wk_sql_sweep_effects, wk_sql_sweep_call_statuses;
extern const wk_sql_t wk_sql_sweep_effects_over, wk_sql_sweep_campaign_runs;
extern const wk_sql_t wk_sql_sweep_takeovers;
extern const wk_sql_t wk_sql_sweep_message_statuses, wk_sql_sweep_logs, wk_sql_sweep_webhooks;
extern const wk_sql_t wk_sql_sweep_leads;
extern const wk_sql_t wk_sql_anonymize_messages, wk_sql_anonymize_calls;
extern const wk_sql_t wk_sql_anonymize_call_data;

#endif
