
/*
 * Copyright (C) voiceagent authors
 */


/* voiceagent_public_origin: the addresses this server is known by */


#include "ngx_voiceagent_module.h"


/* voiceagent_public_origin https://agent.example.com ... */

char *
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


ngx_uint_t
ngx_voiceagent_origin_known(ngx_http_request_t *r)
{
    va_str_t                   *origin;
    ngx_uint_t                  i;
    ngx_table_elt_t            *h;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    h = ngx_voiceagent_header(r, "origin");

    if (h == NULL || vlcf->origins == NULL) {
        return 0;
    }

    origin = vlcf->origins->elts;

    for (i = 0; i < vlcf->origins->nelts; i++) {
        if (va_str_ieq(origin[i], ngx_voiceagent_va(&h->value))) {
            return 1;
        }
    }

    return 0;
}
