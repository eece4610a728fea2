
/*
 * Copyright (C) voiceagent authors
 */


/*
 * What a new connection asks before it is used: to be let in, whether this is
 * the Redis we know, and what it keeps.
 */


#include "ngx_voiceagent_link.h"


#define NGX_VOICEAGENT_SCHEMA           "1"

/* what Redis is set to keep */

#define NGX_VOICEAGENT_PROMISE_AOF      1
#define NGX_VOICEAGENT_PROMISE_ALWAYS   2
#define NGX_VOICEAGENT_PROMISE_NOEVICT  4
#define NGX_VOICEAGENT_PROMISE_TOLD     8        /* when it syncs */


typedef struct {
    const char    *name;
    const char    *value;                        /* NULL: any */
    ngx_uint_t     bit;
} ngx_voiceagent_link_promise_t;


static void ngx_voiceagent_link_promises(ngx_voiceagent_link_t *link,
    redisReply *reply);
static void ngx_voiceagent_link_announce(ngx_voiceagent_link_t *link);


static const ngx_voiceagent_link_promise_t  ngx_voiceagent_link_promised[] = {
    { "appendonly", "yes", NGX_VOICEAGENT_PROMISE_AOF },
    { "appendfsync", "always", NGX_VOICEAGENT_PROMISE_ALWAYS },
    { "appendfsync", NULL, NGX_VOICEAGENT_PROMISE_TOLD },
    { "maxmemory-policy", "noeviction", NGX_VOICEAGENT_PROMISE_NOEVICT },
    { NULL, NULL, 0 }
};


ngx_int_t
ngx_voiceagent_link_ask(ngx_voiceagent_link_t *link,
    ngx_voiceagent_setup_e setup, va_str_t *args, ngx_uint_t nargs)
{
    link->setup[link->nsetup++] = (u_char) setup;

    return ngx_voiceagent_link_put(link, args, nargs);
}


