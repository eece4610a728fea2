
/*
 * Copyright (C) voiceagent authors
 */


/* what is answered to a client */


#include "ngx_voiceagent_module.h"


#define NGX_VOICEAGENT_FILE_MAX     65536
#define NGX_VOICEAGENT_RETRY_AFTER  "2"


static ngx_int_t ngx_voiceagent_answer_file(ngx_conf_t *cf, ngx_str_t *path,
    ngx_str_t *text);


/* voiceagent_ack, voiceagent_fallback: status type text|file=path */

char *
ngx_voiceagent_answer_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_int_t                            n;
    ngx_str_t                           *value, text;
    ngx_voiceagent_answer_t             *answer, **slot;
    ngx_http_compile_complex_value_t     ccv;

    slot = (ngx_voiceagent_answer_t **) (p + cmd->offset);

    if (*slot != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    answer = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_answer_t));
    if (answer == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    n = ngx_atoi(value[1].data, value[1].len);
    if (n < 200 || n > 599) {
        return "needs a status between 200 and 599";
    }

    answer->status = (ngx_uint_t) n;
    answer->type = value[2];

    ngx_str_set(&text, "");

    if (cf->args->nelts == 4) {
        text = value[3];
    }

    if (ngx_voiceagent_named(&text, "file=")) {
        if (ngx_voiceagent_answer_file(cf, &text, &text) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &text;
    ccv.complex_value = &answer->body;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    *slot = answer;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_voiceagent_answer_file(ngx_conf_t *cf, ngx_str_t *path, ngx_str_t *text)
{
    u_char           *p;
    size_t            size;
    ssize_t           n;
    ngx_fd_t          fd;
    ngx_str_t         name;
    ngx_int_t         rc;
    ngx_file_info_t   fi;

    name = *path;
    rc = NGX_ERROR;

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    fd = ngx_open_file(name.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", &name);
        return NGX_ERROR;
    }

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR
        || ngx_file_size(&fi) > NGX_VOICEAGENT_FILE_MAX)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" cannot be read, or is too large", &name);
        goto done;
    }

    size = (size_t) ngx_file_size(&fi);

    p = ngx_pnalloc(cf->pool, size + 1);
    if (p == NULL) {
        goto done;
    }

    n = ngx_read_fd(fd, p, size);
    if (n != (ssize_t) size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_fd_n " \"%V\" failed", &name);
        goto done;
    }

    p[size] = '\0';
    text->data = p;
    text->len = size;
    rc = NGX_OK;

done:

    (void) ngx_close_file(fd);

    return rc;
}


/* body must live as long as the request; returns what finalizes it */

ngx_int_t
ngx_voiceagent_send(ngx_http_request_t *r, ngx_uint_t status, ngx_str_t *type,
    ngx_str_t *body)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    if (r->request_body == NULL) {

        /* who is refused is not asked for the body */
        r->expect_tested = 1;

        rc = ngx_http_discard_request_body(r);
        if (rc != NGX_OK) {
            return rc;
        }
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = body->len;
    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.content_type_lowcase = NULL;

    if (body->len == 0) {
        r->header_only = 1;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = 1;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


ngx_int_t
ngx_voiceagent_send_answer(ngx_http_request_t *r,
    ngx_voiceagent_answer_t *answer)
{
    ngx_str_t  body;

    if (ngx_http_complex_value(r, &answer->body, &body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_voiceagent_send(r, answer->status, &answer->type, &body);
}


ngx_int_t
ngx_voiceagent_send_error(ngx_http_request_t *r, ngx_uint_t status,
    const char *code, const char *message)
{
    ngx_str_t         body;
    static ngx_str_t  type = ngx_string("application/json");
    static ngx_str_t  retry_after = ngx_string("Retry-After");
    static ngx_str_t  seconds = ngx_string(NGX_VOICEAGENT_RETRY_AFTER);
    static ngx_str_t  authenticate = ngx_string("WWW-Authenticate");
    static ngx_str_t  bearer = ngx_string("Bearer");

    if (ngx_voiceagent_error_text(r, code, message, &body) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE
        && ngx_voiceagent_add_header(r, &retry_after, &seconds) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (status == NGX_HTTP_UNAUTHORIZED
        && ngx_voiceagent_add_header(r, &authenticate, &bearer) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_voiceagent_send(r, status, &type, &body);
}


/* code and message are our own words and need no escapes */

ngx_int_t
ngx_voiceagent_error_text(ngx_http_request_t *r, const char *code,
    const char *message, ngx_str_t *text)
{
    u_char            *p;
    size_t             len;
    static const char  format[] =
        "{\"success\":false,\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}";

    len = sizeof(format) + ngx_strlen(code) + ngx_strlen(message);

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    text->len = ngx_snprintf(p, len, format, code, message) - p;

    return NGX_OK;
}


ngx_int_t
ngx_voiceagent_add_header(ngx_http_request_t *r, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    h->key = *name;
    h->value = *value;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return NGX_OK;
}
