/*
 * Where the time of a turn goes: when the caller's last sound was, when its end was noticed,
 * and when the answer to it was asked for, thought, made, sent and heard. The session feeds it
 * with what the carrier and the engine tell; no engine keeps a clock of its own.
 *
 * Pure: the time is told (ms, monotonic). What it gives is in ms of the carrier's stream, by
 * the timestamps of its media messages. The two are tied by the frame that was on its way for
 * the shortest time in the last 10 to 20 seconds: a frame that comes late, or a carrier's clock
 * that runs a little slow, is nobody's delay.
 */
#ifndef WK_VOICE_TURN_TIMING_H
#define WK_VOICE_TURN_TIMING_H

#include "worker/voice/playout.h"

#define WK_TIMING_WINDOW_MS 10000
#define WK_TIMING_FRAMES    128 /* of the caller's sound that a report can be about: 2.5 s */
#define WK_TIMING_UTTERANCES                                                                   \
    8 /* of the agent, under way at once; beyond it the oldest is lost */
#define WK_TIMING_MARK_MS 5000 /* a mark that has not come back by then will not */

/* In the order of their time. */
typedef enum {
    WK_STAGE_CALLER_ENDED,  /* the frame with the last sound of the caller's speech */
    WK_STAGE_END_DETECTED,  /* the engine told that it has ended */
    WK_STAGE_TOOL_CALLED,   /* the first one that the answer waited for */
    WK_STAGE_TOOL_ANSWERED, /* the last one */
    WK_STAGE_ASKED,       /* the engine was asked for the answer; not one that leads the talk */
    WK_STAGE_FIRST_TOKEN, /* of the answer, in words or in sound */
    WK_STAGE_FIRST_SOUND, /* the engine has made */
    WK_STAGE_WRITTEN,     /* and the carrier was sent */
    WK_STAGE_HEARD,       /* and has played, by its mark */
    WK_STAGES
} wk_stage_t;

/* "caller_ended", … */
const char *wk_stage_name(wk_stage_t stage);

/* Of one utterance of the agent. */
typedef struct {
    unsigned known;           /* a bit for each stage */
    int64_t at_ms[WK_STAGES]; /* of the stream; 0 where it is not known */
    bool reported; /* the engine told where the speech ended; else it is the last frame before
                      it told that */
} wk_waterfall_t;

bool wk_waterfall_has(const wk_waterfall_t *w, wk_stage_t stage);

/* ms since the stage before it that is known; -1: it is not known, or is the first. */
int64_t wk_waterfall_step(const wk_waterfall_t *w, wk_stage_t stage);

/* ms from the caller's last sound to the first of the answer; -1: not known. */
int64_t wk_waterfall_response(const wk_waterfall_t *w);

/* As much of it as was not the engine's: tools, asking, sending. -1: not known. */
int64_t wk_waterfall_own(const wk_waterfall_t *w);

typedef struct {
    char item[WK_PLAYOUT_ITEM_MAX]; /* the engine's name for it; empty: no more will be told */
    uint64_t begin;                 /* position in the playout of its first sound */
    int64_t tie_ms;
    int64_t turn; /* its number in the record; 0: none yet */
    bool taken;
    wk_waterfall_t fall;
} wk_timed_t;

typedef struct {
    int64_t tie_ms,
        tie_before_ms; /* smallest arrival less timestamp: of a window, and the last */
    int64_t window_ms; /* when it began */
    int64_t frame_ms;  /* timestamp of the last frame; -1: none yet */
    int64_t voiced_ms; /* of the last that the engine said had speech; -1: none */
    int64_t fed;       /* bytes of sound that the engine was given */
    struct {
        uint32_t end, frame_ms; /* days: longer than any stream */
    } frames[WK_TIMING_FRAMES]; /* a ring: what it was given, and when that was said */
    size_t n_frames;            /* ever */
    wk_timed_t next;            /* the answer that has not begun */
    wk_timed_t before; /* the one that was waited for when the caller spoke last; or nothing */
    wk_timed_t utterances[WK_TIMING_UTTERANCES]; /* a ring */
    size_t n_utterances;                         /* ever */
} wk_timing_t;

/* ---------------------------------------------------------------- the caller */

/* The stream begins. */
void wk_timing_start(wk_timing_t *t, int64_t now);

/*
 * A frame of the caller's sound came, with its timestamp (negative: it had none); fed: bytes of
 * it that the engine was given.
 */
void wk_timing_frame(wk_timing_t *t, int64_t frame_ms, size_t fed, int64_t now);

/* Another connection of an engine hears from now on, and counts its sound from 0. */
void wk_timing_engine(wk_timing_t *t);

/* The engine says that there was speech up to there, in ms of the sound it was given. */
void wk_timing_voiced(wk_timing_t *t, int64_t sound_ms);

/* It says that the caller has ended: what is said next is the answer. */
void wk_timing_caller_ended(wk_timing_t *t, int64_t now);

/* What he said was no more than "I am listening": what was waited for before still is. */
void wk_timing_backchannel(wk_timing_t *t);

/* ---------------------------------------------------------------- the answer */

/* The agent speaks because of something else: what is said next answers nobody. */
void wk_timing_unprompted(wk_timing_t *t);

void wk_timing_asked(wk_timing_t *t, int64_t now);
void wk_timing_tool_called(wk_timing_t *t, int64_t now);
void wk_timing_tool_answered(wk_timing_t *t, int64_t now);

/*
 * Of an utterance; what has no name is said in between and answers nothing. The position is
 * that of the sound in the playout.
 */
void wk_timing_token(wk_timing_t *t, va_str_t item, int64_t now);
void wk_timing_sound(wk_timing_t *t, va_str_t item, uint64_t position, int64_t now);

/* The carrier was sent, or has played, all before the position. */
void wk_timing_written(wk_timing_t *t, uint64_t position, int64_t now);
void wk_timing_heard(wk_timing_t *t, uint64_t position, int64_t now);

/* What was not heard never will be. */
void wk_timing_dropped(wk_timing_t *t);

/* The utterance stands in the record under that number. */
void wk_timing_recorded(wk_timing_t *t, va_str_t item, int64_t turn);

/* So far. False: nothing is known of such an utterance. */
bool wk_timing_look(wk_timing_t *t, va_str_t item, wk_waterfall_t *fall);

/*
 * Gives each recorded utterance once, when all of it is known that will be; at the end of the
 * stream that is so of every one. False: there is none (any more).
 */
bool wk_timing_take(wk_timing_t *t, bool at_end, int64_t now, int64_t *turn,
                    wk_waterfall_t *fall);

#endif
