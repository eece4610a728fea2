/*
 * One call, one row, whoever tells of it first: our own greeting, the carrier's callbacks,
 * the platform's live events or its report. Each knows the call by the CallSid, by the
 * conversation's id, or by both; a row of each is made one as soon as both names are heard.
 *
 * The first to tell of a call publishes call_started; who sees it end, call_ended.
 */
#ifndef WK_AGENT_CALL_H
#define WK_AGENT_CALL_H

#include "worker/db.h"

/* What is told; absent texts are not known. At least one of the two names. */
typedef struct {
    va_str_t call_sid, conversation;
    bool outbound;
    va_str_t caller, called; /* E.164; absent: withheld, or not told */
    va_str_t agent_id, engine, language, forwarded_from, caller_name, stir_verstat;
    int64_t started_at; /* Unix time; 0: now */
    int64_t told_at;    /* Unix time of the report */
    va_str_t variables, context;
    bool anonymous; /* a caller without a number, surely: gets a lead of its own */
} wk_call_told_t;

typedef struct {
    va_str_t id, customer; /* customer: absent when none is known */
    va_str_t status;       /* before this transaction; absent: the call is new */
    bool analyzed;
    wk_call_told_t told;
} wk_call_t;

/*
 * Finds, completes, or makes the call, its customer (a lead) included; locked until the
 * transaction ends.
 */
bool wk_call_open(wk_tx_t *tx, const wk_call_told_t *told, wk_call_t *call, wk_error_t *e);

/*
 * Raises the status; one that is behind what is known changes nothing. since: Unix time, 0
 * for that of the report; reason may be absent.
 */
bool wk_call_advance(wk_tx_t *tx, wk_call_t *call, const char *status, int64_t since,
                     va_str_t reason, wk_error_t *e);

/* Publishes call_ended when the call has ended since it was opened. Last, before the commit. */
bool wk_call_close(wk_tx_t *tx, wk_call_t *call, wk_error_t *e);

#endif
