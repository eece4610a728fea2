/*
 * The report of a finished conversation: ElevenLabs' own shape (the data of
 * post_call_transcription, and GET /v1/convai/conversations/{id}) or the flat one of the bike
 * store guide. Card numbers are masked in every text of it.
 */
#ifndef WK_AGENT_CALL_REPORT_H
#define WK_AGENT_CALL_REPORT_H

#include "core/json.h"
#include "worker/agent/redact.h"
#include "worker/error.h"

typedef struct {
    va_str_t speaker; /* "customer" or "agent" */
    va_str_t text;
    va_str_t tools; /* JSON list of the tools' names */
    unsigned done;  /* wk_done_t (promise.h), by those that succeeded */
    int64_t offset_ms;
    bool interrupted;
} wk_report_turn_t;

typedef struct {
    va_str_t name, value, value_type; /* string, integer, number, boolean */
} wk_report_datum_t;

typedef struct {
    va_str_t criterion, result, rationale;
} wk_report_evaluation_t;

typedef struct {
    va_str_t conversation, agent_id, call_sid;
    va_str_t shop_number, customer_number; /* as told, not yet normalized */
    bool outbound;
    va_str_t status; /* done, failed, processing, …; absent: done */
    va_str_t language, end_reason, summary;
    int64_t started_at; /* Unix time; 0: not told */
    int64_t seconds;    /* -1: not told */
    int64_t credits;    /* of the platform's plan; -1: not told */
    va_str_t cost_usd;  /* a number; absent: not told */
    bool has_audio;

    wk_report_turn_t *turns;
    size_t n_turns;
    wk_report_datum_t *data;
    size_t n_data;
    wk_report_evaluation_t *evaluations;
    size_t n_evaluations;
    va_str_t analysis;                        /* JSON object, as it came, masked */
    bool customer_spoke, booked, transferred; /* the last two by tools that succeeded */
    bool voicemail;                           /* a machine took the call, which the shop made */
    bool failed;                              /* the platform judges: not successful */
} wk_report_t;

/* WK_INVALID when it names no conversation. Texts live in a. */
bool wk_report_read(wk_arena_t *a, const wk_redactor_t *redactor, const va_json_t *data,
                    wk_report_t *report, wk_error_t *e);

/* The value collected under the first of the names (NULL at the end); absent: none was. */
va_str_t wk_report_datum(const wk_report_t *report, const char *const *names);

/* [{"speaker", "text", "offset_ms"}], for calls.transcript. */
va_str_t wk_report_transcript(wk_arena_t *a, const wk_report_t *report);

#endif
