/*
 * Twilio's REST API, 2010-04-01: sending a text, asking what became of one, placing and
 * redirecting a call, buying a number. Credentials and base address come from the
 * configuration.
 */
#ifndef WK_PROVIDERS_TWILIO_H
#define WK_PROVIDERS_TWILIO_H

#include "worker/context.h"

typedef struct {
    va_str_t from, to; /* E.164 */
    va_str_t body;     /* 1 to 1600 characters */
    va_str_t effect;   /* rides in the status callback, whose arrival proves the sending */
} wk_sms_t;

/*
 * Behind the address of a status callback, and of a number's texts: it is asked again, five
 * times at most, where it answers 5xx, as it does while Redis is away, or not in time. Without
 * it what it was told is lost. The fragment is neither sent nor signed ("Webhooks (HTTP
 * callbacks): Connection Overrides").
 */
#define WK_TWILIO_AGAIN "#rc=5&rp=5xx,ct,rt"

/*
 * Never sent twice by itself: Twilio knows no idempotency. *sid is the message's. On failure
 * e->detail is Twilio's code, when it gave one, and e->code says what is certain:
 *
 *   WK_UNAVAILABLE  not sent, and may be tried again (not reached; 429, which Twilio says is
 *                   never processed), not before e->retry_after_ms
 *   WK_UNKNOWN      it may have been sent: ask before trying again
 *   WK_REFUSED      refused for good
 *   WK_FORBIDDEN    our login is refused (401)
 *   WK_INTERNAL     our settings are incomplete
 */
bool wk_twilio_send(wk_ctx_t *ctx, const wk_sms_t *sms, va_str_t *sid, wk_error_t *e);

/* 21610: the recipient does not want texts. */
bool wk_twilio_opted_out(const wk_error_t *e);

/* 21212, 21606: the number we send from is not one of ours, or cannot send. */
bool wk_twilio_bad_sender(const wk_error_t *e);

#define WK_TWILIO_FOUND 20

/*
 * The latest messages from and to those numbers with that body, created at or after since
 * (Unix time): their sids, at most WK_TWILIO_FOUND. False: it could not be asked.
 */
bool wk_twilio_find(wk_ctx_t *ctx, const wk_sms_t *sms, int64_t since, va_str_t *sids,
                    size_t *n, wk_error_t *e);

/* A call of ours. */
typedef struct {
    va_str_t from, to;   /* E.164 */
    va_str_t url;        /* of what is heard when somebody answers */
    va_str_t status_url; /* told how it fares */
    va_str_t detect_url; /* told who answers, while the call goes on; absent: nobody looks */
    bool greeting_ends;  /* of a machine only when its greeting is over, with the beep */
} wk_twilio_dial_t;

/* Never placed twice by itself. *sid is the call's. Failures: as wk_twilio_send(). */
bool wk_twilio_dial(wk_ctx_t *ctx, const wk_twilio_dial_t *dial, va_str_t *sid, wk_error_t *e);

/* The latest calls from and to those numbers created at or after since, as wk_twilio_find(). */
bool wk_twilio_find_calls(wk_ctx_t *ctx, va_str_t from, va_str_t to, int64_t since,
                          va_str_t *sids, size_t *n, wk_error_t *e);

/*
 * Takes a live call to another document, at url, from whatever it hears or does; media streams
 * of it are closed. Safe to repeat. wk_twilio_not_live(): the call has ended, or is not
 * answered yet; otherwise as wk_twilio_send().
 */
bool wk_twilio_redirect(wk_ctx_t *ctx, va_str_t call_sid, va_str_t url, wk_error_t *e);
bool wk_twilio_not_live(const wk_error_t *e);

typedef struct {
    va_str_t status;  /* a word of CallStatus */
    va_str_t seconds; /* digits; absent: it goes on */
    int64_t ended;    /* Unix time; 0: it goes on */
} wk_twilio_call_t;

