
/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_MODULE_H_INCLUDED_
#define _NGX_VOICEAGENT_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "core/base.h"
#include "core/buf.h"
#include "core/form.h"
#include "core/json.h"
#include "core/jwt.h"
#include "core/signature.h"
#include "core/stream_token.h"


/* what a claim is taken for: voiceagent_claim org|user|role */

#define NGX_VOICEAGENT_CLAIM_ORG      0
#define NGX_VOICEAGENT_CLAIM_USER     1
#define NGX_VOICEAGENT_CLAIM_ROLE     2
#define NGX_VOICEAGENT_CLAIMS         3


typedef struct ngx_voiceagent_key_s  ngx_voiceagent_key_t;
typedef struct ngx_voiceagent_secrets_s  ngx_voiceagent_secrets_t;
typedef struct ngx_voiceagent_jwks_file_s  ngx_voiceagent_jwks_file_t;
typedef struct ngx_voiceagent_redis_conf_s  ngx_voiceagent_redis_conf_t;
typedef struct ngx_voiceagent_proofs_s  ngx_voiceagent_proofs_t;
typedef struct ngx_voiceagent_counters_s  ngx_voiceagent_counters_t;


typedef struct {
    ngx_array_t                    keys;       /* ngx_voiceagent_key_t * */
    ngx_array_t                    jwks;       /* ..._jwks_file_t * */
    ngx_voiceagent_redis_conf_t   *redis;
    ngx_shm_zone_t                *zone;
    ngx_msec_t                     longest;    /* stream a reload may cut */
    ngx_uint_t                     guards;     /* some place has one of ours */
    ngx_uint_t                     needs_redis;
} ngx_voiceagent_main_conf_t;


typedef struct {
    const va_signature_scheme_t   *scheme;
    ngx_voiceagent_key_t          *key;
    va_signature_options_t         options;
} ngx_voiceagent_verify_t;


typedef struct {
    ngx_voiceagent_key_t          *key;
    ngx_voiceagent_jwks_file_t    *jwks;
    va_jwt_policy_t                policy;
    ngx_http_complex_value_t      *token;      /* beside header and cookie */
    unsigned                       token_is_cookie:1;
    ngx_http_complex_value_t      *ticket;
} ngx_voiceagent_jwt_t;


typedef struct {
    ngx_str_t                      name;
    ngx_str_t                      pointer;
} ngx_voiceagent_json_t;


/* voiceagent_enqueue, voiceagent_call, voiceagent_authorize, snapshot= */

typedef struct {
    ngx_str_t                      type;
    ngx_str_t                      queue;
    ngx_http_complex_value_t      *lane;
    ngx_http_complex_value_t      *serial;
    ngx_http_complex_value_t      *dedup;
    time_t                         dedup_ttl;
    ngx_msec_t                     timeout;      /* 0: nobody waits */
    ngx_http_complex_value_t      *subject;      /* of voiceagent_authorize */
    unsigned                       may_be_late:1;
    unsigned                       late_pending:1;
} ngx_voiceagent_job_conf_t;


/* a prepared answer: voiceagent_ack, voiceagent_fallback */

typedef struct {
    ngx_uint_t                     status;
    ngx_str_t                      type;
    ngx_http_complex_value_t       body;
} ngx_voiceagent_answer_t;


typedef struct {
    ngx_http_complex_value_t      *org;
    ngx_http_complex_value_t      *customer;
    ngx_http_complex_value_t      *call;
    ngx_msec_t                     ping;
    ngx_msec_t                     life;         /* 0: as long as both want */
    ngx_msec_t                     drain;
    ngx_voiceagent_job_conf_t     *snapshot;
} ngx_voiceagent_events_conf_t;


typedef struct {
    ngx_voiceagent_job_conf_t     *job;          /* of each message */
    size_t                         max_message;
    ngx_msec_t                     idle;
    ngx_msec_t                     drain;
    ngx_msec_t                     life;         /* 0: as long as both want */
    ngx_str_t                      protocol;     /* empty: none */
} ngx_voiceagent_websocket_conf_t;


/* voiceagent_route */

