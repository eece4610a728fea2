/*
 * What handlers answer: JSON with "success", and errors by one table of words.
 */
#ifndef WK_HANDLERS_REPLY_H
#define WK_HANDLERS_REPLY_H

#include "worker/context.h"
#include "worker/handler.h"

/*
 * The words of error.code, each with its HTTP status (reply.c). Clients tell errors
 * apart by them, so none is ever renamed; nginx uses the same for what it refuses.
 */
typedef enum {
    WK_R_BAD_REQUEST,
    WK_R_INVALID_CURSOR,
    WK_R_UNAUTHORIZED,
    WK_R_INVALID_CREDENTIALS,
    WK_R_INVALID_REFRESH_TOKEN,
    WK_R_FORBIDDEN,
    WK_R_ORGANIZATION,
    WK_R_ROLE,
    WK_R_PLAN,
    WK_R_NOT_FOUND,
    WK_R_CONFLICT,
    WK_R_TOO_LARGE,
    WK_R_UNSUPPORTED_MEDIA_TYPE,
    WK_R_UNPROCESSABLE,
    WK_R_TOO_MANY_REQUESTS,
    WK_R_UNAVAILABLE,
    WK_R_INTERNAL,
    WK_REFUSALS,
} wk_refusal_t;

/*
 * Sets *e and returns false. The text is told to the caller: a sentence for people, never a
 * secret nor another tenant's data.
 */
bool wk_refuse(wk_error_t *e, wk_refusal_t why, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A JSON object on its way to be a reply. */
typedef struct {
    va_buf_t text;
    va_json_writer_t *json;
} wk_document_t;

/* Begins {"success":true; the members follow through the writer, which is returned. */
va_json_writer_t *wk_reply_begin(wk_ctx_t *ctx, wk_document_t *doc);

/* Ends it and makes it the reply. Must be called once after wk_reply_begin(). */
wk_outcome_t wk_reply_end(wk_ctx_t *ctx, wk_document_t *doc, int status, va_reply_t *reply,
                          wk_error_t *e);

/*
 * Makes {"success":false,"error":{code,message}} of *e: a refusal as it says, any other
 * error by its class alone. WK_DONE for what the caller did wrong, WK_AGAIN for what may
 * pass, WK_GIVE_UP for what is wrong with us.
 */
wk_outcome_t wk_reply_error(wk_ctx_t *ctx, va_reply_t *reply, const wk_error_t *e);

typedef struct {
    const char *name; /* NULL: the end of a list */
    va_str_t value;
} wk_member_t;

/* As wk_reply_error(), with further members beside "error". */
wk_outcome_t wk_reply_error_with(wk_ctx_t *ctx, va_reply_t *reply, const wk_error_t *e,
                                 const wk_member_t *more);

/* One of the headers a reply may carry (core/job.h); value must live as long as the job. */
void wk_reply_header(wk_ctx_t *ctx, va_reply_t *reply, const char *lower_case_name,
                     va_str_t value);

#endif
