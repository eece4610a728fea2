
/*
 * Copyright (C) voiceagent authors
 */


/*
 * The directives, their configuration, and the life of a worker process.  What
 * a directive does stands in the file of its name: see the command table.
 */


#include "ngx_voiceagent_module.h"
#include "ngx_voiceagent_job.h"
#include "ngx_voiceagent_ring.h"


#define NGX_VOICEAGENT_KEYS_EVERY  10        /* seconds */


static ngx_int_t ngx_voiceagent_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_voiceagent_postconfiguration(ngx_conf_t *cf);
static void *ngx_voiceagent_create_main_conf(ngx_conf_t *cf);
static void *ngx_voiceagent_create_loc_conf(ngx_conf_t *cf);
static char *ngx_voiceagent_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static void ngx_voiceagent_merge_guards(ngx_voiceagent_loc_conf_t *prev,
    ngx_voiceagent_loc_conf_t *conf);
static char *ngx_voiceagent_merge_claims(ngx_conf_t *cf,
    ngx_voiceagent_loc_conf_t *prev, ngx_voiceagent_loc_conf_t *conf);
static char *ngx_voiceagent_check_location(ngx_conf_t *cf,
    ngx_voiceagent_loc_conf_t *conf);
static ngx_uint_t ngx_voiceagent_takes_tickets(
    ngx_voiceagent_loc_conf_t *conf);
static char *ngx_voiceagent_check_origin(ngx_conf_t *cf,
    ngx_voiceagent_loc_conf_t *conf);
static ngx_int_t ngx_voiceagent_init_process(ngx_cycle_t *cycle);
static void ngx_voiceagent_exit_process(ngx_cycle_t *cycle);
static void ngx_voiceagent_tick(ngx_event_t *ev);

static char *ngx_voiceagent_origin_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_voiceagent_json_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_voiceagent_job_body_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);
static char *ngx_voiceagent_pass_header_directive(ngx_conf_t *cf,
    ngx_command_t *cmd, void *conf);


static ngx_command_t  ngx_voiceagent_commands[] = {

    { ngx_string("voiceagent_redis"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_redis_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_voiceagent_zone_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_key"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_voiceagent_key_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_public_origin"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_origin_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_public"),
      NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_voiceagent_loc_conf_t, public),
      NULL },

    { ngx_string("voiceagent_verify"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_voiceagent_verify_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_jwt"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_voiceagent_jwt_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_claim"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_2MORE,
      ngx_voiceagent_claim_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_require"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_require_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_authorize"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_authorize_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_route"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_route_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_json"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      ngx_voiceagent_json_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_job_body"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_voiceagent_job_body_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_pass_header"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_pass_header_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_enqueue"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_enqueue_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_ack"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE23,
      ngx_voiceagent_answer_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_voiceagent_loc_conf_t, ack),
      NULL },

    { ngx_string("voiceagent_call"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_call_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_fallback"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE23,
      ngx_voiceagent_answer_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_voiceagent_loc_conf_t, fallback),
      NULL },

    { ngx_string("voiceagent_events"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_events_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_websocket"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_voiceagent_websocket_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      ngx_voiceagent_status_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("voiceagent_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_voiceagent_metrics_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_voiceagent_module_ctx = {
    ngx_voiceagent_preconfiguration,       /* preconfiguration */
    ngx_voiceagent_postconfiguration,      /* postconfiguration */

    ngx_voiceagent_create_main_conf,       /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_voiceagent_create_loc_conf,        /* create location configuration */
    ngx_voiceagent_merge_loc_conf          /* merge location configuration */
};


ngx_module_t  ngx_voiceagent_module = {
    NGX_MODULE_V1,
    &ngx_voiceagent_module_ctx,            /* module context */
    ngx_voiceagent_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_voiceagent_init_process,           /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_voiceagent_exit_process,           /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_str_t  ngx_voiceagent_default_claims[] = {
    ngx_string("/organizationId"),
    ngx_string("/userId"),
    ngx_string("/role")
};


static ngx_event_t       ngx_voiceagent_ticker;
static ngx_connection_t  ngx_voiceagent_dummy;


static void *
ngx_voiceagent_palloc(void *ctx, size_t size)
{
    return ngx_palloc(ctx, size);
}


/* made when first asked for; NULL: no memory */

ngx_voiceagent_ctx_t *
ngx_voiceagent_get_ctx(ngx_http_request_t *r)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    if (ctx == NULL) {
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_ctx_t));
        if (ctx == NULL) {
            return NULL;
        }

        ngx_voiceagent_mem(&ctx->mem, r->pool);

        ngx_http_set_ctx(r, ctx, ngx_voiceagent_module);
    }

    return ctx;
}


void
ngx_voiceagent_mem(va_alloc_t *mem, ngx_pool_t *pool)
{
    mem->alloc = ngx_voiceagent_palloc;
    mem->ctx = pool;
}


/* the verdict must be of this very request, whatever else let it through */

ngx_uint_t
ngx_voiceagent_passed(ngx_http_request_t *r)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    return r == r->main && ctx != NULL && ctx->passed;
}


