/* Who may be written to. The log is kept; consent_states has the word that holds now. */
#ifndef WK_STORE_CONSENTS_H
#define WK_STORE_CONSENTS_H

#include "worker/db.h"

/* $1 number: refused, true when its last word on SMS was no. */
extern const wk_sql_t wk_sql_consent_sms;

/* $1 customer or null, $2 number, $3 granted, $4 source, $5 evidence. */
extern const wk_sql_t wk_sql_consent_note_sms;

/*
 * $1 customer or null, $2 number, $3 granted, $4 CallSid: he stayed on the line behind the notice
 * that the call is recorded, or did not want it.
 */
extern const wk_sql_t wk_sql_consent_note_recording;

#endif
