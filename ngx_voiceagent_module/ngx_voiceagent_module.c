
/*
 * Copyright (C) voiceagent authors
 */


/*
 * The table of directives, and the life of a worker process.  What a directive
 * does stands in the file of its name, what it is merged with in
 * ngx_voiceagent_location.c.
 */


#include "ngx_voiceagent_module.h"
#include "ngx_voiceagent_job.h"
#include "ngx_voiceagent_ring.h"


#define NGX_VOICEAGENT_KEYS_EVERY  10        /* seconds */


static ngx_int_t ngx_voiceagent_preconfiguration(ngx_conf_t *cf);
static void *ngx_voiceagent_create_main_conf(ngx_conf_t *cf);
static ngx_int_t ngx_voiceagent_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_voiceagent_init_process(ngx_cycle_t *cycle);
static void ngx_voiceagent_exit_process(ngx_cycle_t *cycle);
static void ngx_voiceagent_tick(ngx_event_t *ev);


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


static ngx_event_t       ngx_voiceagent_ticker;
static ngx_connection_t  ngx_voiceagent_dummy;


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

    ngx_voiceagent_jwks_load(cf);

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

    ngx_voiceagent_channels_tick();
    ngx_voiceagent_websockets_tick();

    if (++ticks % NGX_VOICEAGENT_KEYS_EVERY == 0) {
        vmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                                   ngx_voiceagent_module);
        ngx_voiceagent_keys_refresh(vmcf, ngx_cycle->log);
        ngx_voiceagent_jwks_refresh(vmcf, ngx_cycle->log);
    }

    ngx_add_timer(ev, 1000);
}