ngx_int_t
ngx_voiceagent_link_login(ngx_voiceagent_link_t *link)
{
    u_char                        name[64], *p;
    va_str_t                      args[3];
    ngx_voiceagent_redis_conf_t  *conf;

    conf = link->conf;

    link->nsetup = 0;
    link->setup_done = 0;

    if (conf->password.len) {
        args[0] = VA_STR("AUTH");
        args[1] = ngx_voiceagent_va(conf->user.len ? &conf->user
                                                   : &conf->password);
        args[2] = ngx_voiceagent_va(&conf->password);

        if (ngx_voiceagent_link_ask(link, NGX_VOICEAGENT_SETUP_OK, args,
                                    conf->user.len ? 3 : 2)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (conf->db.len) {
        args[0] = VA_STR("SELECT");
        args[1] = ngx_voiceagent_va(&conf->db);

        if (ngx_voiceagent_link_ask(link, NGX_VOICEAGENT_SETUP_OK, args, 2)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (conf->master.len) {
        args[0] = VA_STR("ROLE");

        if (ngx_voiceagent_link_ask(link, NGX_VOICEAGENT_SETUP_ROLE, args, 1)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    p = ngx_snprintf(name, sizeof(name), "va-nginx-%P-%s", ngx_pid, link->name);

    args[0] = VA_STR("CLIENT");
    args[1] = VA_STR("SETNAME");
    args[2] = va_str((char *) name, p - name);

    return ngx_voiceagent_link_ask(link, NGX_VOICEAGENT_SETUP_IGNORED, args,
                                   3);
}


ngx_int_t
ngx_voiceagent_link_setup_reply(ngx_voiceagent_link_t *link,
    redisReply *reply)
{
    ngx_uint_t    setup;
    redisReply  **e;

    setup = link->setup[link->setup_done++];
    e = reply->element;

    if (reply->type == REDIS_REPLY_ERROR
        && setup != NGX_VOICEAGENT_SETUP_IGNORED
        && setup != NGX_VOICEAGENT_SETUP_CONFIG
        && setup != NGX_VOICEAGENT_SETUP_LAST_CONFIG)
    {
        ngx_log_error(NGX_LOG_ERR, link->log, 0,
                      "voiceagent: redis answered \"%s\"", reply->str);
        return NGX_ERROR;
    }

    switch (setup) {

    case NGX_VOICEAGENT_SETUP_ROLE:
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0
            || e[0]->type != REDIS_REPLY_STRING
            || ngx_strcmp(e[0]->str, "master") != 0)
        {
            return NGX_ERROR;
        }

        break;

    case NGX_VOICEAGENT_SETUP_SCHEMA:
        if (reply->type == REDIS_REPLY_STRING
            && ngx_strcmp(reply->str, NGX_VOICEAGENT_SCHEMA) != 0)
        {
            ngx_log_error(NGX_LOG_EMERG, link->log, 0,
                          "voiceagent: redis holds layout %s, this module "
                          "knows " NGX_VOICEAGENT_SCHEMA, reply->str);
            return NGX_ERROR;
        }

        break;

    case NGX_VOICEAGENT_SETUP_CONFIG:
        link->promise = 0;

        /* fall through */

    case NGX_VOICEAGENT_SETUP_LAST_CONFIG:
        ngx_voiceagent_link_promises(link, reply);

        if (setup == NGX_VOICEAGENT_SETUP_LAST_CONFIG) {
            ngx_voiceagent_link_announce(link);
        }
    }

    if (link->setup_done == link->nsetup) {
        link->failures = 0;
        link->since = ngx_current_msec;
    }

    return NGX_OK;
}


/* what CONFIG GET tells of what Redis keeps */

static void
ngx_voiceagent_link_promises(ngx_voiceagent_link_t *link, redisReply *reply)
{
    size_t                                 i;
    redisReply                           **e;
    const ngx_voiceagent_link_promise_t   *p;

    if (reply->type != REDIS_REPLY_ARRAY) {
        return;
    }

    e = reply->element;

    for (i = 0; i + 1 < reply->elements; i += 2) {

        if (e[i]->type != REDIS_REPLY_STRING
            || e[i + 1]->type != REDIS_REPLY_STRING)
        {
            return;
        }

        for (p = ngx_voiceagent_link_promised; p->name; p++) {
            if (ngx_strcmp(e[i]->str, p->name) == 0
                && (p->value == NULL
                    || ngx_strcmp(e[i + 1]->str, p->value) == 0))
            {
                link->promise |= p->bit;
            }
        }
    }
}


ngx_uint_t
ngx_voiceagent_link_does_not_sync(ngx_voiceagent_link_t *link)
{
    ngx_uint_t  always;

    always = NGX_VOICEAGENT_PROMISE_AOF | NGX_VOICEAGENT_PROMISE_ALWAYS;

    return (link->promise & NGX_VOICEAGENT_PROMISE_TOLD)
           && (link->promise & always) != always;
}


/* once a process: the operator should know what an acknowledgement is worth */

static void
ngx_voiceagent_link_announce(ngx_voiceagent_link_t *link)
{
    const char         *text;
    ngx_uint_t          level, promise;
    static ngx_uint_t   announced;

    if (announced) {
        return;
    }

    announced = 1;

    promise = link->promise;
    level = NGX_LOG_WARN;

    if (!(promise & NGX_VOICEAGENT_PROMISE_NOEVICT)) {
        text = "may evict accepted jobs: set maxmemory-policy noeviction";

    } else if (!(promise & NGX_VOICEAGENT_PROMISE_AOF)) {
        text = "loses accepted jobs when it stops: set appendonly yes";

    } else if (!(promise & NGX_VOICEAGENT_PROMISE_ALWAYS)) {
        text = "may lose the last second's accepted jobs when its host stops: "
               "appendfsync is not always";

    } else {
        level = NGX_LOG_NOTICE;
        text = "keeps every accepted job (appendonly, appendfsync always, "
               "noeviction)";
    }

    ngx_log_error(level, link->log, 0,
                  "voiceagent: redis \"%V\" %s",
                  &link->conf->name, text);
}
