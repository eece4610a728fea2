
/*
 * Copyright (C) voiceagent authors
 */


/* the arguments of directives, as far as several directives take them alike */


#include "ngx_voiceagent_module.h"


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