typedef struct {
    ngx_voiceagent_key_t          *key;
    ngx_http_complex_value_t      *token;
} ngx_voiceagent_route_conf_t;


typedef struct {
    ngx_array_t                   *origins;    /* va_str_t */
    ngx_flag_t                     public;
    ngx_array_t                   *verify;     /* ngx_voiceagent_verify_t */
    ngx_array_t                   *jwt;        /* ngx_voiceagent_jwt_t */
    ngx_array_t                   *claims[NGX_VOICEAGENT_CLAIMS];
    ngx_flag_t                     require_org;
    ngx_array_t                   *roles;      /* ngx_str_t */
    ngx_array_t                   *json;       /* ngx_voiceagent_json_t */
    ngx_array_t                   *pass_headers;
    size_t                         job_body;
    ngx_uint_t                     job_body_omit;
    ngx_voiceagent_answer_t       *ack;
    ngx_voiceagent_answer_t       *fallback;
    ngx_voiceagent_job_conf_t     *authorize;
    ngx_voiceagent_route_conf_t   *route;

    /* what the location does; only an "if" within it inherits this */
    ngx_http_handler_pt            handler;
    ngx_voiceagent_job_conf_t     *enqueue;
    ngx_voiceagent_job_conf_t     *call;
    ngx_voiceagent_events_conf_t  *events;
    ngx_voiceagent_websocket_conf_t  *websocket;
    ngx_uint_t                     status;
    ngx_http_complex_value_t      *status_detail;
} ngx_voiceagent_loc_conf_t;


typedef enum {
    NGX_VOICEAGENT_START = 0,
    NGX_VOICEAGENT_BODY_READ,
    NGX_VOICEAGENT_WAITING,           /* for a ticket, an authorization */
    NGX_VOICEAGENT_TICKET_KNOWN,
    NGX_VOICEAGENT_VERIFIED,
    NGX_VOICEAGENT_PASSED
} ngx_voiceagent_step_e;


typedef struct {
    ngx_voiceagent_step_e          step;
    ngx_int_t                      wait_status;  /* of what was waited for */
    ngx_uint_t                     jwts_tried;

    va_alloc_t                     mem;          /* r->pool for core/ */

    ngx_voiceagent_proofs_t       *proofs;       /* of the signatures */

    ngx_str_t                      scheme;       /* that let the request in */
    ngx_str_t                      account;
    ngx_str_t                      signed_id;
    ngx_str_t                      reason;       /* why it was refused */
    const char                    *refused_scheme;

    va_str_t                       claims_text;  /* empty: let in without */
    ngx_str_t                      claim[NGX_VOICEAGENT_CLAIMS];

    ngx_str_t                      body;         /* collected, see body_ready */
    va_form_t                      form;
    va_str_t                      *json;         /* values of lcf->json */
    ngx_str_t                      sha256;

    ngx_str_t                      authorized;   /* a worker's name for it */
    ngx_str_t                      job_id;
    ngx_msec_t                     redis_time;
    void                          *client;       /* stream's or socket's */
    ngx_str_t                      connection;   /* the WebSocket's name */
    va_stream_token_t             *stream;       /* the media stream's */
    ngx_str_t                      bridge;       /* where it goes */
    ngx_str_t                      admission;    /* what lets it in there */

    unsigned                       passed:1;     /* the verdict */
    unsigned                       authorizing:1;
    unsigned                       routing:1;
    unsigned                       body_ready:1;
    unsigned                       form_ready:1;
    unsigned                       json_ready:1;
} ngx_voiceagent_ctx_t;


extern ngx_module_t  ngx_voiceagent_module;


/* ngx_voiceagent_context.c */

/* made when first asked for; NULL: no memory */

ngx_voiceagent_ctx_t *ngx_voiceagent_get_ctx(ngx_http_request_t *r);

/* the verdict must be of this very request, whatever else let it through */

ngx_uint_t ngx_voiceagent_passed(ngx_http_request_t *r);

/* a pool for core/; one made for the moment keeps r->pool small */

void ngx_voiceagent_mem(va_alloc_t *mem, ngx_pool_t *pool);

static ngx_inline va_str_t
ngx_voiceagent_va(ngx_str_t *s)
{
    return va_str((char *) s->data, s->len);
}

