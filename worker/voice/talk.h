/*
 * Who speaks when: the turn-taking of one call. Pure: the time is told, everything else goes
 * through the table of what can be done, so that each rule can be tried without a network.
 *
 *   - The caller begins to speak while the agent does: the agent falls silent at once, and it
 * is open why. Words that only say "I am listening" (words.talk.backchannel of the catalogues)
 *     let it go on where it stopped. Any other word, half a breath of speech, or the end of it
 *     without any, and the caller has the turn: what was not heard is dropped.
 *   - The caller ends: the agent answers.
 *   - Tools run: while nobody speaks, something is said in between, and again after a while, or
 *     when the caller has spoken.
 *   - Nobody says anything for a long time: the agent asks, and then ends the call. A caller
 * who asked for a moment has it before that.
 *
 * An engine that leads the talk decides all of this by itself; what is left to us is that the
 * caller hears nothing behind an interruption, and that the last words are heard.
 */
#ifndef WK_VOICE_TALK_H
#define WK_VOICE_TALK_H

#include "worker/agent/catalogue.h"
#include "worker/voice/engine.h"
#include "worker/voice/playout.h"

#define WK_TALK_DOUBT_MS   1200  /* longer speech than that is no back-channel */
#define WK_TALK_WORDS_MS   700   /* how long the words of short speech are waited for */
#define WK_TALK_FILLER_MS  1500  /* of silence, while a tool runs */
#define WK_TALK_REFILL_MS  7000  /* of silence behind such words, while it still runs */
#define WK_TALK_SILENCE_MS 12000 /* of silence, until the agent asks */
#define WK_TALK_SILENCES   2     /* asked that often, it ends the call */
#define WK_TALK_MOMENT_MS  60000 /* of silence, when the caller asked for a moment */
#define WK_TALK_GOODBYE_MS 15000 /* for the last words to be heard */
#define WK_TALK_LAST_MS    2000  /* of silence, behind the last words of an engine that leads */

typedef enum {
    WK_TALK_FILLER,  /* say that it takes a moment */
    WK_TALK_ARE_YOU, /* ask whether somebody is there */
} wk_talk_line_t;

/* False: there is nobody who could do it, and nothing will come. */
typedef struct {
    void (*clear)(void *ctx);                               /* the carrier plays no more */
    bool (*answer)(void *ctx);                              /* the agent takes its turn */
    bool (*line)(void *ctx, wk_talk_line_t line);           /* it says something of its own */
    void (*cut)(void *ctx, const wk_cut_t *cuts, size_t n); /* the caller has the turn */
    void (*silent)(void *ctx);                              /* nobody is there */
    void (*over)(void *ctx);                                /* the last words were heard */
} wk_talk_ops_t;

typedef struct {
    const wk_talk_ops_t *ops;
    void *ctx;
    wk_playout_t playout;
    bool led;            /* by the engine: it takes its turns and is cut short by itself */
    bool speech;         /* of the caller */
    int64_t speech_ms;   /* when it began, or ended */
    unsigned utterances; /* of the caller, ever */
    bool doubt;          /* the agent fell silent, and it is open whether for good */
    unsigned doubted;    /* the utterance that it fell silent for */
    bool answering;      /* the engine has been asked, and has not said all */
    unsigned tools;      /* that run */
    bool owes;           /* the engine has to answer what it was told */
    bool at_once;        /* the same, and no tool is waited for */
    bool filled;         /* something was said in between, since the caller spoke last */
    unsigned silences;
    int64_t quiet_ms;   /* since when nobody speaks */
    int64_t moment_ms;  /* until then silence means nothing; 0: it does */
    int64_t goodbye_ms; /* since when it ends; 0: it does not */
} wk_talk_t;

void wk_talk_init(wk_talk_t *t, const wk_talk_ops_t *ops, void *ctx, int64_t now);
void wk_talk_free(wk_talk_t *t);

/* The agent was given the turn from outside: a greeting, an instruction. */
void wk_talk_answering(wk_talk_t *t);

/* What the engine tells (engine.h). backchannel: the words are nothing else. */
void wk_talk_speech(wk_talk_t *t, bool started, int64_t now);
void wk_talk_heard(wk_talk_t *t, bool words, bool backchannel, bool whole, int64_t now);

/*
 * All the words of an utterance behind which he has begun so many others: they decide for him
 * where the agent fell silent for that one, or for one before it.
 */
void wk_talk_heard_late(wk_talk_t *t, unsigned behind, bool words, bool backchannel,
                        int64_t now);
void wk_talk_done(wk_talk_t *t, int64_t now);

/* An engine that leads was cut short by the caller. */
void wk_talk_interrupted(wk_talk_t *t, int64_t now);

/* The caller has told something by keys, which no engine hears: his turn as if he had said it.
 */
void wk_talk_typed(wk_talk_t *t, int64_t now);

/* Tools: one was called; one has answered, and the engine was told. */
void wk_talk_tool(wk_talk_t *t, int64_t now);
void wk_talk_tool_ended(wk_talk_t *t, int64_t now);

/* The engine was told what the caller has to hear: as soon as nobody is cut off by it. */
void wk_talk_owes(wk_talk_t *t);

/* The same, whatever tools run. */
void wk_talk_owes_at_once(wk_talk_t *t);

/*
 * One has answered that the agent says nothing now: no answer is owed for it, and the caller's
 * silence is none for WK_TALK_MOMENT_MS, or until he speaks.
 */
void wk_talk_tool_waits(wk_talk_t *t, int64_t now);

/*
 * The engine is gone: what it told of the caller counts no more, and what it had made is still
 * said. The next one takes the turn first of all, unless the call ends anyway.
 */
void wk_talk_engine_lost(wk_talk_t *t);

/* The call ends when what is being said has been heard. */
void wk_talk_goodbye(wk_talk_t *t, int64_t now);

/* Often: decides what the time decides. */
void wk_talk_tick(wk_talk_t *t, int64_t now);

/*
 * True when nothing would be lost by another engine taking over, here or elsewhere. Behind a
 * good-bye no turn follows: who goes on there would speak to somebody who has taken his leave.
 */
bool wk_talk_between_turns(const wk_talk_t *t);

/* True when the text is made of nothing but such words, in the language or in English. */
bool wk_talk_is_backchannel(wk_arena_t *a, const wk_catalogue_t *c, const wk_language_t *l,
                            va_str_t text);

#endif