/*
 * How a call fares. *known false: it has no such call, which is none of this account, or so new
 * that its answers do not know it yet; nothing follows for whether it has ended.
 */
bool wk_twilio_call(wk_ctx_t *ctx, va_str_t call_sid, bool *known, wk_twilio_call_t *call,
                    wk_error_t *e);

/* Hangs up. Safe to repeat; wk_twilio_not_live(): it has ended by itself. */
bool wk_twilio_end(wk_ctx_t *ctx, va_str_t call_sid, wk_error_t *e);

/* A recording of a call. */
typedef struct {
    va_str_t sid;
    bool ready;    /* its sound can be had */
    bool absent;   /* there is none, and there will be none */
    int64_t began; /* Unix time; 0: not told */
    int64_t seconds;
} wk_twilio_recording_t;

#define WK_TWILIO_RECORDINGS 50

/* Those of a call that are there, at most WK_TWILIO_RECORDINGS. WK_NOT_FOUND: there is no such
 * call. */
bool wk_twilio_recordings(wk_ctx_t *ctx, va_str_t call_sid, wk_twilio_recording_t *recordings,
                          size_t *n, wk_error_t *e);

/* The sound of one, as WK_TWILIO_SOUND, in pieces as they come. */
#define WK_TWILIO_SOUND "audio/mpeg"
bool wk_twilio_sound(wk_ctx_t *ctx, va_str_t sid, size_t max_bytes, wk_http_piece_fn on_piece,
                     void *arg, wk_error_t *e);

/* Ends the recording that a call is under; WK_NOT_FOUND: it is under none. */
bool wk_twilio_stop_recording(wk_ctx_t *ctx, va_str_t call_sid, wk_error_t *e);

/* Deletes one of "Calls", "Messages" or "Recordings" there; WK_NOT_FOUND: there is none any
 * more; WK_CONFLICT: not before it is over, or delivered. */
bool wk_twilio_delete(wk_ctx_t *ctx, const char *resource, va_str_t sid, wk_error_t *e);

/*
 * Numbers. Of each request: timeout_ms is all it may take.
 *
 * Local numbers for sale that can talk and text, sold to anybody; none for a country or an area
 * code (may be absent) that has none. Nobody keeps them for us. At most WK_TWILIO_FOUND.
 */
bool wk_twilio_numbers_for_sale(wk_ctx_t *ctx, int timeout_ms, va_str_t country, va_str_t area,
                                va_str_t *numbers, size_t *n, wk_error_t *e);

/*
 * Buys it under that name (64 characters at most), by which it is found again; its calls and
 * texts come to us. Never twice by itself; failures as wk_twilio_send().
 * wk_twilio_number_gone(): somebody else has it.
 */
bool wk_twilio_number_buy(wk_ctx_t *ctx, int timeout_ms, va_str_t number, va_str_t name,
                          va_str_t *sid, wk_error_t *e);
bool wk_twilio_number_gone(const wk_error_t *e);

typedef struct {
    va_str_t number, sid;
} wk_twilio_number_t;

/* Those of ours that have exactly that name, at most WK_TWILIO_FOUND. */
bool wk_twilio_numbers_named(wk_ctx_t *ctx, int timeout_ms, va_str_t name,
                             wk_twilio_number_t *numbers, size_t *n, wk_error_t *e);

/* Gives it back; true also when it is not ours any more. Safe to repeat. */
bool wk_twilio_number_release(wk_ctx_t *ctx, int timeout_ms, va_str_t sid, wk_error_t *e);

/* Its calls and texts come to us again, whoever has changed that. Safe to repeat. */
bool wk_twilio_number_reclaim(wk_ctx_t *ctx, int timeout_ms, va_str_t sid, wk_error_t *e);

/* A date as Twilio writes it, "Mon, 16 Aug 2010 03:45:01 +0000", as Unix time; 0: it is none.
 */
int64_t wk_twilio_time(va_str_t date);

#endif