/*
 * While a content handler waits: a client that goes away is noticed, and one
 * that went before, of which epoll will not tell again.
 */

void
ngx_voiceagent_wait_events(ngx_http_request_t *r)
{
    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (r->connection->read->ready) {
        ngx_post_event(r->connection->read, &ngx_posted_events);
    }
}


ngx_uint_t
ngx_voiceagent_named(ngx_str_t *parameter, const char *name)
{
    size_t  len;

    len = ngx_strlen(name);

    if (parameter->len < len
        || ngx_memcmp(parameter->data, name, len) != 0)
    {
        return 0;
    }

    parameter->data += len;
    parameter->len -= len;

    return 1;
}


ngx_int_t
ngx_voiceagent_time(ngx_str_t *s, ngx_msec_t *time)
{
    ngx_int_t  n;

    n = ngx_parse_time(s, 0);

    if (n == NGX_ERROR || n < 100) {
        return NGX_ERROR;
    }

    *time = (ngx_msec_t) n;

    return NGX_OK;
}


char *
ngx_voiceagent_once(ngx_conf_t *cf, ngx_uint_t first)
{
    u_char      *equals;
    ngx_str_t   *value, s;
    ngx_uint_t   i, j;

    value = cf->args->elts;

    for (i = first; i < cf->args->nelts; i++) {

        equals = ngx_strlchr(value[i].data, value[i].data + value[i].len, '=');

        s.data = value[i].data;
        s.len = equals ? (size_t) (equals + 1 - s.data) : value[i].len;

        for (j = i + 1; j < cf->args->nelts; j++) {
            if (value[j].len >= s.len
                && ngx_memcmp(value[j].data, s.data, s.len) == 0)
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "parameter \"%V\" is given twice", &s);
                return NGX_CONF_ERROR;
            }
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_voiceagent_location(ngx_conf_t *cf, ngx_voiceagent_loc_conf_t *vlcf,
    ngx_http_handler_pt handler)
{
    ngx_http_core_loc_conf_t  *clcf;

    if (vlcf->handler) {
        return "is duplicate, or its location does something else already";
    }

    vlcf->handler = handler;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = handler;

    return NGX_CONF_OK;
}


char *
ngx_voiceagent_complex_value(ngx_conf_t *cf, ngx_str_t *text,
    ngx_http_complex_value_t **slot)
{
    ngx_http_compile_complex_value_t   ccv;

    *slot = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (*slot == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = *slot;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


static ngx_int_t
ngx_voiceagent_preconfiguration(ngx_conf_t *cf)
{
    return ngx_voiceagent_add_variables(cf);
}


static void *
ngx_voiceagent_create_main_conf(ngx_conf_t *cf)
{
    ngx_voiceagent_main_conf_t  *vmcf;

    vmcf = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_main_conf_t));
    if (vmcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     vmcf->redis = NULL;
     *     vmcf->zone = NULL;
     *     vmcf->longest = 0;
     *     vmcf->guards = 0;
     *     vmcf->needs_redis = 0;
     */

    if (ngx_array_init(&vmcf->keys, cf->pool, 8,
                       sizeof(ngx_voiceagent_key_t *))
        != NGX_OK
        || ngx_array_init(&vmcf->jwks, cf->pool, 2,
                          sizeof(ngx_voiceagent_jwks_file_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return vmcf;
}


static void *
ngx_voiceagent_create_loc_conf(ngx_conf_t *cf)
{
    ngx_uint_t                  i;
    ngx_voiceagent_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->origins = NULL;
     *     conf->verify = NULL;
     *     conf->jwt = NULL;
     *     conf->json = NULL;
     *     conf->pass_headers = NULL;
     *     conf->route = NULL;
     *     conf->handler = NULL;
     *     conf->enqueue = NULL;
     *     conf->call = NULL;
     *     conf->events = NULL;
     *     conf->websocket = NULL;
     *     conf->status = 0;
     *     conf->status_detail = NULL;
     */

    conf->public = NGX_CONF_UNSET;
    conf->require_org = NGX_CONF_UNSET;
    conf->roles = NGX_CONF_UNSET_PTR;
    conf->job_body = NGX_CONF_UNSET_SIZE;
    conf->job_body_omit = NGX_CONF_UNSET_UINT;
    conf->ack = NGX_CONF_UNSET_PTR;
    conf->fallback = NGX_CONF_UNSET_PTR;
    conf->authorize = NGX_CONF_UNSET_PTR;

    for (i = 0; i < NGX_VOICEAGENT_CLAIMS; i++) {
        conf->claims[i] = NGX_CONF_UNSET_PTR;
    }

    return conf;
}


static char *
ngx_voiceagent_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_voiceagent_loc_conf_t  *prev = parent;
    ngx_voiceagent_loc_conf_t  *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    if (conf->handler && conf->ack != NGX_CONF_UNSET_PTR && !conf->enqueue) {
        return "voiceagent_ack is what voiceagent_enqueue answers";
    }

    if (conf->handler && conf->fallback != NGX_CONF_UNSET_PTR && !conf->call
        && !conf->enqueue)
    {
        return "voiceagent_fallback is what voiceagent_call and "
               "voiceagent_enqueue answer";
    }

    ngx_voiceagent_merge_guards(prev, conf);

    if (conf->origins == NULL) {
        conf->origins = prev->origins;
    }

    if (conf->json == NULL) {
        conf->json = prev->json;
    }

    if (conf->pass_headers == NULL) {
        conf->pass_headers = prev->pass_headers;
    }

    ngx_conf_merge_value(conf->require_org, prev->require_org, 0);
    ngx_conf_merge_ptr_value(conf->roles, prev->roles, NULL);
    ngx_conf_merge_size_value(conf->job_body, prev->job_body, 1024 * 1024);
    ngx_conf_merge_uint_value(conf->job_body_omit, prev->job_body_omit, 0);
    ngx_conf_merge_ptr_value(conf->ack, prev->ack, NULL);
    ngx_conf_merge_ptr_value(conf->fallback, prev->fallback, NULL);
    ngx_conf_merge_ptr_value(conf->authorize, prev->authorize, NULL);

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* an "if" within a location does what the location does */

    if (clcf->noname && conf->route == NULL) {
        conf->route = prev->route;
    }

    if (clcf->noname && conf->handler == NULL && prev->handler) {
        conf->handler = prev->handler;
        conf->enqueue = prev->enqueue;
        conf->call = prev->call;
        conf->events = prev->events;
        conf->websocket = prev->websocket;
        conf->status = prev->status;
        conf->status_detail = prev->status_detail;

        if (clcf->handler == NULL) {
            clcf->handler = conf->handler;
        }
    }

    if (ngx_voiceagent_merge_claims(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_voiceagent_check_location(cf, conf);
}


/*
 * A place that names its own way in has no other: inherited ones would let in
 * more than it says.  "public off" names none: it only takes "on" away.
 */

static void
ngx_voiceagent_merge_guards(ngx_voiceagent_loc_conf_t *prev,
    ngx_voiceagent_loc_conf_t *conf)
{
    if (conf->verify == NULL && conf->jwt == NULL && conf->public != 1) {
        conf->verify = prev->verify;
        conf->jwt = prev->jwt;

        ngx_conf_merge_value(conf->public, prev->public, 0);
    }

    if (conf->public == NGX_CONF_UNSET) {
        conf->public = 0;
    }
}


static char *
ngx_voiceagent_merge_claims(ngx_conf_t *cf, ngx_voiceagent_loc_conf_t *prev,
    ngx_voiceagent_loc_conf_t *conf)
{
    ngx_str_t   *pointer;
    ngx_uint_t   i;

    for (i = 0; i < NGX_VOICEAGENT_CLAIMS; i++) {

        ngx_conf_merge_ptr_value(conf->claims[i], prev->claims[i], NULL);

        if (conf->claims[i] != NULL) {
            continue;
        }

        conf->claims[i] = ngx_array_create(cf->pool, 1, sizeof(ngx_str_t));
        if (conf->claims[i] == NULL) {
            return NGX_CONF_ERROR;
        }

        pointer = ngx_array_push(conf->claims[i]);
        if (pointer == NULL) {
            return NGX_CONF_ERROR;
        }

        *pointer = ngx_voiceagent_default_claims[i];
    }

    return NGX_CONF_OK;
}


static char *
ngx_voiceagent_check_location(ngx_conf_t *cf, ngx_voiceagent_loc_conf_t *conf)
{
    ngx_voiceagent_main_conf_t  *vmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voiceagent_module);

    if (conf->handler || conf->route || conf->authorize
        || conf->verify || conf->jwt)
    {
        vmcf->guards = 1;
    }

    if (conf->handler || conf->route || conf->authorize
        || ngx_voiceagent_takes_tickets(conf))
    {
        vmcf->needs_redis = 1;
    }

    if (conf->events || conf->websocket) {
        vmcf->longest = 1;
    }

    if (((conf->handler && conf->status == 0) || conf->authorize)
        && conf->verify == NULL && conf->jwt == NULL && conf->public != 1)
    {
        return "voiceagent: a location that makes jobs or shows events needs "
               "voiceagent_verify, voiceagent_jwt or \"voiceagent_public on\"";
    }

    return ngx_voiceagent_check_origin(cf, conf);
}


static ngx_uint_t
ngx_voiceagent_takes_tickets(ngx_voiceagent_loc_conf_t *conf)
{
    ngx_uint_t             i;
    ngx_voiceagent_jwt_t  *jwt;

    if (conf->jwt == NULL) {
        return 0;
    }

    jwt = conf->jwt->elts;

    for (i = 0; i < conf->jwt->nelts; i++) {
        if (jwt[i].ticket) {
            return 1;
        }
    }

    return 0;
}


static char *
ngx_voiceagent_check_origin(ngx_conf_t *cf, ngx_voiceagent_loc_conf_t *conf)
{
    ngx_uint_t                i;
    ngx_voiceagent_verify_t  *v;

    if (conf->verify == NULL || conf->origins) {
        return NGX_CONF_OK;
    }

    v = conf->verify->elts;

    for (i = 0; i < conf->verify->nelts; i++) {
        if (v[i].scheme->needs_origin) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "voiceagent_verify %s needs "
                               "voiceagent_public_origin", v[i].scheme->name);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_voiceagent_postconfiguration(ngx_conf_t *cf)
{
    ngx_core_conf_t             *ccf;
    ngx_http_handler_pt         *h;
    ngx_http_core_main_conf_t   *cmcf;
    ngx_voiceagent_main_conf_t  *vmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voiceagent_module);

    if (ngx_voiceagent_keys_load(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!vmcf->guards) {
        return NGX_OK;
    }

    if (vmcf->needs_redis && vmcf->redis == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "voiceagent_redis is missing");
        return NGX_ERROR;
    }

    if (ngx_voiceagent_zone_default(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);

    if (vmcf->longest
        && ccf->shutdown_timeout != NGX_CONF_UNSET_MSEC
        && ccf->shutdown_timeout
        && ccf->shutdown_timeout < 60000)
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "worker_shutdown_timeout cuts event streams and "
                           "WebSockets before they have drained");
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_voiceagent_access_handler;

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_init_process(ngx_cycle_t *cycle)
{
    ngx_voiceagent_main_conf_t  *vmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    vmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_voiceagent_module);

    if (vmcf == NULL || !vmcf->guards) {
        return NGX_OK;
    }

    ngx_voiceagent_zone_init_process(vmcf);
    ngx_voiceagent_websockets_init_process();

    if (vmcf->redis
        && (ngx_voiceagent_redis_init_process(cycle) != NGX_OK
            || ngx_voiceagent_waiters_init_process(cycle) != NGX_OK
            || ngx_voiceagent_rings_init_process(cycle) != NGX_OK))
    {
        return NGX_ERROR;
    }

    ngx_voiceagent_dummy.fd = (ngx_socket_t) -1;

    ngx_voiceagent_ticker.handler = ngx_voiceagent_tick;
    ngx_voiceagent_ticker.data = &ngx_voiceagent_dummy;
    ngx_voiceagent_ticker.log = cycle->log;
    ngx_voiceagent_ticker.cancelable = 1;

    ngx_add_timer(&ngx_voiceagent_ticker, 1000);

    return NGX_OK;
}


static void
ngx_voiceagent_exit_process(ngx_cycle_t *cycle)
{
    ngx_voiceagent_redis_exit_process(cycle);
}


static void
ngx_voiceagent_tick(ngx_event_t *ev)
{
    ngx_voiceagent_main_conf_t  *vmcf;
    static ngx_uint_t            ticks;

    ngx_voiceagent_redis_tick();
    ngx_voiceagent_websockets_tick();

    if (++ticks % NGX_VOICEAGENT_KEYS_EVERY == 0) {
        vmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                                   ngx_voiceagent_module);
        ngx_voiceagent_keys_refresh(vmcf, ngx_cycle->log);
    }

    ngx_add_timer(ev, 1000);
}


/* voiceagent_public_origin https://agent.example.com ... */

static char *
ngx_voiceagent_origin_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    u_char      *host;
    va_str_t    *origin;
    ngx_str_t   *value, s;
    ngx_uint_t   i;

    if (vlcf->origins) {
        return "is duplicate";
    }

    vlcf->origins = ngx_array_create(cf->pool, 2, sizeof(va_str_t));
    if (vlcf->origins == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        s = value[i];

        if (s.len > 1 && s.data[s.len - 1] == '/') {
            s.len--;
        }

        host = ngx_strncmp(s.data, "https://", 8) == 0 ? s.data + 8
               : ngx_strncmp(s.data, "http://", 7) == 0 ? s.data + 7 : NULL;

        if (host == NULL || host >= s.data + s.len
            || ngx_strlchr(host, s.data + s.len, '/') != NULL)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not an origin (https://host[:port])",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        origin = ngx_array_push(vlcf->origins);
        if (origin == NULL) {
            return NGX_CONF_ERROR;
        }

        *origin = ngx_voiceagent_va(&s);
    }

    return NGX_CONF_OK;
}


/* voiceagent_json name /pointer */

static char *
ngx_voiceagent_json_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    ngx_str_t              *value;
    ngx_uint_t              i;
    ngx_voiceagent_json_t  *json;

    value = cf->args->elts;

    if (value[2].data[0] != '/') {
        return "needs a JSON pointer, which begins with a slash";
    }

    if (vlcf->json == NULL) {
        vlcf->json = ngx_array_create(cf->pool, 4,
                                      sizeof(ngx_voiceagent_json_t));
        if (vlcf->json == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    json = vlcf->json->elts;

    for (i = 0; i < vlcf->json->nelts; i++) {
        if (va_str_ieq(ngx_voiceagent_va(&json[i].name),
                       ngx_voiceagent_va(&value[1])))
        {
            return "names another member by that name already";
        }
    }

    json = ngx_array_push(vlcf->json);
    if (json == NULL) {
        return NGX_CONF_ERROR;
    }

    json->name = value[1];
    json->pointer = value[2];

    return NGX_CONF_OK;
}


/* voiceagent_job_body size [over=omit|refuse] */

static char *
ngx_voiceagent_job_body_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    ssize_t     size;
    ngx_str_t  *value;

    if (vlcf->job_body != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;

    size = ngx_parse_size(&value[1]);
    if (size == NGX_ERROR || size > 4 * 1024 * 1024) {
        return "needs a size of at most 4m";
    }

    vlcf->job_body = (size_t) size;
    vlcf->job_body_omit = 0;

    if (cf->args->nelts == 3) {
        if (ngx_strcmp(value[2].data, "over=omit") == 0) {
            vlcf->job_body_omit = 1;

        } else if (ngx_strcmp(value[2].data, "over=refuse") != 0) {
            return "knows over=omit and over=refuse";
        }
    }

    return NGX_CONF_OK;
}


/* voiceagent_pass_header name ... */

static char *
ngx_voiceagent_pass_header_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    ngx_str_t   *value, *name;
    ngx_uint_t   i;

    if (vlcf->pass_headers == NULL) {
        vlcf->pass_headers = ngx_array_create(cf->pool, 4, sizeof(ngx_str_t));
        if (vlcf->pass_headers == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        name = ngx_array_push(vlcf->pass_headers);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_strlow(value[i].data, value[i].data, value[i].len);
        *name = value[i];
    }

    return NGX_CONF_OK;
}
