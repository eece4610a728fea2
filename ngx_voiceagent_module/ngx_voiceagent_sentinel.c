
/*
 * Copyright (C) voiceagent authors
 */


/* where the primary is, as a Sentinel tells */


#include "ngx_voiceagent_link.h"


/* an inline command, small enough for one write on a fresh connection */

ngx_int_t
ngx_voiceagent_sentinel_ask(ngx_voiceagent_link_t *link)
{
    u_char             buffer[NGX_MAX_ERROR_STR], *p;
    ngx_connection_t  *c;

    c = link->connection;

    p = ngx_snprintf(buffer, sizeof(buffer),
                     "SENTINEL get-master-addr-by-name %V" CRLF,
                     &link->conf->master);

    return c->send(c, buffer, p - buffer) == p - buffer ? NGX_OK : NGX_ERROR;
}


const char *
ngx_voiceagent_sentinel_reply(ngx_voiceagent_link_t *link, redisReply *reply)
{
    ngx_int_t            port;
    in_addr_t            ip;
    redisReply         **e;
    struct sockaddr_in  *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6 *sin6;
#endif

    e = reply->element;
    port = NGX_ERROR;

    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
        port = ngx_atoi((u_char *) e[1]->str, e[1]->len);
    }

    if (port == NGX_ERROR || port < 1 || port > 65535) {
        return "is not known to the sentinel";
    }

    ngx_memzero(&link->master, sizeof(ngx_sockaddr_t));

    ip = ngx_inet_addr((u_char *) e[0]->str, e[0]->len);

    if (ip != INADDR_NONE) {
        sin = &link->master.sockaddr_in;
        sin->sin_family = AF_INET;
        sin->sin_addr.s_addr = ip;
        sin->sin_port = htons((in_port_t) port);
        link->master_len = sizeof(struct sockaddr_in);
    }

#if (NGX_HAVE_INET6)
    sin6 = &link->master.sockaddr_in6;

    if (ip == INADDR_NONE
        && ngx_inet6_addr((u_char *) e[0]->str, e[0]->len,
                          sin6->sin6_addr.s6_addr)
           == NGX_OK)
    {
        sin6->sin6_family = AF_INET6;
        sin6->sin6_port = htons((in_port_t) port);
        link->master_len = sizeof(struct sockaddr_in6);
    }
#endif

    if (link->master_len == 0) {
        return "has a name, not an address, in the sentinel";
    }

    return NULL;
}
