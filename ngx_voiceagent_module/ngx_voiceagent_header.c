
/*
 * Copyright (C) voiceagent authors
 */


/* the headers of a request, by name */


#include "ngx_voiceagent_module.h"


static ngx_uint_t ngx_voiceagent_header_has(ngx_str_t *list, ngx_str_t *token);
static ngx_table_elt_t *ngx_voiceagent_header_next(ngx_list_part_t **part,
    ngx_uint_t *i, const char *name);


ngx_table_elt_t *
ngx_voiceagent_header(ngx_http_request_t *r, const char *name)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;

    part = &r->headers_in.headers.part;
    i = 0;

    return ngx_voiceagent_header_next(&part, &i, name);
}


ngx_uint_t
ngx_voiceagent_header_lists(ngx_http_request_t *r, const char *name,
    ngx_str_t *token)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &r->headers_in.headers.part;
    i = 0;

    for ( ;; ) {
        h = ngx_voiceagent_header_next(&part, &i, name);

        if (h == NULL) {
            return 0;
        }

        if (ngx_voiceagent_header_has(&h->value, token)) {
            return 1;
        }
    }
}


/* from i of part on, which are left behind it */

static ngx_table_elt_t *
ngx_voiceagent_header_next(ngx_list_part_t **part, ngx_uint_t *i,
    const char *name)
{
    size_t            len;
    ngx_table_elt_t  *h;

    len = ngx_strlen(name);

    for ( /* void */ ; *part; *part = (*part)->next, *i = 0) {
        h = (*part)->elts;

        while (*i < (*part)->nelts) {
            if (h[(*i)++].key.len == len
                && ngx_memcmp(h[*i - 1].lowcase_key, name, len) == 0)
            {
                return &h[*i - 1];
            }
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_voiceagent_header_has(ngx_str_t *list, ngx_str_t *token)
{
    u_char  *p, *last, *end, *next;

    last = list->data + list->len;

    for (p = list->data; p < last; p = next) {

        end = ngx_strlchr(p, last, ',');
        if (end == NULL) {
            end = last;
        }

        next = end + 1;

        while (p < end && (*p == ' ' || *p == '\t')) {
            p++;
        }

        while (p < end && (end[-1] == ' ' || end[-1] == '\t')) {
            end--;
        }

        if ((size_t) (end - p) == token->len
            && ngx_strncasecmp(p, token->data, token->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
ngx_voiceagent_cookie(ngx_http_request_t *r, ngx_str_t *name, ngx_str_t *value)
{
#if (nginx_version >= 1023000)

    if (ngx_http_parse_multi_header_lines(r, r->headers_in.cookie, name, value)
        == NULL)
    {
        return NGX_DECLINED;
    }

#else

    if (ngx_http_parse_multi_header_lines(&r->headers_in.cookies, name, value)
        == NGX_DECLINED)
    {
        return NGX_DECLINED;
    }

#endif

    return value->len ? NGX_OK : NGX_DECLINED;
}
