/*
 * The recording of a call, in a shop that wants it (agent_configs.recording_enabled): begun by
 * the carrier behind a spoken notice, fetched when it is over, kept encrypted, and deleted
 * there.
 *
 * The row in `recordings` is committed before the document that begins it is given out, so that
 * whatever the carrier may have of a call is known here, but for a person's who was erased;
 * until nothing is left there it is asked for again and again, whoever died in between.
 */
#ifndef WK_AGENT_RECORDING_H
#define WK_AGENT_RECORDING_H

#include "worker/agent/speech.h"

/*
 * The document with the notice, in the talk's language and in the others that are offered, and
 * the beginning of the recording before its own verbs. heard: what the caller says comes to us
 * while he says it, so that he is told that he may object by saying so. Absent: it is none that
 * they can be put before.
 */
va_str_t wk_recording_document(wk_speech_t *s, va_str_t organization, bool heard,
                               va_str_t document);

typedef struct {
    va_str_t call, sid;        /* calls.id, CallSid */
    va_str_t customer, number; /* either may be absent */
    va_str_t language;         /* of the notice */
} wk_recording_begun_t;

/* With the transaction that such a document is stored in: the row, and that he was told. */
bool wk_recording_begun(wk_tx_t *tx, const wk_recording_begun_t *begun, wk_error_t *e);

/*
 * In whatever language the customer says that he does not want to be recorded: what there is of
 * the call is not kept, and with the transaction goes a job (recording.stop) that has the
 * carrier stop, and an event for whoever has the call. *declined: it was recorded until now. He
 * is not recorded again, either.
 */
bool wk_recording_heed(wk_tx_t *tx, const wk_catalogue_t *c, va_str_t call, va_str_t text,
                       bool *declined, wk_error_t *e);

/*
 * What the carrier has of that call is fetched, stored and deleted there, as far as it is
 * ready; what is not is looked for again later. True: all that can be done now is done. May run
 * again from any point. told: the RecordingSid the carrier names, or absent; of a call that is
 * not known any more it is deleted too. False: it will be tried again by itself, as long as
 * `recordings` has it: *known.
 */
bool wk_recording_collect(wk_ctx_t *ctx, va_str_t organization, va_str_t sid, va_str_t told,
                          bool *known, wk_error_t *e);

/* All the carrier has of that call is deleted there; WK_CONFLICT: not before it is over. */
bool wk_recording_remove_all(wk_ctx_t *ctx, va_str_t sid, wk_error_t *e);

#endif
