
/*
 * Copyright (C) voiceagent authors
 */


/* voiceagent_redis: where Redis is, looked up when the configuration is read */


#include "ngx_voiceagent_redis.h"


#define NGX_VOICEAGENT_REDIS_PORT     6379
#define NGX_VOICEAGENT_SENTINEL_PORT  26379
#define NGX_VOICEAGENT_REDIS_DEFAULT  4          /* connections */


static ngx_int_t ngx_voiceagent_redis_parameter(
    ngx_voiceagent_redis_conf_t *rc, ngx_str_t *parameter);
static char *ngx_voiceagent_redis_unix(ngx_conf_t *cf,
    ngx_voiceagent_redis_conf_t *rc, ngx_str_t *rest);
static char *ngx_voiceagent_redis_query(ngx_voiceagent_redis_conf_t *rc,
    ngx_str_t *rest);
static char *ngx_voiceagent_redis_db(ngx_voiceagent_redis_conf_t *rc,
    ngx_str_t *text);
static void ngx_voiceagent_redis_cut(ngx_str_t *rest, u_char c,
    ngx_str_t *before);
static char *ngx_voiceagent_redis_user(ngx_conf_t *cf,
    ngx_voiceagent_redis_conf_t *rc, ngx_str_t *rest);
static ngx_int_t ngx_voiceagent_redis_unescape(ngx_conf_t *cf, ngx_str_t *s);
static char *ngx_voiceagent_redis_url(ngx_conf_t *cf,
    ngx_voiceagent_redis_conf_t *rc, ngx_str_t *url);
static ngx_int_t ngx_voiceagent_redis_resolve(ngx_conf_t *cf,
    ngx_voiceagent_redis_conf_t *rc, ngx_str_t *hosts, in_port_t port);


char *
ngx_voiceagent_redis_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_main_conf_t  *vmcf = conf;

    char                         *rv;
    ngx_str_t                    *value;
    ngx_uint_t                    i;
    ngx_voiceagent_redis_conf_t  *rc;

    if (vmcf->redis != NULL) {
        return "is duplicate";
    }

    rc = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_redis_conf_t));
    if (rc == NULL) {
        return NGX_CONF_ERROR;
    }

    rc->timeout = 1000;
    rc->max_inflight = 4096;
    rc->max_bytes = 32 * 1024 * 1024;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_voiceagent_redis_parameter(rc, &value[i]) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    if (rc->connections == 0) {
        rc->connections = NGX_VOICEAGENT_REDIS_DEFAULT;
        rc->adapt = 1;
    }

    rv = ngx_voiceagent_redis_url(cf, rc, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    vmcf->redis = rc;

    return ngx_voiceagent_once(cf, 2);
}


static ngx_int_t
ngx_voiceagent_redis_parameter(ngx_voiceagent_redis_conf_t *rc,
    ngx_str_t *parameter)
{
    ngx_int_t  n;
    ngx_str_t  s;

    s = *parameter;

    if (ngx_voiceagent_named(&s, "timeout=")) {
        n = ngx_parse_time(&s, 0);
        rc->timeout = (ngx_msec_t) n;

    } else if (ngx_voiceagent_named(&s, "connections=")) {
        n = ngx_atoi(s.data, s.len);
        rc->connections = (ngx_uint_t) n;

        if (n > NGX_VOICEAGENT_REDIS_CONNECTIONS) {
            return NGX_ERROR;
        }

    } else if (ngx_voiceagent_named(&s, "max_inflight=")) {
        n = ngx_atoi(s.data, s.len);
        rc->max_inflight = (ngx_uint_t) n;

    } else if (ngx_voiceagent_named(&s, "max_bytes=")) {
        n = ngx_parse_size(&s);
        rc->max_bytes = (size_t) n;

    } else {
        return NGX_ERROR;
    }

    return n == NGX_ERROR || n == 0 ? NGX_ERROR : NGX_OK;
}


/*
 * redis://[[user]:password@]host[:port][/db],
 * unix:/path[?db=number], unix://[[user]:password@]/path[?db=number],
 * redis+sentinel://[[user]:password@]host[:port],.../name[/db|?db=number]
 */

