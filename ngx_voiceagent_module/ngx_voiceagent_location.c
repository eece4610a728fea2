
/*
 * Copyright (C) voiceagent authors
 */


/*
 * What a location is told to do and whom it lets in: inherited, and checked
 * when all of its directives have been read.
 */


#include "ngx_voiceagent_module.h"


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


static ngx_str_t  ngx_voiceagent_default_claims[] = {
    ngx_string("/organizationId"),
    ngx_string("/userId"),
    ngx_string("/role")
};


void *
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


char *
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

    /* proxy_pass and its like, behind ours */

    if (conf->handler && clcf->handler != conf->handler) {
        return "voiceagent: a location that makes jobs, shows events or "
               "status does something else as well, which would answer";
    }

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


char *
ngx_voiceagent_location(ngx_conf_t *cf, ngx_voiceagent_loc_conf_t *vlcf,
    ngx_http_handler_pt handler)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "is duplicate, or its location does something else already";
    }

    vlcf->handler = handler;
    clcf->handler = handler;

    return NGX_CONF_OK;
}