static ngx_inline void
ngx_voiceagent_ngx(ngx_str_t *to, va_str_t from)
{
    to->data = (u_char *) from.data;
    to->len = from.len;
}

/* an absent text is no text: memcpy() must not see its NULL */

static ngx_inline u_char *
ngx_voiceagent_copy(u_char *to, va_str_t from)
{
    return from.len ? ngx_cpymem(to, from.data, from.len) : to;
}


/* ngx_voiceagent_directive.c: arguments of directives */

/* whether a parameter has this name, which is then taken off */

ngx_uint_t ngx_voiceagent_named(ngx_str_t *parameter, const char *name);

/* refuses a parameter that is given twice: one of both would count unseen */

char *ngx_voiceagent_once(ngx_conf_t *cf, ngx_uint_t first);

/* a time of 100ms at least */

ngx_int_t ngx_voiceagent_time(ngx_str_t *s, ngx_msec_t *time);

/* text must live as long as the configuration */

char *ngx_voiceagent_complex_value(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t **slot);


/* ngx_voiceagent_location.c */

void *ngx_voiceagent_create_loc_conf(ngx_conf_t *cf);
char *ngx_voiceagent_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);

/* what a location does, which is one thing */

char *ngx_voiceagent_location(ngx_conf_t *cf, ngx_voiceagent_loc_conf_t *vlcf,
    ngx_http_handler_pt handler);


/* ngx_voiceagent_key.c: shared secrets, read again when their files change */

char *ngx_voiceagent_key_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* NULL: there is none of that name yet, which has been logged */

ngx_voiceagent_key_t *ngx_voiceagent_key_get(ngx_conf_t *cf, ngx_str_t *name);
void ngx_voiceagent_key_for_tokens(ngx_voiceagent_key_t *key);

/* at the end of the configuration, when it is known what each key is for */

ngx_int_t ngx_voiceagent_keys_load(ngx_conf_t *cf);
void ngx_voiceagent_keys_refresh(ngx_voiceagent_main_conf_t *vmcf,
    ngx_log_t *log);

/* both only within this turn of the event loop: then the key may be another */

const va_secret_t *ngx_voiceagent_key_secrets(ngx_voiceagent_key_t *key,
    size_t *n);
const va_jwks_t *ngx_voiceagent_key_set(ngx_voiceagent_key_t *key);

/* those of the moment, which stay while they are held */

ngx_voiceagent_secrets_t *ngx_voiceagent_secrets_hold(
    ngx_voiceagent_key_t *key);
void ngx_voiceagent_secrets_release(ngx_voiceagent_secrets_t *secrets);
const va_secret_t *ngx_voiceagent_secrets(ngx_voiceagent_secrets_t *secrets,
    size_t *n);


/* ngx_voiceagent_jwks.c: sets of public keys, read again likewise */

/* NULL: no memory; a file that several places name is one */

ngx_voiceagent_jwks_file_t *ngx_voiceagent_jwks_get(ngx_conf_t *cf,
    ngx_str_t *path);
void ngx_voiceagent_jwks_load(ngx_conf_t *cf);
void ngx_voiceagent_jwks_refresh(ngx_voiceagent_main_conf_t *vmcf,
    ngx_log_t *log);

/* NULL: none yet; only within this turn of the event loop */

const va_jwks_t *ngx_voiceagent_jwks_set(ngx_voiceagent_jwks_file_t *file);


/* ngx_voiceagent_body.c: the request body as one string or as pieces */

typedef struct {
    ngx_http_request_t            *request;
    ngx_chain_t                   *next;
    off_t                          offset;       /* within a file buffer */
    u_char                        *window;
    va_body_t                      body;
} ngx_voiceagent_body_t;

void ngx_voiceagent_body_init(ngx_voiceagent_body_t *b, ngx_http_request_t *r);
off_t ngx_voiceagent_body_length(ngx_http_request_t *r);
ngx_int_t ngx_voiceagent_body_collect(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);
ngx_int_t ngx_voiceagent_body_sha256(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);

/* what the above finds, known from elsewhere */

ngx_int_t ngx_voiceagent_body_hashed(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, const u_char digest[32]);