static char *
ngx_voiceagent_redis_url(ngx_conf_t *cf, ngx_voiceagent_redis_conf_t *rc,
    ngx_str_t *url)
{
    char       *rv;
    in_port_t   port;
    ngx_str_t   rest, hosts;

    rest = *url;

    if (ngx_voiceagent_named(&rest, "unix:")) {
        return ngx_voiceagent_redis_unix(cf, rc, &rest);
    }

    if (ngx_voiceagent_named(&rest, "rediss:")) {
        return "cannot speak TLS to Redis: use a unix socket, or stunnel "
               "on this host";
    }

    if (ngx_voiceagent_named(&rest, "redis://")) {
        port = NGX_VOICEAGENT_REDIS_PORT;

    } else if (ngx_voiceagent_named(&rest, "redis+sentinel://")) {
        port = NGX_VOICEAGENT_SENTINEL_PORT;

    } else {
        return "needs a redis://, redis+sentinel:// or unix: URL";
    }

    rv = ngx_voiceagent_redis_user(cf, rc, &rest);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    ngx_voiceagent_redis_cut(&rest, '/', &hosts);
    rc->name = hosts;

    if (port == NGX_VOICEAGENT_SENTINEL_PORT) {
        rv = ngx_voiceagent_redis_query(rc, &rest);
        if (rv != NGX_CONF_OK) {
            return rv;
        }

        ngx_voiceagent_redis_cut(&rest, '/', &rc->master);

        if (rc->master.len == 0) {
            return "needs the name of the master behind the sentinels";
        }
    }

    if (rest.len) {
        rv = ngx_voiceagent_redis_db(rc, &rest);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return ngx_voiceagent_redis_resolve(cf, rc, &hosts, port) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static char *
ngx_voiceagent_redis_unix(ngx_conf_t *cf, ngx_voiceagent_redis_conf_t *rc,
    ngx_str_t *rest)
{
    char    *rv;
    size_t   len;
    u_char  *p;

    if (ngx_voiceagent_named(rest, "//")) {
        rv = ngx_voiceagent_redis_user(cf, rc, rest);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    rv = ngx_voiceagent_redis_query(rc, rest);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (rest->len == 0 || rest->data[0] != '/') {
        return "needs the whole path of a unix socket";
    }

    len = sizeof("unix:") - 1 + rest->len;

    p = ngx_pnalloc(cf->pool, len + 1);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    (void) ngx_sprintf(p, "unix:%V%Z", rest);

    rc->name.data = p;
    rc->name.len = len;

    return ngx_voiceagent_redis_resolve(cf, rc, &rc->name, 0) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* "?db=number", which may be there, is cut off */

static char *
ngx_voiceagent_redis_query(ngx_voiceagent_redis_conf_t *rc, ngx_str_t *rest)
{
    ngx_str_t  query, before;

    query = *rest;
    ngx_voiceagent_redis_cut(&query, '?', &before);

    if (before.len == rest->len) {
        return NGX_CONF_OK;
    }

    if (!ngx_voiceagent_named(&query, "db=")) {
        return "knows no parameter but \"db=\"";
    }

    *rest = before;

    return ngx_voiceagent_redis_db(rc, &query);
}


static char *
ngx_voiceagent_redis_db(ngx_voiceagent_redis_conf_t *rc, ngx_str_t *text)
{
    if (text->len && ngx_atoi(text->data, text->len) == NGX_ERROR) {
        return "needs a number as the database";
    }

    rc->db = *text;

    return NGX_CONF_OK;
}


/* what stands before c, or all of it, is cut off */

static void
ngx_voiceagent_redis_cut(ngx_str_t *rest, u_char c, ngx_str_t *before)
{
    u_char  *last, *p;

    last = rest->data + rest->len;
    p = ngx_strlchr(rest->data, last, c);

    before->data = rest->data;
    before->len = (p ? p : last) - rest->data;

    rest->data = p ? p + 1 : last;
    rest->len = last - rest->data;
}


/* [user]:password@, which may be there; a host has no @, a password may */

static char *
ngx_voiceagent_redis_user(ngx_conf_t *cf, ngx_voiceagent_redis_conf_t *rc,
    ngx_str_t *rest)
{
    u_char  *at, *colon;

    for (at = rest->data + rest->len; at > rest->data && at[-1] != '@'; at--) {
        /* void */
    }

    if (at == rest->data) {
        return NGX_CONF_OK;
    }

    colon = ngx_strlchr(rest->data, at - 1, ':');
    if (colon == NULL) {
        return "needs a password behind the user's name";
    }

    rc->user.data = rest->data;
    rc->user.len = colon - rest->data;
    rc->password.data = colon + 1;
    rc->password.len = at - 1 - rc->password.data;

    rest->len -= at - rest->data;
    rest->data = at;

    return ngx_voiceagent_redis_unescape(cf, &rc->user) == NGX_OK
           && ngx_voiceagent_redis_unescape(cf, &rc->password) == NGX_OK
           ? NGX_CONF_OK
           : "has a user or password with a broken %-escape";
}


/* as the workers read the same URL */

static ngx_int_t
ngx_voiceagent_redis_unescape(ngx_conf_t *cf, ngx_str_t *s)
{
    u_char     *p, *last, *to;
    ngx_int_t   c;

    p = s->data;
    last = s->data + s->len;

    to = ngx_pnalloc(cf->pool, s->len + 1);
    if (to == NULL) {
        return NGX_ERROR;
    }

    s->data = to;

    while (p < last) {

        if (*p != '%') {
            *to++ = *p++;
            continue;
        }

        c = last - p > 2 ? ngx_hextoi(p + 1, 2) : NGX_ERROR;
        if (c == NGX_ERROR) {
            return NGX_ERROR;
        }

        *to++ = (u_char) c;
        p += 3;
    }

    s->len = to - s->data;

    return NGX_OK;
}


/* at configuration only: a name looked up at run time would block the worker */

static ngx_int_t
ngx_voiceagent_redis_resolve(ngx_conf_t *cf, ngx_voiceagent_redis_conf_t *rc,
    ngx_str_t *hosts, in_port_t port)
{
    u_char      *p, *last, *comma;
    ngx_url_t    u;
    ngx_addr_t  *addr;
    ngx_uint_t   i;

    if (ngx_array_init(&rc->addrs, cf->pool, 2, sizeof(ngx_addr_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = hosts->data;
    last = hosts->data + hosts->len;

    while (p <= last) {

        comma = port ? ngx_strlchr(p, last, ',') : NULL;
        if (comma == NULL) {
            comma = last;
        }

        ngx_memzero(&u, sizeof(ngx_url_t));

        u.url.data = p;
        u.url.len = comma - p;
        u.default_port = port;

        if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "%s in voiceagent_redis \"%V\"",
                               u.err ? u.err : "no address", &u.url);
            return NGX_ERROR;
        }

        for (i = 0; i < u.naddrs; i++) {
            addr = ngx_array_push(&rc->addrs);
            if (addr == NULL) {
                return NGX_ERROR;
            }

            *addr = u.addrs[i];
        }

        p = comma + 1;
    }

    return NGX_OK;
}
