
/*
 * Copyright (C) voiceagent authors
 */


/* how jobs are configured, by each of the directives that make them */


#include "ngx_voiceagent_job.h"


#define NGX_VOICEAGENT_DEDUP_TTL  86400


static ngx_uint_t ngx_voiceagent_job_type_valid(ngx_str_t *type);


ngx_voiceagent_job_conf_t *
ngx_voiceagent_job_conf(ngx_conf_t *cf, ngx_str_t *type, char *queue,
    ngx_msec_t timeout)
{
    ngx_voiceagent_job_conf_t  *jcf;

    if (!ngx_voiceagent_job_type_valid(type)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no type of a job", type);
        return NULL;
    }

    jcf = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_job_conf_t));
    if (jcf == NULL) {
        return NULL;
    }

    jcf->type = *type;
    jcf->queue.data = (u_char *) queue;
    jcf->queue.len = ngx_strlen(queue);
    jcf->timeout = timeout;
    jcf->dedup_ttl = NGX_VOICEAGENT_DEDUP_TTL;

    return jcf;
}


/* of a parameter in its place nobody would hear before its first job is dead */

static ngx_uint_t
ngx_voiceagent_job_type_valid(ngx_str_t *type)
{
    u_char      c;
    ngx_uint_t  i;

    for (i = 0; i < type->len; i++) {
        c = ngx_tolower(type->data[i]);

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9')
            && c != '.' && c != '_' && c != '-')
        {
            return 0;
        }
    }

    return type->len != 0;
}


char *
ngx_voiceagent_job_parameters(ngx_conf_t *cf, ngx_voiceagent_job_conf_t *jcf)
{
    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_voiceagent_job_parameter(cf, jcf, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return ngx_voiceagent_once(cf, 2);
}


char *
ngx_voiceagent_job_parameter(ngx_conf_t *cf, ngx_voiceagent_job_conf_t *jcf,
    ngx_str_t *parameter)
{
    ngx_str_t  s;

    s = *parameter;

    if (ngx_voiceagent_named(&s, "queue=")) {
        if (ngx_strcmp(s.data, "realtime") != 0
            && ngx_strcmp(s.data, "default") != 0
            && ngx_strcmp(s.data, "bulk") != 0)
        {
            return "knows the queues realtime, default and bulk";
        }

        jcf->queue = s;

        return NGX_CONF_OK;
    }

    /* of those that wait, which have one by default */

    if (jcf->timeout && ngx_voiceagent_named(&s, "timeout=")) {
        jcf->timeout = (ngx_msec_t) ngx_parse_time(&s, 0);

        return jcf->timeout == (ngx_msec_t) NGX_ERROR || jcf->timeout == 0
               ? "has an invalid timeout=" : NGX_CONF_OK;
    }

    if (jcf->may_be_late && ngx_strcmp(s.data, "late=pending") == 0) {
        jcf->late_pending = 1;
        return NGX_CONF_OK;
    }

    if (ngx_voiceagent_named(&s, "lane=")) {
        return ngx_voiceagent_complex_value(cf, &s, &jcf->lane);
    }

    if (ngx_voiceagent_named(&s, "serial=")) {
        return ngx_voiceagent_complex_value(cf, &s, &jcf->serial);
    }

    if (ngx_voiceagent_named(&s, "dedup=")) {
        return ngx_voiceagent_complex_value(cf, &s, &jcf->dedup);
    }

    if (ngx_voiceagent_named(&s, "dedup_ttl=")) {
        jcf->dedup_ttl = (time_t) ngx_parse_time(&s, 1);

        return jcf->dedup_ttl == (time_t) NGX_ERROR || jcf->dedup_ttl == 0
               ? "has an invalid dedup_ttl=" : NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\"", parameter);

    return NGX_CONF_ERROR;
}


char *
ngx_voiceagent_job_location(ngx_conf_t *cf, ngx_voiceagent_loc_conf_t *vlcf,
    ngx_voiceagent_job_conf_t *jcf, ngx_http_handler_pt handler)
{
    char  *rv;

    rv = ngx_voiceagent_job_parameters(cf, jcf);

    return rv == NGX_CONF_OK ? ngx_voiceagent_location(cf, vlcf, handler) : rv;
}


/* voiceagent_job_body size [over=omit|refuse] */

char *
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
