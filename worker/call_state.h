/*
 * The state of a live call in Redis, va:call:{<CallSid>} (docs/protocol.md, "Calls"): what
 * whoever goes on with the call has to know. Postgres has the call's history; this is where
 * the talk stands, and is rebuilt from there when it is lost.
 *
 * The epoch rises whenever the call changes hands. Who writes with an epoch that is not the
 * call's any more changes nothing.
 */
#ifndef WK_CALL_STATE_H
#define WK_CALL_STATE_H

#include "worker/arena.h"
#include "worker/redis.h"

#define WK_CALL_ANY_EPOCH        (-1)
#define WK_CALL_RESUME_WINDOW_MS 60000

/* Absent where nothing is known. */
typedef struct {
    va_str_t organization;
    va_str_t id;       /* of the row in calls */
    va_str_t engine;   /* that has the call now: an element of organizations.engines */
    va_str_t owner;    /* voice process that has its media; empty: none */
    va_str_t language; /* the talk's */
    va_str_t from, to; /* E.164 */
    va_str_t next;     /* what the re-entry door goes on with: hangup dial resume engine:<x>
                          overflow */
    va_str_t detail;   /* of next: JSON, what is dialled, what is said */
    va_str_t due;      /* words that the caller has to hear, and has not, as far as is known */
    int64_t epoch;
    int64_t turn;    /* of the talk, the next to be heard; from 1 */
    int64_t began;   /* Unix time, ms */
    int64_t resumes; /* in all */
    int64_t tries;   /* in a row: how often it came back since somebody claimed its stream */
    bool ended;
} wk_call_state_t;

typedef struct {
    const char *name; /* as in the structure; other names are the caller's own */
    va_str_t value;
} wk_call_field_t;

/* Begins it, or finds it begun; *begun says which. fields: what is known, organization first.
 */
bool wk_call_state_begin(wk_redis_t *r, wk_arena_t *a, va_str_t call,
                         const wk_call_field_t *fields, size_t n, wk_call_state_t *state,
                         bool *begun, wk_error_t *e);

/* *found false: it is not known, or not any more. */
bool wk_call_state_read(wk_redis_t *r, wk_arena_t *a, va_str_t call, wk_call_state_t *state,
                        bool *found, wk_error_t *e);

/*
 * Writes fields of a known call; epoch WK_CALL_ANY_EPOCH: whatever it is. *stale: nothing was
 * written, since the call is not known or has another epoch.
 */
bool wk_call_state_set(wk_redis_t *r, wk_arena_t *a, va_str_t call, int64_t epoch,
                       const wk_call_field_t *fields, size_t n, bool *stale, wk_error_t *e);

typedef struct {
    va_str_t next;  /* taken from the state, which says "resume" from now on */
    int64_t recent; /* resumes within WK_CALL_RESUME_WINDOW_MS, this one included */
    wk_call_state_t state;
} wk_call_resumed_t;

/*
 * The call comes back through the re-entry door; nobody owns it now. The same door once more
 * gets the same again and changes nothing. by_itself: what comes next where the state names
 * nothing; "resume": it fell out of an engine, which is counted.
 */
bool wk_call_state_resume(wk_redis_t *r, wk_arena_t *a, va_str_t call, int64_t door,
                          va_str_t by_itself, wk_call_resumed_t *out, bool *found,
                          wk_error_t *e);

typedef enum {
    WK_CALL_TAKEN,
    WK_CALL_UNKNOWN, /* no state is known of it */
    WK_CALL_OVER,
} wk_call_taking_t;

/*
 * A person takes the call (human), or gives it back to the agent: nobody owns it then. *owner:
 * the voice process that had it and was told; absent: none had it, or none listens.
 */
bool wk_call_state_take_over(wk_redis_t *r, wk_arena_t *a, va_str_t call, bool human,
                             wk_call_taking_t *result, int64_t *epoch, va_str_t *owner,
                             wk_error_t *e);

/*
 * Waits until that process has answered. *cleared: the carrier plays nothing of the agent's any
 * more; false: the process did not answer, or cannot tell.
 */
bool wk_call_state_await_silence(wk_redis_t *r, wk_arena_t *a, va_str_t call, int64_t epoch,
                                 bool *cleared, wk_error_t *e);

/* It has ended: nobody claims or writes it under an older epoch any more. Twice is once. */
bool wk_call_state_end(wk_redis_t *r, wk_arena_t *a, va_str_t call, va_str_t reason,
                       wk_error_t *e);

/* All of it, whatever stands in it; *found false: there was none. */
bool wk_call_state_forget(wk_redis_t *r, wk_arena_t *a, va_str_t call, bool *found,
                          wk_error_t *e);

#endif
