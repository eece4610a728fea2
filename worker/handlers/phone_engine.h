/* The engine a call goes to, and the document that takes it there. */
#ifndef WK_HANDLERS_PHONE_ENGINE_H
#define WK_HANDLERS_PHONE_ENGINE_H

#include "worker/call_state.h"
#include "worker/handlers/phone.h"

/* What the call hears first, and what became of it. */
typedef struct {
    va_str_t text;        /* the first words */
    int64_t turn;         /* to be heard then */
    va_str_t client_data; /* for an agent at ElevenLabs: JSON, or absent */

    va_str_t twiml;
    bool spoken;   /* the document says the text; else it is for the engine to say */
    bool streams;  /* the document connects the call with a voice process */
    bool no_voice; /* no voice process had room for it */
} wk_phone_opening_t;

/*
 * The first engine of the organization's chain behind `after` (absent: the first of all) that
 * can be had now; v->engine names it. The call's state follows.
 */
bool wk_phone_engine(wk_phone_t *v, const wk_call_state_t *state, va_str_t after,
                     wk_phone_opening_t *opening, wk_error_t *e);

#endif
