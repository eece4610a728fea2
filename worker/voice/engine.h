/*
 * An engine: what hears the caller and answers, in a call whose sound passes through us. One
 * file each; a session knows nothing but this table.
 *
 * The engine tells what it hears and says; when the agent takes its turn, when it is cut short
 * and what becomes of tools is the session's to decide.
 */
#ifndef WK_VOICE_ENGINE_H
#define WK_VOICE_ENGINE_H

#include <openssl/ssl.h>
#include <uv.h>

#include "worker/arena.h"
#include "worker/config.h"
#include "worker/voice/http_async.h"
#include "worker/voice/playout.h"

/* What an engine can do (docs/voice.md, "Engines"). */
typedef struct {
    const char *name; /* as in organizations.engines */
    bool resumable;   /* another connection can go on with what was said */
    bool barge_in;    /* we decide when it takes its turn and when the caller cuts it short;
                         else it leads the talk (talk.h) */
} wk_media_engine_traits_t;

typedef struct {
    bool by_agent;
    va_str_t text;
} wk_said_t;

/* What is speech, and when it is over, for an engine that can be told (agent_configs). */
typedef struct {
    va_str_t threshold; /* of loudness, 0 to 1, a JSON number; absent: the engine's own */
    int64_t prefix_ms;  /* of sound before it that belong to it; negative: the engine's own */
    int64_t silence_ms; /* that end it */
} wk_turn_taking_t;

#define WK_ENGINE_BEHIND 3 /* utterances that have begun before the words of one are there */

/* What it is opened with; must live as long as the engine. */
typedef struct {
    uv_loop_t *loop;
    const wk_config_t *config;
    SSL_CTX *tls;
    wk_ahttp_t *http;
    /* Of one message that is written, and of one that is read, of whatever engine; emptied by
       whoever fills it. */
    wk_arena_t *writing, *reading;
    unsigned number; /* of the call's engines; 1: the first */
    va_str_t instructions, tools, voice, model;
    const char *chat_model;  /* of chat completions; NULL: the configured one */
    va_str_t speech;         /* who speaks in the place of the configured one; or absent */
    const va_json_t *voices; /* language to a voice's id; may be NULL */
    va_str_t language;       /* of the talk; changes with it */
    va_str_t heard_language; /* the only one that is spoken; absent: the caller may change it */
    wk_turn_taking_t turns;
    int64_t max_tokens, chat_tokens; /* of an answer; the second of chat completions */
    const wk_said_t *said;           /* before, oldest first */
    size_t n_said;
    va_str_t url, client_data; /* of an agent at a platform: where it is, and what it begins
                                  with, JSON */
} wk_media_engine_setup_t;

typedef struct wk_media_engine wk_media_engine_t;

/* Never from within a call of the engine. Texts are valid during the call. */
typedef struct {
    void (*ready)(void *ctx);                /* it hears, and can answer */
    void (*speech)(void *ctx, bool started); /* of the caller */

    /* He spoke up to there, in ms of the sound it was given; before speech() ends, if at all.
     */
    void (*voiced)(void *ctx, int64_t sound_ms);

    void (*heard)(void *ctx, va_str_t text, bool whole); /* so far, or all of an utterance */

    /* Such a text as an engine may remember it, before it tells that it is whole: without the
     * numbers of cards. Valid until the next call. */
    va_str_t (*masked)(void *ctx, va_str_t heard);

    /* All of an utterance behind which he has begun so many others: too late to judge the last
     * one by. */
    void (*heard_late)(void *ctx, unsigned behind, va_str_t text);

    /* The first of an utterance is there; where said() and sound() come later. */
    void (*token)(void *ctx, va_str_t item);

    void (*sound)(void *ctx, va_str_t item, va_str_t mulaw);           /* of the agent */
    void (*said)(void *ctx, va_str_t item, va_str_t text, bool whole); /* in words; not whole: a
                                                                          further piece */
    void (*tool)(void *ctx, va_str_t id, va_str_t name, va_str_t arguments);
    /* The answer has ended: it has said all it wanted; or failed, it may be in the middle. */
    void (*done)(void *ctx, bool failed);

    /* It has no answer to what was heard; somebody else has to give it one, by say(). */
    void (*unanswered)(void *ctx, va_str_t heard);

    /* Only of one that leads the talk. */
    void (*named)(void *ctx, va_str_t conversation);             /* as the platform calls it */
    void (*interrupted)(void *ctx);                              /* the caller cut it short */
    void (*corrected)(void *ctx, va_str_t said, va_str_t heard); /* that much of it was heard */
    void (*ended)(void *ctx); /* it has ended the call, and is of no more use; once */

    void (*ends_in)(void *ctx, int64_t ms);   /* by itself, as it says */
    void (*lost)(void *ctx, const char *why); /* it is of no more use; once */
    void (*gone)(void *ctx);                  /* last of all, after close() */
} wk_media_engine_events_t;

typedef struct {
    wk_media_engine_traits_t traits;

    /*
     * How old it may grow until another one takes over between two turns, unless it tells of an
     * earlier end; NULL: as old as the call. It must be resumable.
     */
    int64_t (*life_ms)(const wk_config_t *config);

    /* NULL: it cannot be had, and nothing is called. */
    wk_media_engine_t *(*open)(const wk_media_engine_setup_t *setup,
                               const wk_media_engine_events_t *events, void *ctx,
                               wk_error_t *e);

    /* Base64 of the caller's sound, as the carrier sent it. False: dropped, it cannot keep up.
     */
    bool (*hear)(wk_media_engine_t *engine, va_str_t base64);

    /* Takes the turn; instructions for this turn alone, or absent. */
    void (*answer)(wk_media_engine_t *engine, va_str_t instructions);

    /* Says something in between that the conversation does not remember. */
    void (*aside)(wk_media_engine_t *engine, va_str_t instructions);

    /*
     * Says these words, as an answer or in the place of one; aside: the conversation does not
     * remember them. NULL: it says only what it thinks of, and has to be asked to.
     */
    void (*say)(wk_media_engine_t *engine, va_str_t words, bool aside);

    /* Stops the answer; of what it had made, that much was heard. */
    void (*cut)(wk_media_engine_t *engine, const wk_cut_t *cuts, size_t n);

    /* What a tool answered. Nothing is said because of it until answer(). */
    void (*result)(wk_media_engine_t *engine, va_str_t id, va_str_t output);

    /* Something it has to know from now on. */
    void (*tell)(wk_media_engine_t *engine, va_str_t text);

    /* What the caller tells by keys, as if he had said it. An answer is asked for behind it,
     * but of one that leads the talk. */
    void (*typed)(wk_media_engine_t *engine, va_str_t text);

    /* The caller does something that is not heard, and should not be spoken to. May be NULL. */
    void (*active)(wk_media_engine_t *engine);

    /*
     * The caller is gone: what he has said until then is told by heard() and heard_late() as
     * far as it was not, and nothing more is made. NULL: it has told what it will.
     */
    void (*last_words)(wk_media_engine_t *engine);

    void (*close)(wk_media_engine_t *engine);
} wk_media_engine_type_t;

extern const wk_media_engine_type_t wk_media_engine_realtime, wk_media_engine_elevenlabs,
    wk_media_engine_pipeline;

/* By its name; NULL: this process has none of that name. */
const wk_media_engine_type_t *wk_media_engine_find(va_str_t name);

#endif
