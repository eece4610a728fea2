/*
 * Job v1 and Reply v1: the JSON that travels between nginx and the workers
 * (docs/protocol.md, schemas in docs/protocol/). One codec for both halves.
 */
#ifndef VA_JOB_H
#define VA_JOB_H

#include "base.h"
#include "buf.h"
#include "json.h"

#define VA_JOB_VERSION     1
#define VA_JOB_MAX_HEADERS 64
#define VA_JOB_MAX_BYTES   (8 << 20) /* of a document, job or reply */
#define VA_REPLY_MAX_BYTES (1 << 20) /* of a reply's body */

typedef struct {
    va_str_t name; /* lower case */
    va_str_t value;
} va_header_t;

typedef struct {
    va_str_t id;
    va_str_t type;
    va_str_t org; /* when a verified claim names it */
    va_str_t lane;
    va_str_t serial;
    va_str_t dedup; /* the full deduplication key */
    int64_t attempt;
    int64_t enqueued_ms;
    int64_t deadline_ms; /* 0: none */
    va_str_t reply;      /* the channel somebody waits on */
    va_str_t trace;
    va_str_t auth_scheme;  /* "twilio", "jwt", "bearer", …; "public" when the place is */
    va_str_t auth_account; /* id of the secret that verified */
    va_str_t auth_claims;  /* JSON text of the verified claims, absent without a token */
    va_str_t http_method;
    va_str_t http_uri;        /* decoded path */
    va_str_t http_args;       /* raw query */
    va_str_t http_peer;       /* address of the client */
    va_str_t http_connection; /* the WebSocket it came over: va:ws:<connection> */
    va_header_t *headers;
    size_t n_headers;
    va_str_t body;     /* raw bytes */
    bool body_omitted; /* larger than voiceagent_job_body: only what follows is here */
    size_t body_length;
    va_str_t body_sha256; /* hex, when omitted */
    va_header_t *members; /* voiceagent_json values, by name */
    size_t n_members;
    const va_json_t *claims; /* auth_claims parsed; set by va_job_parse() */
} va_job_t;

/*
 * Appends the JSON of the job; a body that is not UTF-8 travels as body_b64.
 * Absent texts and values, and deadline_ms 0, are left out; in other texts bytes
 * that are not UTF-8 become U+FFFD. VA_ESYNTAX: id or type is missing, or claims
 * have no scheme; VA_ELIMIT: too many headers, or a document no reader takes. On
 * failure out is not to be used.
 */
va_status_t va_job_write(va_buf_t *out, const va_job_t *job);

/*
 * Texts live in mem. VA_ESYNTAX: not a job; VA_ELIMIT: a version newer than ours,
 * or too large. Members that v1 does not know are passed over.
 */
va_status_t va_job_parse(const va_alloc_t *mem, va_str_t text, va_job_t *job);

typedef struct {
    va_str_t id;
    bool stored;   /* nothing but the id is here: the reply is at res:<id> */
    int status;    /* HTTP, 200 to 599 */
    va_str_t type; /* content type */
    /* set-cookie location retry-after content-disposition cache-control
     * access-control-allow-origin accept-ranges content-range */
    va_header_t *headers;
    size_t n_headers;
    va_str_t body;
} va_reply_t;

/*
 * As for jobs. VA_ESYNTAX: no id, no such status, or a control character in a
 * header's value; VA_ELIMIT: the body is larger than VA_REPLY_MAX_BYTES.
 */
va_status_t va_reply_write(va_buf_t *out, const va_reply_t *reply);
va_status_t va_reply_parse(const va_alloc_t *mem, va_str_t text, va_reply_t *reply);

/* True for the headers a reply may carry; everything else is dropped on both sides. */
bool va_reply_header_allowed(va_str_t lower_case_name);

#endif
