/*
 * OpenAI's Realtime API over WebSocket in its GA form: its address, what it is told and what it
 * tells, as JSON texts. No socket and no state here; worker/voice/engine_realtime.c has both.
 *
 * Sound is Base64 of mu-law at 8 kHz in both directions ("audio/pcmu"), as telephony has it.
 */
#ifndef WK_PROVIDERS_OPENAI_REALTIME_H
#define WK_PROVIDERS_OPENAI_REALTIME_H

#include "core/buf.h"
#include "core/json.h"
#include "worker/arena.h"
#include "worker/config.h"

#define WK_REALTIME_MESSAGE_MAX (4 << 20) /* bytes of one of its messages */

/* The configured address, with the model to talk to. */
const char *wk_realtime_url(wk_arena_t *a, const wk_config_t *config, va_str_t model);

typedef struct {
    va_str_t instructions;
    va_str_t tools;    /* a JSON array, as wk_realtime_tool() makes its elements */
    va_str_t voice;    /* absent: the service's default */
    va_str_t language; /* two letters, for the transcription; absent: it finds out */
    const char *transcription_model;
    int64_t max_tokens; /* of one answer; 0: no limit of ours */

    /* What is speech, and when it is over. */
    va_str_t threshold; /* of loudness, 0 to 1, a JSON number; absent: the service's own */
    int64_t prefix_ms;  /* of sound before it that belong to it; negative: the service's own */
    int64_t silence_ms; /* that end it */
} wk_realtime_session_t;

/* ---------------------------------------------------------------- what it is told */

/*
 * Each appends one message. The service finds out when somebody speaks, but takes no turn and
 * cuts nothing by itself: that is for us to decide.
 */
va_status_t wk_realtime_update(va_buf_t *out, const wk_realtime_session_t *session);

/* Changes nothing of the session, and is answered as an update is. */
va_status_t wk_realtime_probe(va_buf_t *out);

va_status_t wk_realtime_append(va_buf_t *out, va_str_t base64);
va_status_t wk_realtime_message(va_buf_t *out, const char *role,
                                va_str_t text); /* user assistant system */
va_status_t wk_realtime_result(va_buf_t *out, va_str_t call_id, va_str_t output);
va_status_t wk_realtime_truncate(va_buf_t *out, va_str_t item, int64_t heard_ms);

/* response: the answer to be cancelled; absent: the one that is being made. */
va_status_t wk_realtime_cancel(va_buf_t *out, va_str_t response);

/*
 * Answer now. name: an error that refuses it is about that. instructions: for this answer
 * alone, or absent. aside: it is no part of the conversation, and calls no tool.
 */
va_status_t wk_realtime_respond(va_buf_t *out, va_str_t name, va_str_t instructions,
                                bool aside);

/* ---------------------------------------------------------------- what it tells */

typedef enum {
    WK_RT_OTHER,   /* nothing that we need to know */
    WK_RT_CREATED, /* the session is there */
    WK_RT_UPDATED, /* and is as we asked for */
    WK_RT_SPEECH_STARTED,
    WK_RT_SPEECH_STOPPED,
    WK_RT_HEARD_PART, /* item, text: of what the caller says */
    WK_RT_HEARD,      /* item, text: all of it */
    WK_RT_RESPONSE,   /* response: an answer begins */
    WK_RT_AUDIO,      /* response, item, text: Base64 */
    WK_RT_SAID_PART,  /* response, item, text: of what the audio of the item says */
    WK_RT_SAID,       /* response, item, text: all of it */
    WK_RT_CALL,       /* response, call_id, name, text: a tool and its arguments */
    WK_RT_DONE,       /* response, status: the answer has ended */
    WK_RT_ERROR,      /* code, text; about: the name of the message it refuses */
} wk_realtime_kind_t;

typedef struct {
    wk_realtime_kind_t kind;
    va_str_t item, response, call_id, name, text, status, code, about;
    int64_t expires;  /* of a session created: when it ends, Unix time in seconds; 0: unsaid */
    int64_t ended_ms; /* of SPEECH_STOPPED: where the silence ends that ended it, in ms of the
                         sound it was given; -1: it does not say */
} wk_realtime_event_t;

/*
 * The names of the GA interface, and those of the beta that services compatible with it still
 * send. VA_ESYNTAX: not a message of it. The texts live in mem.
 */
va_status_t wk_realtime_read(const va_alloc_t *mem, va_str_t text, wk_realtime_event_t *event);

#endif
