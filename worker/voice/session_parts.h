/* A session's inside, for its own files: session*.c. */
#ifndef WK_VOICE_SESSION_PARTS_H
#define WK_VOICE_SESSION_PARTS_H

#include "worker/voice/session.h"
#include "worker/voice/talk.h"
#include "worker/voice/transcript.h"
#include "worker/voice/turn_timing.h"
#include "worker/voice/websocket.h"

#define WK_SESSION_ID     64 /* bytes of an id of the carrier or ours */
#define WK_SESSION_KEYS   24 /* that he may press in one go; more than any number has */
#define WK_SESSION_SPOKEN 4  /* utterances of the agent that may still be cut */

typedef enum {
    WK_SESSION_WAITING,
    WK_SESSION_CLAIMING,
    WK_SESSION_BRIEFING,
    WK_SESSION_OPENING,
    WK_SESSION_TALKING,
    WK_SESSION_LEAVING,
    WK_SESSION_YIELDING,
    WK_SESSION_CLOSED,
} wk_session_state_t;

/* An utterance of the agent: its words, which may turn out to be more than was heard. */
typedef struct {
    char item[WK_PLAYOUT_ITEM_MAX];
    wk_bytes_t text;
    bool whole;
    int64_t begun_ms; /* wall clock */
    int64_t turn;     /* 0: not told to anybody yet */
} wk_spoken_t;

/* Words that the caller has to hear. */
typedef struct {
    wk_bytes_t words;
    bool stays; /* whatever else is talked about meanwhile */
} wk_due_t;

/* A tool that was called and has not answered. */
typedef struct wk_running_tool wk_running_tool_t;

/* An engine and whether it is the one that has the call. */
typedef struct {
    wk_session_t *session;
    wk_media_engine_t *engine;
    wk_media_engine_setup_t setup;
    wk_said_t *said; /* before it was opened */
    int64_t opened_ms;
    int64_t old_ms;            /* when another one should take its place; 0: never */
    int64_t turn;              /* of the talk, when it was opened */
    const wk_language_t *told; /* to speak it from then on; NULL: the briefing's */
    unsigned failures;         /* of its answers, in a row */
    wk_bytes_t known;          /* tools it was given the last answer of, a line each */
} wk_seat_t;

struct wk_session {
    LIST_ENTRY(wk_session) link;
    wk_voice_t *voice;
    wk_session_state_t state;
    int held;          /* by sockets, engines and questions; the last one frees it */
    wk_arena_t *arena; /* of the whole call: the briefing */
    wk_ws_t *carrier;
    char stream[WK_SESSION_ID], call[WK_SESSION_ID], organization[WK_SESSION_ID];
    int64_t epoch; /* before the claim: of the token */
    int64_t began_ms;

    struct {
        int64_t notice_ms, end_ms; /* INT64_MAX: never */
    } limit;

    const wk_media_engine_type_t *engine;
    wk_seat_t *seat, *next_seat; /* the second is on its way to be the first */
    unsigned seats, lost;        /* how many were, ever */
    wk_bytes_t untold;           /* what the next one has to know */
    int64_t awaited;       /* the receptionist's answer to that question (asked); 0: none */
    bool resuming;         /* it is being said that the line was bad */
    int64_t renew_ms;      /* not before */
    int64_t renew_wait_ms; /* the longer, the more often the next one was not to be had */
    bool greeted;
    const wk_language_t *language;
    const va_json_t *briefing;
    va_str_t instructions, tools;

