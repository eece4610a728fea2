/*
 * What a call hears and does next, as TwiML. Every address it is sent on to carries the call's
 * token, the turn and the talk's language, so that a request for it needs nothing that could be
 * lost, and two requests for one turn are one.
 */
#ifndef WK_AGENT_SPEECH_H
#define WK_AGENT_SPEECH_H

#include "worker/agent/catalogue.h"
#include "worker/context.h"

#define WK_SPEECH_OFFERED 3

typedef struct {
    wk_ctx_t *ctx;
    const wk_language_t *language;
    va_str_t voice, locale; /* the shop's own, used where the locale is of the language */
    va_str_t token;         /* of the call, for ?c= */
    const wk_language_t *offered[WK_SPEECH_OFFERED]; /* other ones, named when it listens */
    size_t n_offered;
    int64_t errors; /* in a row, told on in &e= */
    va_buf_t text;
} wk_speech_t;

void wk_speech_begin(wk_speech_t *s);

/* The document. Absent: there was no memory. */
va_str_t wk_speech_end(wk_speech_t *s);

/* /api/voice/<path>?c=&n=&l=, and &<more> where there is any. */
va_str_t wk_speech_url(const wk_speech_t *s, const char *path, int64_t n, const char *more);

/* /api/voice/incoming: the call's beginning. */
va_str_t wk_speech_start(const wk_speech_t *s);

void wk_speech_say(wk_speech_t *s, va_str_t text);

/* The call is not taken: its caller hears that the line is busy. */
void wk_speech_reject(wk_speech_t *s);

/* In another language than the talk's. */
void wk_speech_say_in(wk_speech_t *s, const wk_language_t *l, va_str_t text);

/*
 * Says the text and listens; whoever speaks, or presses a key, is heard as that turn, silence
 * too. silences: turns in a row that brought nothing, this one not included.
 */
void wk_speech_listen(wk_speech_t *s, va_str_t text, int64_t turn, int64_t silences);

/* Listens without a word, for as long as somebody who asked for a moment may be silent. */
void wk_speech_wait(wk_speech_t *s, int64_t turn);

/*
 * From here on the carrier records the call, to its end, and tells that address what becomes of
 * it. The next verb has its turn at once.
 */
void wk_speech_record(wk_speech_t *s, va_str_t told);

/*
 * What was begun goes on with the verbs of that document, and is ended. Absent: it is no
 * document that verbs can be put before.
 */
va_str_t wk_speech_then(wk_speech_t *s, va_str_t document);

void wk_speech_go_to(wk_speech_t *s, va_str_t url);
void wk_speech_pause(wk_speech_t *s, int seconds);
void wk_speech_hang_up(wk_speech_t *s);

/*
 * Rings a person; whoever picks up hears the whisper of that turn first, and whatever becomes
 * of it the call comes back as that turn's transfer.
 */
typedef struct {
    va_str_t number, caller_id;
    int64_t turn;
    int ring_s, limit_s;
} wk_dial_t;

void wk_speech_dial(wk_speech_t *s, const wk_dial_t *dial);

/* What a person hears before he is connected: any key takes the call, silence does not. */
void wk_speech_whisper(wk_speech_t *s, va_str_t text, int64_t turn);

/*
 * The media of the call go to a voice process until that closes the stream; then the call comes
 * back through the re-entry door as n.
 */
typedef struct {
    va_str_t stream_token;
    va_str_t engine;
    int64_t n;
} wk_connect_t;

void wk_speech_connect(wk_speech_t *s, const wk_connect_t *connect);

/* The same with a platform's address instead of a voice process. */
void wk_speech_connect_to(wk_speech_t *s, va_str_t url, int64_t n);

/*
 * The call goes on at a SIP address; whatever becomes of it, it comes back through the re-entry
 * door as n, which is told that by DialCallStatus.
 */
typedef struct {
    va_str_t address;
    va_str_t username, password; /* absent: none */
    va_str_t caller_id;          /* absent: the carrier's own choice */
    int ring_s, limit_s;
    int64_t n;
} wk_sip_dial_t;

void wk_speech_dial_sip(wk_speech_t *s, const wk_sip_dial_t *dial);

#endif
