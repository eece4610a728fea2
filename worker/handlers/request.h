/*
 * What a handler reads of the request behind its job. Whatever is wrong with it is
 * a refusal (reply.h) that names the place, so that wk_reply_error() can tell the
 * caller.
 */
#ifndef WK_HANDLERS_REQUEST_H
#define WK_HANDLERS_REQUEST_H

#include "core/form.h"
#include "core/multipart.h"
#include "worker/context.h"
#include "worker/moment.h"

/* True for a job that is dropped when nobody waits any more (WK_READ). */
bool wk_request_is_read(const wk_ctx_t *ctx);

/* The time limit of its transactions: a read's deadline; 0, the usual one, for an effect. */
int64_t wk_request_deadline_ms(const wk_ctx_t *ctx);

/* Refuses a path that is no text once it is decoded. */
bool wk_request_path(const va_job_t *job, wk_error_t *e);

/* Segment n of the decoded path, "/api/leads/7" having api, leads and 7; absent beyond. */
va_str_t wk_request_segment(const va_job_t *job, size_t n);

/* The same where an id stands: one of ours as the database spells it, in small letters. */
va_str_t wk_request_id(const wk_ctx_t *ctx, size_t n);

/* The header as nginx passed it on, the first of several; absent if none. */
va_str_t wk_request_header(const va_job_t *job, const char *lower_case_name);

/* A cookie the location lets through (voiceagent_pass_header cookie=name). */
va_str_t wk_request_cookie(const va_job_t *job, const char *lower_case_name);

/* The client's address; absent when it came through a socket of the host. */
va_str_t wk_request_peer(const va_job_t *job);

/* Whom it stands for when somebody is counted: of IPv6 the /64, which is one subscriber's. */
va_str_t wk_request_network(const wk_ctx_t *ctx);

/* The query's arguments, decoded; text that Postgres could not hold is refused. */
bool wk_request_args(wk_ctx_t *ctx, va_form_t *args, wk_error_t *e);

/* The body as a JSON object; refused unless its content type says that it is JSON. */
bool wk_request_json(wk_ctx_t *ctx, const va_json_t **object, wk_error_t *e);

/* The body as a form with files (multipart/form-data); refused unless it is one. */
bool wk_request_multipart(wk_ctx_t *ctx, va_multipart_t *form, wk_error_t *e);
bool wk_request_is_multipart(const wk_ctx_t *ctx);

/* A member that must be a string of 1 to max bytes. */
bool wk_request_text(const va_json_t *object, const char *name, size_t max, va_str_t *text,
                     wk_error_t *e);

/* The same where it may be missing, null or empty: absent then. */
bool wk_request_optional_text(const va_json_t *object, const char *name, size_t max,
                              va_str_t *text, wk_error_t *e);

bool wk_is_uuid(va_str_t s);

/* A UUID in small letters, so that it can be compared with what the database has; anything else
 * as it is. */
va_str_t wk_id_as_stored(wk_arena_t *a, va_str_t id);

/*
 * 404, and the same for an id that is none, of nobody, or of somebody else: no UUID, and no
 * row.
 */
bool wk_request_known_id(va_str_t id, wk_error_t *e);
bool wk_request_found(const wk_rows_t *rows, wk_error_t *e);

/*
 * The arguments from and to, which is behind the last moment: a day's is its end. Each is
 * absent when it is not there or empty. Refused where there is nothing between them.
 */
bool wk_request_period(wk_ctx_t *ctx, const va_form_t *args, wk_moment_t *from, wk_moment_t *to,
                       wk_error_t *e);

#endif