    wk_talk_t talk;
    wk_bytes_t early; /* mu-law of the caller's that no engine has heard yet */
    wk_timing_t timing;
    wk_spoken_t spoken[WK_SESSION_SPOKEN];
    size_t n_spoken;      /* ever; a ring */
    wk_transcript_t said; /* in this stream and before */
    wk_bytes_t hearing;   /* what the caller is saying, so far */
    int64_t turn;
    int64_t began_to_speak[WK_ENGINE_BEHIND + 1]; /* the caller, wall clock, the newest first;
                                                     0: words of it came */
    int64_t last_words_ms; /* they are waited for until then; 0: they are not */
    int64_t asked;         /* how often the engine was asked for an answer, or cut in one */
    wk_bytes_t claims;     /* of the agent's that something was done; not judged yet */
    int64_t claimed_ms;    /* the newest of them, monotonic */
    int64_t judged;        /* the turn of the talk when the last were handed to be judged */
    LIST_HEAD(, wk_running_tool) tools_out;
    wk_bytes_t unspoken; /* what tools answered that the agent has not spoken behind yet */
    int64_t unspoken_ms; /* the newest of it, wall clock */
    bool urgent;         /* an emergency was heard */
    bool aside;          /* what is being said is said in between, and answers nothing */
    bool pressed_0;      /* before there was anybody to put him through */
    struct {
        char digits[WK_SESSION_KEYS];
        size_t n;
        int64_t last_ms; /* monotonic */
    } keys;              /* that he has pressed, and may not be done with */
    bool handing_over;

    wk_due_t due;    /* what he has to hear, and nobody says yet */
    wk_due_t saying; /* the same, once the engine was asked to say it: until he has heard it */
    char saying_as[WK_PLAYOUT_ITEM_MAX]; /* its utterance; empty: no sound of it yet */
    bool made;                           /* all of it */
    wk_bytes_t kept_due; /* what of both the call's state says, for who has the call next */

    struct {
        const char *prompt; /* NULL: what the talk itself asks for; else these words, by that */
        wk_bytes_t words;
        bool came; /* something of it */
    } answer;      /* the one that the engine was asked for last */

    char next[40];     /* what the call goes on with; empty: undecided */
    wk_bytes_t detail; /* of it, JSON */
    struct {
        int64_t until_ms; /* that is written again, if it has to be */
        int64_t again_ms; /* then; 0: it is on its way */
    } leave;

    struct {
        int64_t epoch; /* of the takeover that is to be answered; 0: none */
        uint32_t run;  /* of the playout: its mark comes back when the carrier is silent */
        int64_t until_ms;
    } yield;
};

/* ---------------------------------------------------------------- session.c */

void wk_session_hold(wk_session_t *s);
void wk_session_release(wk_session_t *s);

/* next "": only the end of the stream. The stream ends when it is written. */
void wk_session_leave(wk_session_t *s, const char *next, va_str_t detail);

/* The call ends, and behind the end of the stream the carrier says why. */
void wk_session_hang_up(wk_session_t *s, const char *reason, va_str_t message);

/* wk_session_leave() as soon as what is being said has been heard. */
void wk_session_leave_politely(wk_session_t *s, const char *next, va_str_t detail);

/* The carrier plays nothing more of what it has; behind (may be NULL): a mark that comes back
 * when it has heeded that. */
void wk_session_clear_carrier(wk_session_t *s, const wk_twilio_mark_t *behind);

/* Sends the carrier what is due of the agent's sound. */
void wk_session_play(wk_session_t *s, int64_t now);

/* The stream ends, and whoever takes the call over is told how. */
void wk_session_yielded(wk_session_t *s, const char *how);

/* ---------------------------------------------------------------- session_limit.c */

void wk_session_limit_begin(wk_session_t *s); /* by the briefing */
void wk_session_limit_tick(wk_session_t *s, int64_t now);

/* ---------------------------------------------------------------- session_promise.c */

/* The agent has said that; and of it no more was heard than the second. */
void wk_session_claims(wk_session_t *s, va_str_t text);
void wk_session_unclaim(wk_session_t *s, va_str_t said, va_str_t heard);

/* Between two turns, and at the end of the stream whatever is left. */
void wk_session_judge_claims(wk_session_t *s, bool at_end);

/* ---------------------------------------------------------------- session_yield.c */

void wk_session_yield_mark(wk_session_t *s, wk_twilio_mark_t mark);
void wk_session_yield_tick(wk_session_t *s, int64_t now);

/* ---------------------------------------------------------------- session_last_words.c */