ngx_int_t ngx_voiceagent_body_form(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);

/* its first bytes, limit at most; in r->pool where they are no one piece */

ngx_int_t ngx_voiceagent_body_head(ngx_http_request_t *r, size_t limit,
    va_str_t *head);


/* ngx_voiceagent_json.c */

char *ngx_voiceagent_json_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* ctx->json gets the values of the location's voiceagent_json */

ngx_int_t ngx_voiceagent_json(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);

/* the scalar of the body that the pointer names, as JSON; else null */

ngx_int_t ngx_voiceagent_json_quoted(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_str_t *pointer, va_str_t *text);


/* ngx_voiceagent_origin.c */

char *ngx_voiceagent_origin_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* whether the Origin header names one of voiceagent_public_origin */

ngx_uint_t ngx_voiceagent_origin_known(ngx_http_request_t *r);


/* ngx_voiceagent_access.c */

ngx_int_t ngx_voiceagent_access_handler(ngx_http_request_t *r);
void ngx_voiceagent_access_body(ngx_http_request_t *r);
void ngx_voiceagent_access_resume(ngx_http_request_t *r, ngx_int_t status);


/* ngx_voiceagent_verify.c, _jwt.c, _ticket.c: one way in each */

char *ngx_voiceagent_verify_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* by the headers alone; NGX_AGAIN: the body has to be read and hashed */

ngx_int_t ngx_voiceagent_verify_headers(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);

/* NGX_AGAIN: more of it in a later turn, by ngx_voiceagent_access_body() */

ngx_int_t ngx_voiceagent_verify_body(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);

/* of that index in the location's; whether the request carries such a one */

ngx_uint_t ngx_voiceagent_verify_applies(ngx_voiceagent_ctx_t *ctx,
    ngx_uint_t i);
va_verdict_t ngx_voiceagent_verify(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, ngx_uint_t i);

char *ngx_voiceagent_jwt_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* NGX_DECLINED: the request carries none */

ngx_int_t ngx_voiceagent_jwt_token(ngx_http_request_t *r,
    ngx_voiceagent_jwt_t *jwt, ngx_str_t *token);
va_jwt_verdict_t ngx_voiceagent_jwt(ngx_http_request_t *r,
    ngx_voiceagent_jwt_t *jwt, ngx_str_t *token, ngx_voiceagent_ctx_t *ctx);

ngx_int_t ngx_voiceagent_ticket_text(ngx_http_request_t *r,
    ngx_voiceagent_jwt_t *jwt, ngx_str_t *ticket);

/*
 * NGX_AGAIN: ngx_voiceagent_access_resume() follows; NGX_DECLINED: it is none;
 * or the status to refuse with.
 */

ngx_int_t ngx_voiceagent_ticket_redeem(ngx_http_request_t *r,
    ngx_str_t *ticket);


/* ngx_voiceagent_claims.c */

char *ngx_voiceagent_claim_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_voiceagent_require_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
va_status_t ngx_voiceagent_claims_parse(va_alloc_t *mem, va_str_t text,
    const va_json_t **claims);

/* NGX_DECLINED: they cannot be read, or contradict themselves */

ngx_int_t ngx_voiceagent_claims_apply(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);

/* NGX_OK, or the status to refuse with, and why in code */

ngx_int_t ngx_voiceagent_require(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, const char **code);


/* ngx_voiceagent_authorize.c */

char *ngx_voiceagent_authorize_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_voiceagent_authorize(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);


/* ngx_voiceagent_route.c */

char *ngx_voiceagent_route_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_voiceagent_route_enter(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, const char **reason);
ngx_int_t ngx_voiceagent_route(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx);


/* ngx_voiceagent_variable.c */

ngx_int_t ngx_voiceagent_add_variables(ngx_conf_t *cf);


/* ngx_voiceagent_header.c: names in lower case */

/* the first of that name */

ngx_table_elt_t *ngx_voiceagent_header(ngx_http_request_t *r,
    const char *name);

/*
 * Whether the header, a list that may be spread over several lines (RFC 9110,
 * 5.3), has that token in any case.
 */

