
/*
 * Copyright (C) voiceagent authors
 */


/* voiceagent_redis: where Redis is, looked up when the configuration is read */


#include "ngx_voiceagent_redis.h"


#define NGX_VOICEAGENT_REDIS_PORT     6379
#define NGX_VOICEAGENT_SENTINEL_PORT  26379
#define NGX_VOICEAGENT_REDIS_DEFAULT  4          /* connections */


static char *ngx_voiceagent_redis_url(ngx_conf_t *cf,
    ngx_voiceagent_redis_conf_t *rc, ngx_str_t *url);
static ngx_int_t ngx_voiceagent_redis_resolve(ngx_conf_t *cf,
    ngx_voiceagent_redis_conf_t *rc, ngx_str_t *hosts, in_port_t port);


char *
ngx_voiceagent_redis_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_main_conf_t  *vmcf = conf;

    char                         *rv;
    ngx_int_t                     n;
    ngx_str_t                    *value, s;
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
    rc->connections = NGX_VOICEAGENT_REDIS_DEFAULT;
    rc->max_inflight = 4096;
    rc->max_bytes = 32 * 1024 * 1024;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "timeout=", 8) == 0) {
            s.data = value[i].data + 8;
            s.len = value[i].len - 8;

            n = ngx_parse_time(&s, 0);
            if (n == NGX_ERROR || n == 0) {
                goto invalid;
            }

            rc->timeout = (ngx_msec_t) n;
            continue;
        }

        if (ngx_strncmp(value[i].data, "connections=", 12) == 0) {
            n = ngx_atoi(value[i].data + 12, value[i].len - 12);
            if (n == NGX_ERROR || n == 0
                || n > NGX_VOICEAGENT_REDIS_CONNECTIONS)
            {
                goto invalid;
            }

            rc->connections = (ngx_uint_t) n;
            continue;
        }

        if (ngx_strncmp(value[i].data, "max_inflight=", 13) == 0) {
            n = ngx_atoi(value[i].data + 13, value[i].len - 13);
            if (n == NGX_ERROR || n == 0) {
                goto invalid;
            }

            rc->max_inflight = (ngx_uint_t) n;
            continue;
        }

        if (ngx_strncmp(value[i].data, "max_bytes=", 10) == 0) {
            s.data = value[i].data + 10;
            s.len = value[i].len - 10;

            n = ngx_parse_size(&s);
            if (n == NGX_ERROR || n == 0) {
                goto invalid;
            }

            rc->max_bytes = (size_t) n;
            continue;
        }

        goto invalid;
    }

    rv = ngx_voiceagent_redis_url(cf, rc, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    vmcf->redis = rc;

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\"", &value[i]);

    return NGX_CONF_ERROR;
}


/*
 * redis://[[user]:password@]host[:port][/db], unix:/path,
 * redis+sentinel://[[user]:password@]host[:port],.../name[/db]
 */

static char *
ngx_voiceagent_redis_url(ngx_conf_t *cf, ngx_voiceagent_redis_conf_t *rc,
    ngx_str_t *url)
{
    u_char     *p, *last, *at, *slash, *colon;
    in_port_t   port;
    ngx_str_t   hosts, path;

    p = url->data;
    last = url->data + url->len;
    port = NGX_VOICEAGENT_REDIS_PORT;

    if (ngx_strncmp(p, "unix:", 5) == 0) {
        rc->name = *url;
        return ngx_voiceagent_redis_resolve(cf, rc, url, 0) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (ngx_strncmp(p, "rediss:", 7) == 0) {
        return "cannot speak TLS to Redis: use a unix socket, or stunnel "
               "on this host";
    }

    if (ngx_strncmp(p, "redis://", 8) == 0) {
        p += 8;

    } else if (ngx_strncmp(p, "redis+sentinel://", 17) == 0) {
        p += 17;
        port = NGX_VOICEAGENT_SENTINEL_PORT;

    } else {
        return "needs a redis://, redis+sentinel:// or unix: URL";
    }

    for (at = last; at > p && at[-1] != '@'; at--) { /* void */ }

    if (at > p) {
        colon = ngx_strlchr(p, at - 1, ':');
        if (colon == NULL) {
            return "needs a password behind the user's name";
        }

        rc->user.data = p;
        rc->user.len = colon - p;
        rc->password.data = colon + 1;
        rc->password.len = at - 1 - rc->password.data;
        p = at;
    }

    slash = ngx_strlchr(p, last, '/');

    hosts.data = p;
    hosts.len = (slash ? slash : last) - p;
    rc->name = hosts;

    path.data = slash ? slash + 1 : last;
    path.len = last - path.data;

    if (port == NGX_VOICEAGENT_SENTINEL_PORT) {
        slash = ngx_strlchr(path.data, path.data + path.len, '/');

        rc->master.data = path.data;
        rc->master.len = (slash ? slash : last) - path.data;

        if (rc->master.len == 0) {
            return "needs the name of the master behind the sentinels";
        }

        path.data = slash ? slash + 1 : last;
        path.len = last - path.data;
    }

    if (path.len && ngx_atoi(path.data, path.len) == NGX_ERROR) {
        return "needs a number as the database";
    }

    rc->db = path;

    return ngx_voiceagent_redis_resolve(cf, rc, &hosts, port) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
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
