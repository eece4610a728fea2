/*
 * The messages of Twilio's Media Streams: JSON texts in WebSocket frames, sound as Base64 of
 * mu-law at 8 kHz (Twilio's documentation: "Media Streams - WebSocket Messages"). Pure: no
 * socket, no state.
 */
#ifndef WK_VOICE_TWILIO_STREAM_H
#define WK_VOICE_TWILIO_STREAM_H

#include "core/buf.h"
#include "core/json.h"

#define WK_TWILIO_MESSAGE_MAX (64 << 10) /* bytes of one; Twilio's are below one KiB */

typedef enum {
    WK_TWILIO_OTHER, /* one that we need not know: passed over */
    WK_TWILIO_CONNECTED,
    WK_TWILIO_START,
    WK_TWILIO_MEDIA,
    WK_TWILIO_MARK,
    WK_TWILIO_DTMF,
    WK_TWILIO_STOP,
} wk_twilio_kind_t;

typedef struct {
    wk_twilio_kind_t kind;
    va_str_t stream_sid, call_sid; /* of start */
    const va_json_t *parameters;   /* of start: the <Parameter>s, texts by name; or NULL */
    va_str_t payload;              /* of media: Base64 */
    int64_t timestamp_ms;          /* of media, since the stream began; -1: it had none */
    va_str_t mark;                 /* of mark: its name, as we gave it */
    char digit;                    /* of dtmf */
} wk_twilio_event_t;

/*
 * The texts live in mem. VA_ESYNTAX: no message, one that lacks what its kind must have, or
 * sound that is neither inbound nor mu-law at 8 kHz. VA_ELIMIT: longer than one may be.
 */
va_status_t wk_twilio_read(const va_alloc_t *mem, va_str_t text, wk_twilio_event_t *event);

/* A mark's name: which run of the sound it belongs to, and how far that had come. */
typedef struct {
    uint32_t run;
    uint64_t position;
} wk_twilio_mark_t;

/* Each appends one message. */
va_status_t wk_twilio_media(va_buf_t *out, va_str_t stream_sid, va_str_t mulaw);
va_status_t wk_twilio_mark(va_buf_t *out, va_str_t stream_sid, wk_twilio_mark_t mark);
va_status_t wk_twilio_clear(va_buf_t *out, va_str_t stream_sid);

/* False for a name that wk_twilio_mark() did not write. */
bool wk_twilio_mark_read(va_str_t name, wk_twilio_mark_t *mark);

#endif
