/*
 * What the agent says, between the engine that makes it faster than it is spoken and the
 * carrier that plays it: sent a little ahead of the caller's ear and never more, so that it can
 * be stopped, taken up again where it was stopped, or dropped, and so that we know at every
 * moment what the caller has heard.
 *
 * Pure: no socket and no clock; the time is told (ms, monotonic). Sound is mu-law at 8 kHz, a
 * byte a sample. A position counts the bytes since the call began; one never stands for two
 * sounds.
 *
 * Where the carrier stands is known from two sides: by the clock, since it plays what it has at
 * the speed of speech, and by marks that it gives back when what was sent before them has been
 * played. A mark behind a `clear` comes back at once and unheard; it is of an older run then.
 */
#ifndef WK_VOICE_PLAYOUT_H
#define WK_VOICE_PLAYOUT_H

#include "worker/voice/bytes.h"
#include "worker/voice/twilio_stream.h"

#define WK_PLAYOUT_RATE     8      /* bytes a millisecond */
#define WK_PLAYOUT_FRAME    160    /* bytes sent at once: 20 ms */
#define WK_PLAYOUT_LEAD_MS  400    /* how far the carrier is kept ahead of the ear */
#define WK_PLAYOUT_MARK_MS  200    /* a mark at least that often */
#define WK_PLAYOUT_END_MS   60     /* without more sound: then a mark stands at the end too */
#define WK_PLAYOUT_LOST_MS  10000  /* a mark that is so late never comes */
#define WK_PLAYOUT_MAX_MS   120000 /* kept, spoken or not; beyond it nothing is taken */
#define WK_PLAYOUT_ITEMS    16     /* utterances not wholly heard */
#define WK_PLAYOUT_ITEM_MAX 64     /* bytes of an utterance's name */

typedef struct {
    char name[WK_PLAYOUT_ITEM_MAX]; /* the engine's; empty: none it can be asked about */
    uint64_t begin, end;            /* positions; end moves while the engine makes more */
} wk_playout_item_t;

typedef struct {
    wk_bytes_t sound;   /* from confirmed on: what may have to be said again */
    uint64_t confirmed; /* heard, by a mark that came back */
    uint64_t sent;
    uint64_t end;     /* of what the engine made */
    uint64_t marked;  /* the last mark sent stands here */
    uint64_t awaited; /* the next mark to come back; 0: none is out */
    int64_t grown_ms; /* when the engine made some last */
    int64_t dry_at;   /* when the carrier will have played all that was sent */
    uint32_t run;     /* raised when what was sent is taken back */
    bool held;
    wk_playout_item_t items[WK_PLAYOUT_ITEMS];
    size_t n_items;
} wk_playout_t;

/* All zero is a playout that has nothing to say. */
void wk_playout_free(wk_playout_t *p);

/*
 * Sound that belongs to the end of an utterance; a new name begins the next one. False: there
 * is too much already, and it was not taken.
 */
bool wk_playout_add(wk_playout_t *p, va_str_t item, va_str_t mulaw, int64_t now);

typedef struct {
    va_str_t sound; /* to be sent, at most WK_PLAYOUT_FRAME bytes; valid until the next call;
                       empty: only a mark */
    bool has_mark;
    wk_twilio_mark_t mark; /* to be sent behind it */
} wk_playout_frame_t;

/* The next piece that is due; false: none is. Each is given once. */
bool wk_playout_next(wk_playout_t *p, int64_t now, wk_playout_frame_t *frame);

/* A mark came back. False: it tells nothing, being of an older run, or behind what is known. */
bool wk_playout_heard_mark(wk_playout_t *p, wk_twilio_mark_t mark, int64_t now);

/* How much has been heard, as a position. */
uint64_t wk_playout_heard(const wk_playout_t *p, int64_t now);

/* True while the caller has not heard all that there is of that utterance. */
bool wk_playout_waits(const wk_playout_t *p, va_str_t item);

/* True while the caller hears something, or would if it were not held. */
bool wk_playout_busy(const wk_playout_t *p);

/*
 * Stops: what was sent and not heard is taken back, which the carrier is to be told by a
 * `clear`. resume() goes on from there.
 */
void wk_playout_hold(wk_playout_t *p, int64_t now);
void wk_playout_resume(wk_playout_t *p);

/* An utterance that was cut, and how much of it had been heard. */
typedef struct {
    va_str_t item; /* empty: without a name; valid until something is added */
    unsigned heard_ms, total_ms;
} wk_cut_t;

/*
 * Drops all that was not heard, as hold() does; returns how many utterances that cut. cuts has
 * room for WK_PLAYOUT_ITEMS.
 */
size_t wk_playout_drop(wk_playout_t *p, int64_t now, wk_cut_t *cuts);

/* Of the words of an utterance as many as fit in the part of its time that was heard. */
va_str_t wk_playout_heard_part(va_str_t text, const wk_cut_t *cut);

#endif