/* The stream ends. True: words of his are still to come, and until then the engine stays. */
bool wk_session_begin_last_words(wk_session_t *s);

void wk_session_last_words_tick(wk_session_t *s, int64_t now);

/* No more of them will come; or they are nobody's to hear. Nothing happens unless they are
 * waited for. */
void wk_session_end_last_words(wk_session_t *s);
void wk_session_forget_last_words(wk_session_t *s);

/* ---------------------------------------------------------------- session_question.c */

/* {"call": …, whose members the caller adds; in the scratch arena, which is begun anew. */
va_json_writer_t *wk_session_question(wk_session_t *s, va_buf_t *body);

/* Closes it. False: a text in it was none, which is logged; *question is set all the same. */
bool wk_session_question_end(wk_session_t *s, const char *type, va_json_writer_t *w,
                             const va_buf_t *body, wk_question_t *question);

/* Closes it and tells it: nobody waits for a reply. */
void wk_session_question_tell(wk_session_t *s, const char *type, va_json_writer_t *w,
                              const va_buf_t *body);

/* ---------------------------------------------------------------- session_engine.c */

/* What the worker said; false: it cannot be used. */
bool wk_session_brief(wk_session_t *s, const va_reply_t *reply);

/*
 * The caller's sound, Base64, and its timestamp in the stream (negative: it has none); what he
 * does without a sound.
 */
void wk_session_hear(wk_session_t *s, va_str_t base64, int64_t media_ms);
void wk_session_caller_acts(wk_session_t *s);

/*
 * The agent takes its turn with words of ours: as they are where the engine says what it is
 * told, else by a prompt that asks for them. Not one that leads the talk.
 */
void wk_session_say(wk_session_t *s, va_str_t words, const char *prompt);

/* There is an engine that hears and is heard. */
bool wk_session_is_talking(const wk_session_t *s);

/* What the engine has to know from now on; where there is none, the next one is told. */
void wk_session_tell(wk_session_t *s, va_str_t text);

/* The same by a prompt of the catalogue. */
void wk_session_tell_engine(wk_session_t *s, const char *prompt, va_str_t say);

/* The talk goes on in that one. */
void wk_session_set_language(wk_session_t *s, const wk_language_t *language);

/* The engine that was opened is ready; another one has taken the place of the one that was. */
void wk_session_begin_talk(wk_session_t *s);
void wk_session_go_on_talking(wk_session_t *s);

extern const wk_talk_ops_t wk_session_talk_ops;

/* What an engine tells of the talk; ctx: its wk_seat_t. */
extern const wk_media_engine_events_t wk_session_engine_events;

/* ---------------------------------------------------------------- session_seat.c */

/* The one of the briefing; where it cannot be had the next of the chain has the call. */
void wk_session_open_engine(wk_session_t *s);
void wk_session_close_engines(wk_session_t *s);

/* Often: one that does not get ready in time is lost. */
void wk_session_expect_engines(wk_session_t *s, int64_t now);

/* It is of no use any more. */
void wk_session_lose_engine(wk_seat_t *seat, const char *why);

/* A session of the engine grows too old. */
void wk_session_renew_engine(wk_session_t *s, int64_t now);

/* ---------------------------------------------------------------- session_jobs.c */

/* A tool runs as a job; with id absent nobody but us asks for it. */
void wk_session_run_tool(wk_session_t *s, va_str_t id, va_str_t name, va_str_t arguments);

/* Often: one that takes too long is told to be still under way. */
void wk_session_tools_tick(wk_session_t *s, int64_t now);

/* The agent has begun to say something then (wall clock). */
void wk_session_tools_spoken(wk_session_t *s, int64_t begun_ms);

/* An engine takes the place of one that is lost, and knows of tools what that one did. */
void wk_session_tools_inherit(wk_session_t *s, wk_bytes_t *known);

/*
 * Its answer is said. Something else was talked about meanwhile: it is told the engine, but
 * where something was done it is said all the same. An engine that is lost takes nothing of it
 * along: the next one says it.
 */
void wk_session_ask_receptionist(wk_session_t *s, va_str_t heard);

