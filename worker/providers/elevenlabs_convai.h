/*
 * ElevenLabs' agent over its WebSocket (/v1/convai/conversation): what it is told and what it
 * tells, as JSON texts. No socket and no state here; worker/voice/engine_elevenlabs.c has both.
 *
 * The agent takes its turns by itself, and finds out by itself that the caller cuts in. Sound
 * is Base64 in the formats that its first message names.
 */
#ifndef WK_PROVIDERS_ELEVENLABS_CONVAI_H
#define WK_PROVIDERS_ELEVENLABS_CONVAI_H

#include "core/buf.h"
#include "core/json.h"

#define WK_CONVAI_MESSAGE_MAX (4 << 20) /* bytes of one of its messages */

/* ---------------------------------------------------------------- what it is told */

/*
 * Each appends one message. begin() is the first; data: the conversation_initiation_client_data
 * as the initiation webhook answers it, JSON, or absent.
 */
va_status_t wk_convai_begin(va_buf_t *out, va_str_t data);
va_status_t wk_convai_sound(va_buf_t *out, va_str_t base64);
va_status_t wk_convai_pong(va_buf_t *out, int64_t number);
va_status_t wk_convai_result(va_buf_t *out, va_str_t call_id, va_str_t output);
va_status_t wk_convai_update(va_buf_t *out, va_str_t text);  /* something it has to know */
va_status_t wk_convai_message(va_buf_t *out, va_str_t text); /* of the caller's, in words */
va_status_t wk_convai_active(va_buf_t *out); /* the caller does something that is not heard */

/* ---------------------------------------------------------------- what it tells */

typedef enum {
    WK_CONVAI_OTHER,       /* nothing that we need to know */
    WK_CONVAI_BEGUN,       /* id, hears, speaks: the conversation, and the formats of sound */
    WK_CONVAI_AUDIO,       /* number, text: Base64 */
    WK_CONVAI_HEARD_PART,  /* text: of what the caller says, so far */
    WK_CONVAI_HEARD,       /* text: all of it */
    WK_CONVAI_SAID,        /* text: what the agent says, in words */
    WK_CONVAI_CORRECTED,   /* before, text: of what it said that much was heard */
    WK_CONVAI_INTERRUPTED, /* number: sound up to that one is not to be heard any more */
    WK_CONVAI_PING,        /* number */
    WK_CONVAI_CALL,        /* id, name, text: a tool and its arguments, a JSON object */
    WK_CONVAI_ERROR,       /* name: its kind, text */
} wk_convai_kind_t;

typedef struct {
    wk_convai_kind_t kind;
    int64_t number; /* of the event, ascending; 0: it has none */
    va_str_t id, name, text, before, hears, speaks;
} wk_convai_event_t;

/* VA_ESYNTAX: not a message of it, or one without what it is about. The texts live in mem. */
va_status_t wk_convai_read(const va_alloc_t *mem, va_str_t text, wk_convai_event_t *event);

/*
 * The rate of a format of sound, in Hz: 16-bit PCM, little endian. 0: mu-law at 8 kHz, as
 * telephony has it; -1: none that is known.
 */
int wk_convai_rate(va_str_t format);

#endif