ngx_uint_t ngx_voiceagent_header_lists(ngx_http_request_t *r,
    const char *name, ngx_str_t *token);

/* NGX_DECLINED: there is none, or it is empty */

ngx_int_t ngx_voiceagent_cookie(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value);


/* ngx_voiceagent_enqueue.c, ngx_voiceagent_call.c, ngx_voiceagent_events.c,
   ngx_voiceagent_websocket.c, ngx_voiceagent_status.c: what a location does */

char *ngx_voiceagent_enqueue_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_voiceagent_call_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_voiceagent_events_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_voiceagent_websocket_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_voiceagent_status_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_voiceagent_metrics_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


/* ngx_voiceagent_websocket.c: the process begins; a second has passed */

void ngx_voiceagent_websockets_init_process(void);
void ngx_voiceagent_websockets_tick(void);


/* ngx_voiceagent_respond.c: answers of ours */

char *ngx_voiceagent_answer_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_voiceagent_send(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type, ngx_str_t *body);
ngx_int_t ngx_voiceagent_send_answer(ngx_http_request_t *r,
    ngx_voiceagent_answer_t *answer);
ngx_int_t ngx_voiceagent_send_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *code, const char *message);
ngx_int_t ngx_voiceagent_error_text(ngx_http_request_t *r, const char *code,
    const char *message, ngx_str_t *text);
ngx_int_t ngx_voiceagent_add_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value);


/* ngx_voiceagent_zone.c: counters shared by the nginx workers */

typedef enum {
    NGX_VOICEAGENT_ACCEPTED = 0,
    NGX_VOICEAGENT_DUPLICATE,
    NGX_VOICEAGENT_REPLIED,
    NGX_VOICEAGENT_FALLBACK,
    NGX_VOICEAGENT_PENDING,
    NGX_VOICEAGENT_TIMEOUT,
    NGX_VOICEAGENT_ENDED,
    NGX_VOICEAGENT_REFUSED,
    NGX_VOICEAGENT_UNAVAILABLE,
    NGX_VOICEAGENT_OVERLOADED,
    NGX_VOICEAGENT_BAD_REQUEST,
    NGX_VOICEAGENT_OUTCOMES
} ngx_voiceagent_outcome_e;

typedef enum {
    NGX_VOICEAGENT_REPLIES_LATE = 0,
    NGX_VOICEAGENT_REPLIES_STORED,
    NGX_VOICEAGENT_REDIS_CONNECTS,
    NGX_VOICEAGENT_REDIS_FAILURES,
    NGX_VOICEAGENT_REDIS_TIMEOUTS,
    NGX_VOICEAGENT_EVENTS_SENT,
    NGX_VOICEAGENT_EVENTS_RESYNCS,
    NGX_VOICEAGENT_EVENTS_GAPS,
    NGX_VOICEAGENT_KEYS_CHANGED,
    NGX_VOICEAGENT_KEYS_FAILED,
    NGX_VOICEAGENT_TOTALS
} ngx_voiceagent_total_e;

typedef enum {
    NGX_VOICEAGENT_INFLIGHT = 0,
    NGX_VOICEAGENT_WAITERS,
    NGX_VOICEAGENT_STREAMS,
    NGX_VOICEAGENT_WEBSOCKETS,
    NGX_VOICEAGENT_GAUGES
} ngx_voiceagent_gauge_e;

char *ngx_voiceagent_zone_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_voiceagent_zone_default(ngx_conf_t *cf);
void ngx_voiceagent_zone_init_process(ngx_voiceagent_main_conf_t *vmcf);
void ngx_voiceagent_count_outcome(ngx_voiceagent_outcome_e outcome);
void ngx_voiceagent_count_refusal(const char *scheme, const char *reason);
void ngx_voiceagent_count(ngx_voiceagent_total_e total, ngx_atomic_int_t n);
void ngx_voiceagent_gauge(ngx_voiceagent_gauge_e gauge, ngx_atomic_int_t n);
void ngx_voiceagent_zone_print(va_buf_t *out);
ngx_uint_t ngx_voiceagent_gauge_sum(ngx_voiceagent_gauge_e gauge);


#endif /* _NGX_VOICEAGENT_MODULE_H_INCLUDED_ */