/* People are told once in a call; whole: of what is said no more will come. */
void wk_session_look_for_emergency(wk_session_t *s, va_str_t text, bool whole);

/* ---------------------------------------------------------------- session_due.c */

void wk_session_add_due(wk_session_t *s, va_str_t words, bool stays);

/* By the briefing: what the caller had to hear of who had the call before. */
void wk_session_inherit_due(wk_session_t *s);

/* Often: the call's state says what would be lost with this process. */
void wk_session_keep_due(wk_session_t *s);

/*
 * Only an engine that says our words: as soon as they can be heard, by it or by the next one.
 * True: it says them now.
 */
bool wk_session_say_due(wk_session_t *s);

/*
 * Of one that has to be asked: what the answer that it is asked for now is to say. Empty:
 * nothing.
 */
va_str_t wk_session_ask_due(wk_session_t *s);

/* What becomes of it: the answer can be heard; it has ended; the caller cut in. */
void wk_session_due_sounds(wk_session_t *s, va_str_t item);
void wk_session_due_said(wk_session_t *s, bool failed);
void wk_session_due_cut(wk_session_t *s, const wk_cut_t *cuts, size_t n);

/* No more of the answer will come: what was to be said is due again, unless it was made. */
void wk_session_due_broke_off(wk_session_t *s);

void wk_session_free_due(wk_session_t *s);

/* ---------------------------------------------------------------- session_early.c */

/* What the caller says while there is no engine to hear it. */
void wk_session_keep_early(wk_session_t *s, va_str_t base64);

/* The engine is there: it hears it, if the call was one before. */
void wk_session_hear_early(wk_session_t *s);

/* ---------------------------------------------------------------- session_keys.c */

/* A key of the caller's telephone. */
void wk_session_press(wk_session_t *s, char key);

/* As 0 does. */
void wk_session_call_a_person(wk_session_t *s);

/* Often: he has pressed the last one. */
void wk_session_keys_tick(wk_session_t *s, int64_t now);

/* ---------------------------------------------------------------- session_record.c */

/*
 * What the caller said without the numbers of his cards, also of one said in pieces: nothing
 * else is kept, told or given to a model. Valid until something is read.
 */
va_str_t wk_session_masked(wk_session_t *s, va_str_t heard);

/*
 * Somebody said something: kept, told to Redis, to the database and to who watches. behind: so
 * many utterances were begun since, at most WK_ENGINE_BEHIND.
 */
void wk_session_customer_said(wk_session_t *s, unsigned behind, va_str_t text);

/* So far; absent: it was told whole. */
void wk_session_customer_says(wk_session_t *s, va_str_t text);

/* In the middle of it: no more of it will come, nor of anything he said before. */
void wk_session_customer_broke_off(wk_session_t *s);

void wk_session_agent_says(wk_session_t *s, va_str_t item, va_str_t text, bool whole);

/* What was cut is told as it was heard. */
void wk_session_agent_was_cut(wk_session_t *s, const wk_cut_t *cut);

/* Of what the engine was saying no more will come, and that is still played. False: it was
 * saying nothing. */
bool wk_session_agent_broke_off(wk_session_t *s);

/* Nothing more is ever played: what the agent said is told as far as it was heard. */
void wk_session_drop_what_is_left(wk_session_t *s, int64_t now);

/* The engine says itself what was heard of an utterance. */
void wk_session_agent_was_corrected(wk_session_t *s, va_str_t said, va_str_t heard);

/* Where the time of the agent's turns went: those that are known by now, or all. */
void wk_session_tell_timings(wk_session_t *s, bool at_end);

/* The platform has a name for the talk, under which it will report. */
void wk_session_named(wk_session_t *s, va_str_t conversation);

/* A field of the call's state; where the call has another epoch by now, its stream ends. */
void wk_session_write_field(wk_session_t *s, va_str_t name, va_str_t value);

/* Fields of the call's state; fn is told the script's answer. */
void wk_session_write(wk_session_t *s, const va_str_t *fields, size_t n, wk_aredis_fn fn);

#endif
