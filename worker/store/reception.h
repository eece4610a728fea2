/* What the receptionist needs to answer one message, in one statement. */
#ifndef WK_STORE_RECEPTION_H
#define WK_STORE_RECEPTION_H

#include "worker/db.h"

/*
 * $1 customer, $2 number, $3 order number or null, $4 a day of the year (MM-DD), of a month (DD)
 * or so far from today (+20 days, +1 month), or null,
 * $5 the instant or null for now. One row:
 *
 * the shop     name phone website language languages (JSON) address (JSON) directions
 *              agent_name language_detection language_confidence plan engine (its first)
 *              policies (JSON, subject to text) promotions (JSON list of the texts of today's)
 *              prices (JSON, type of appointment to price) currency
 *              services (JSON, type of appointment to language to the shop's own name)
 *              business_type emergency_words (JSON) page_number
 * the time     today (YYYY-MM-DD) weekday open closing next_opening, as in personalization.h
 *              week ([[date, weekday, opens, closes]], today first, 15 days)
 *              exceptions ([[date, opens, closes]], of the coming 90 days, 5 at most)
 *              day ([date, weekday, opens, closes] of $4, its next one; of a DD that
 *              the month has not, one of the next month)
 * the order    order_id order_number status tracking_number tracking_company tracking_url
 *              expected, of the number given, else the latest; null: none that this number may hear
 *              of; order_count: how many it may
 * appointments of the customer, as [id, type, date, time, whether it stands] of the shop's clock
 *              appointments (the coming ones that stand, 10 at most) texted (the coming one of the
 *              last confirmation or reminder, whatever became of it)
 * open_callback: a person was asked to call back and has not yet
 */
extern const wk_sql_t wk_sql_reception;

/* $1 language: question, of the shop's own that are asked in an emergency, 3 at most. */
extern const wk_sql_t wk_sql_essential_questions;

#endif
