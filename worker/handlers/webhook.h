/*
 * What the handlers behind webhooks share. They were acknowledged long ago: nobody waits, what
 * is wrong with one is said by giving its job up, and one that is nobody's is noted.
 */
#ifndef WK_HANDLERS_WEBHOOK_H
#define WK_HANDLERS_WEBHOOK_H

#include "core/form.h"
#include "worker/agent/call.h"
#include "worker/context.h"
#include "worker/handler.h"

/* The body as a JSON object, whatever its content type says. */
bool wk_webhook_json(wk_ctx_t *ctx, const va_json_t **object, wk_error_t *e);

/* What a job of ours names by that member of its body: an id, as `is_id` has it. */
bool wk_webhook_names(wk_ctx_t *ctx, const char *member, bool (*is_id)(va_str_t), va_str_t *id,
                      wk_error_t *e);

/*
 * The body as a form; its texts can be stored. Some are strangers' bytes, as a caller's name or
 * a header of SIP: what is no text in them is replaced, and the call is taken all the same.
 */
bool wk_webhook_form(wk_ctx_t *ctx, va_form_t *form, wk_error_t *e);

/* A value nginx took out of the body (voiceagent_json); absent: it was not there. */
va_str_t wk_webhook_member(const va_job_t *job, const char *name);

/* The number in E.164; absent for a withheld one, and for what is none. */
va_str_t wk_webhook_number(wk_arena_t *a, va_str_t text);

/*
 * What the carrier tells of who calls. A call that was forwarded says nothing of who is on the
 * line, also when the number it was forwarded from cannot be read: nobody vouches for it then.
 */
void wk_webhook_caller(wk_arena_t *a, const va_form_t *form, wk_call_told_t *told);

/* A whole number from 0 to max, as it was told; absent for anything else. */
va_str_t wk_webhook_count(wk_arena_t *a, va_str_t text, long max);

/* An id of a provider: letters and digits, beside them '_', '-', ':' and '.', at most 128. */
bool wk_webhook_is_id(va_str_t s);

/* SHA-256 of the body, hexadecimal, also of one that nginx left out. */
va_str_t wk_webhook_body_hash(wk_ctx_t *ctx);

/* Notes that the job at hand belongs to no organization; kind and key say by what it was
 * sought. */
wk_outcome_t wk_webhook_unrouted(wk_ctx_t *ctx, const char *kind, va_str_t key, wk_error_t *e);

/*
 * The organization of a number or of an agent, by the directory; absent: nobody's. A key
 * that is absent is nobody's.
 */
bool wk_webhook_organization(wk_ctx_t *ctx, const char *kind, va_str_t key,
                             va_str_t *organization, wk_error_t *e);

/* The keys of the directory for both, absent where there is no name or no such secret. */
wk_key_t wk_webhook_key_named(va_str_t name);
wk_key_t wk_webhook_key_of_secret(const va_job_t *job);

/*
 * Refuses what was let in by another organization's secret (a line "slug secret" of nginx'
 * key), or by one of an organization that there is not. A secret that is not one shop's may
 * speak for any.
 */
bool wk_webhook_speaks_for(wk_ctx_t *ctx, va_str_t organization, wk_error_t *e);

/* Again for what may pass, given up for what will not. */
wk_outcome_t wk_webhook_failed(const wk_error_t *e);

#endif
