/* What transactions want the world to hear; outbox.h has the rules. */
#ifndef WK_STORE_OUTBOX_H
#define WK_STORE_OUTBOX_H

#include "worker/db.h"

/* $1 type, $2 customer, $3 call, $4 data, without its words where the shop retains none. */
extern const wk_sql_t wk_sql_outbox_event;

/* $1 type, $2 queue, $3 lane, $4 serial, $5 dedup, $6 data. */
extern const wk_sql_t wk_sql_outbox_job;

/*
 * $1 how many; the oldest first: id, key (never used again, even by a database that
 * was restored from a backup), kind, type, customer, call, queue, lane, serial, dedup, data,
 * created_ms.
 */
extern const wk_sql_t wk_sql_outbox_oldest;

/* $1 ids, a Postgres array. */
extern const wk_sql_t wk_sql_outbox_delete;

/* $1 how many organizations at most: those whose rows nobody drained. No tenant needed. */
extern const wk_sql_t wk_sql_outbox_due;

#endif
