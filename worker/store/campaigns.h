/* Campaigns and follow-ups: whom they are about, which are due, and what became of each. */
#ifndef WK_STORE_CAMPAIGNS_H
#define WK_STORE_CAMPAIGNS_H

#include "worker/db.h"

/*
 * What is longer ago, be it a lead's first contact, a service or an order, is no reason any
 * more to write to anybody, whatever a shop sets. Runs may be forgotten after that
 * (store/privacy.c).
 */
#define WK_RUN_REASON "2 years"

/* $1 rows: organizations with a run that is due, or a campaign that looks for customers. */
extern const wk_sql_t wk_sql_campaigns_due;

/*
 * $1 rows at most: runs of lead_created and service_due for customers they are about, once a
 * customer and period. Affects as many rows as there are new runs.
 */
extern const wk_sql_t wk_sql_campaigns_find;

/* $1 the shop's id of an order: a notice of how it stands now, once an order and kind of
 * notice. */
extern const wk_sql_t wk_sql_delivery_notice;

/* $1 appointment: a call of the agent's, where the shop wants such calls and it was made two
 * days before at least; once a start. */
extern const wk_sql_t wk_sql_appointment_call;

/* They have looked. */
extern const wk_sql_t wk_sql_campaigns_swept;

/*
 * The next $1 due runs, one a customer, locked: id key name channel reason customer_id
 * first_name phone language shop sender template (by language, or null) data; until: a text of
 * it is of use until then; skip: why it is
 * not to be done, or null; wait_until: when it may be, or null for now.
 */
extern const wk_sql_t wk_sql_campaign_runs_take;

/* $1 id, $2 wait_until. */
extern const wk_sql_t wk_sql_campaign_run_wait;

/* $1 id, $2 state, $3 result or null; the text that was queued under its key is noted. */
extern const wk_sql_t wk_sql_campaign_run_end;

/* $1 id, locked: state key reason customer_id first_name shop language template data name. */
extern const wk_sql_t wk_sql_campaign_run_calling;

/* $1 id, $2 moment: of a run that was to call, and may not yet. */
extern const wk_sql_t wk_sql_campaign_run_postpone;

/* $1 id, $2 state, $3 result, $4 call or null: of a run that called. */
extern const wk_sql_t wk_sql_campaign_run_called;

#endif
