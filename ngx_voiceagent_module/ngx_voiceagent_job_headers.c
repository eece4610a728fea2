
/*
 * Copyright (C) voiceagent authors
 */


/*
 * voiceagent_pass_header: which headers of a request go along with its job, and
 * which never do.
 */


#include "ngx_voiceagent_job.h"


static ngx_uint_t ngx_voiceagent_job_header_passes(
    ngx_voiceagent_loc_conf_t *vlcf, ngx_table_elt_t *h);
static ngx_int_t ngx_voiceagent_job_cookies(ngx_http_request_t *r,
    ngx_voiceagent_loc_conf_t *vlcf, va_job_t *job);


/* request headers a job carries; never credentials or signatures */

static ngx_str_t  ngx_voiceagent_headers[] = {
    ngx_string("content-type"),
    ngx_string("user-agent"),
    ngx_string("accept-language"),
    ngx_string("origin"),
    ngx_null_string
};

static ngx_str_t  ngx_voiceagent_header_families[] = {
    ngx_string("x-goog-"),
    ngx_string("x-shopify-"),
    ngx_string("shopify-"),
    ngx_string("webhook-"),
    ngx_string("svix-"),
    ngx_null_string
};

static ngx_str_t  ngx_voiceagent_header_secrets[] = {
    ngx_string("authorization"),
    ngx_string("cookie"),
    ngx_string("signature"),
    ngx_string("hmac"),
    ngx_string("channel-token"),
    ngx_null_string
};


/* voiceagent_pass_header name ... */

char *
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


ngx_int_t
ngx_voiceagent_job_headers(ngx_http_request_t *r, va_job_t *job)
{
    ngx_uint_t                  i;
    va_header_t                *headers;
    ngx_list_part_t            *part;
    ngx_table_elt_t            *h;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    headers = job->headers;

    part = &r->headers_in.headers.part;

    for ( ; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (job->n_headers == VA_JOB_MAX_HEADERS) {
                return NGX_OK;
            }

            if (!ngx_voiceagent_job_header_passes(vlcf, &h[i])) {
                continue;
            }

            headers[job->n_headers].name = va_str((char *) h[i].lowcase_key,
                                                  h[i].key.len);
            headers[job->n_headers].value = ngx_voiceagent_va(&h[i].value);
            job->n_headers++;
        }
    }

    return vlcf->pass_headers ? ngx_voiceagent_job_cookies(r, vlcf, job)
                              : NGX_OK;
}


static ngx_uint_t
ngx_voiceagent_job_header_passes(ngx_voiceagent_loc_conf_t *vlcf,
    ngx_table_elt_t *h)
{
    ngx_str_t   *name;
    ngx_uint_t   i, passes;

    passes = 0;

    for (name = ngx_voiceagent_headers; name->len && !passes; name++) {
        passes = name->len == h->key.len
                 && ngx_memcmp(name->data, h->lowcase_key, name->len) == 0;
    }

    for (name = ngx_voiceagent_header_families; name->len && !passes; name++) {
        passes = name->len < h->key.len
                 && ngx_memcmp(name->data, h->lowcase_key, name->len) == 0;
    }

    if (vlcf->pass_headers && !passes) {
        name = vlcf->pass_headers->elts;

        for (i = 0; i < vlcf->pass_headers->nelts && !passes; i++) {
            passes = name[i].len == h->key.len
                     && ngx_memcmp(name[i].data, h->lowcase_key, name[i].len)
                        == 0;
        }
    }

    for (name = ngx_voiceagent_header_secrets; name->len && passes; name++) {
        passes = ngx_strlcasestrn(h->lowcase_key,
                                  h->lowcase_key + h->key.len,
                                  name->data, name->len - 1)
                 == NULL;
    }

    return passes && va_utf8_valid(ngx_voiceagent_va(&h->value));
}


/* "voiceagent_pass_header cookie=name": that one cookie, as "cookie-name" */

static ngx_int_t
ngx_voiceagent_job_cookies(ngx_http_request_t *r,
    ngx_voiceagent_loc_conf_t *vlcf, va_job_t *job)
{
    u_char       *p;
    ngx_str_t    *pass, name, value;
    ngx_uint_t    i;
    va_header_t  *header;

    pass = vlcf->pass_headers->elts;

    for (i = 0; i < vlcf->pass_headers->nelts; i++) {

        if (pass[i].len <= sizeof("cookie=") - 1
            || ngx_strncmp(pass[i].data, "cookie=", sizeof("cookie=") - 1) != 0
            || job->n_headers == VA_JOB_MAX_HEADERS)
        {
            continue;
        }

        name.data = pass[i].data + sizeof("cookie=") - 1;
        name.len = pass[i].len - (sizeof("cookie=") - 1);

        if (ngx_voiceagent_cookie(r, &name, &value) != NGX_OK
            || !va_utf8_valid(ngx_voiceagent_va(&value)))
        {
            continue;
        }

        p = ngx_pnalloc(r->pool, pass[i].len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, pass[i].data, pass[i].len);
        p[sizeof("cookie") - 1] = '-';

        header = &job->headers[job->n_headers++];
        header->name = va_str((char *) p, pass[i].len);
        header->value = ngx_voiceagent_va(&value);
    }

    return NGX_OK;
}
