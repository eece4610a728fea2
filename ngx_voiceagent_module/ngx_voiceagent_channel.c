
/*
 * Copyright (C) voiceagent authors
 */


/*
 * What is published in Redis: the channels of this process, over a connection
 * of their own, which takes no commands.
 */


#include "ngx_voiceagent_link.h"


#define NGX_VOICEAGENT_CHANNEL_HEARTBEAT  5000


typedef struct {
    ngx_voiceagent_link_t          link;         /* no conf: not started */
    ngx_queue_t                    channels;     /* ngx_voiceagent_channel_t */
    ngx_rbtree_t                   names;        /* of the channels */
    ngx_rbtree_node_t              sentinel;
    ngx_msec_t                     heard;        /* anything, at last */
    ngx_msec_t                     beat;         /* sent; 0: none */
} ngx_voiceagent_channels_t;


static void ngx_voiceagent_channel_start(ngx_voiceagent_link_t *link);
static void ngx_voiceagent_channel_failed(ngx_voiceagent_link_t *link);
static ngx_int_t ngx_voiceagent_channel_reply(ngx_voiceagent_link_t *link,
    redisReply *reply);


static ngx_voiceagent_channels_t  ngx_voiceagent_channels;


void
ngx_voiceagent_channels_init(ngx_voiceagent_redis_conf_t *conf, ngx_log_t *log)
{
    ngx_voiceagent_channels_t  *vc;

    vc = &ngx_voiceagent_channels;

    ngx_memzero(vc, sizeof(ngx_voiceagent_channels_t));

    ngx_queue_init(&vc->channels);
    ngx_rbtree_init(&vc->names, &vc->sentinel, ngx_str_rbtree_insert_value);

    ngx_voiceagent_link_init(&vc->link, "channel", conf, log);
    vc->link.start = ngx_voiceagent_channel_start;
    vc->link.reply = ngx_voiceagent_channel_reply;
    vc->link.failed = ngx_voiceagent_channel_failed;

    ngx_voiceagent_link_connect(&vc->link);
}


void
ngx_voiceagent_channels_exit(void)
{
    ngx_voiceagent_link_exit(&ngx_voiceagent_channels.link);
}


void
ngx_voiceagent_channel_subscribe(ngx_voiceagent_channel_t *channel)
{
    va_str_t                    args[2];
    ngx_voiceagent_channels_t  *vc;

    vc = &ngx_voiceagent_channels;

    channel->ready = 0;
    channel->name.node.key = ngx_crc32_long(channel->name.str.data,
                                            channel->name.str.len);

    ngx_queue_insert_tail(&vc->channels, &channel->queue);
    ngx_rbtree_insert(&vc->names, &channel->name.node);

    if (vc->link.state == NGX_VOICEAGENT_LINK_UP) {
        args[0] = VA_STR("SUBSCRIBE");
        args[1] = ngx_voiceagent_va(&channel->name.str);

        (void) ngx_voiceagent_link_put(&vc->link, args, 2);
    }
}


void
ngx_voiceagent_channel_unsubscribe(ngx_voiceagent_channel_t *channel)
{
    va_str_t                    args[2];
    ngx_voiceagent_channels_t  *vc;

    vc = &ngx_voiceagent_channels;

    ngx_queue_remove(&channel->queue);
    ngx_rbtree_delete(&vc->names, &channel->name.node);

    if (vc->link.state == NGX_VOICEAGENT_LINK_UP) {
        args[0] = VA_STR("UNSUBSCRIBE");
        args[1] = ngx_voiceagent_va(&channel->name.str);

        (void) ngx_voiceagent_link_put(&vc->link, args, 2);
    }
}


/*
 * Once a second.  An idle channel is tried by publishing to ourselves: that
 * proves the way a reply takes, a connection of the commands' and Redis.
 */

void
ngx_voiceagent_channels_tick(void)
{
    va_str_t                    args[3];
    ngx_queue_t                *q;
    ngx_voiceagent_channel_t   *channel;
    ngx_voiceagent_channels_t  *vc;

    vc = &ngx_voiceagent_channels;

    if (vc->link.conf == NULL
        || ngx_queue_empty(&vc->channels)
        || !ngx_voiceagent_redis_up()
        || vc->link.state != NGX_VOICEAGENT_LINK_UP)
    {
        return;
    }

    if (vc->beat
        && (ngx_msec_int_t) (vc->heard - vc->beat) < 0
        && ngx_current_msec - vc->beat > vc->link.conf->timeout)
    {
        vc->beat = 0;
        ngx_voiceagent_link_fail(&vc->link, "is silent");
        return;
    }

    if (ngx_current_msec - vc->heard < NGX_VOICEAGENT_CHANNEL_HEARTBEAT
        || ngx_current_msec - vc->beat < NGX_VOICEAGENT_CHANNEL_HEARTBEAT)
    {
        return;
    }

    q = ngx_queue_head(&vc->channels);
    channel = ngx_queue_data(q, ngx_voiceagent_channel_t, queue);

    args[0] = VA_STR("PUBLISH");
    args[1] = ngx_voiceagent_va(&channel->name.str);
    args[2] = VA_STR("");

    if (ngx_voiceagent_redis_send(NGX_VOICEAGENT_PLAIN, VA_STR_NULL, args, 3, 0,
                                  NULL, NULL)
        != NULL)
    {
        vc->beat = ngx_current_msec;
    }
}


static void
ngx_voiceagent_channel_start(ngx_voiceagent_link_t *link)
{
    va_str_t                    args[2];
    ngx_queue_t                *q;
    ngx_voiceagent_channel_t   *channel;
    ngx_voiceagent_channels_t  *vc;

    vc = &ngx_voiceagent_channels;

    if (ngx_voiceagent_link_login(link) != NGX_OK) {
        return;
    }

    for (q = ngx_queue_head(&vc->channels);
         q != ngx_queue_sentinel(&vc->channels);
         q = ngx_queue_next(q))
    {
        channel = ngx_queue_data(q, ngx_voiceagent_channel_t, queue);

        channel->ready = 0;

        args[0] = VA_STR("SUBSCRIBE");
        args[1] = ngx_voiceagent_va(&channel->name.str);

        if (ngx_voiceagent_link_put(link, args, 2) != NGX_OK) {
            return;
        }
    }
}


/* what is published until it is connected again is not heard */

static void
ngx_voiceagent_channel_failed(ngx_voiceagent_link_t *link)
{
    ngx_queue_t                *q;
    ngx_voiceagent_channel_t   *channel;
    ngx_voiceagent_channels_t  *vc;

    vc = &ngx_voiceagent_channels;

    for (q = ngx_queue_head(&vc->channels);
         q != ngx_queue_sentinel(&vc->channels);
         q = ngx_queue_next(q))
    {
        channel = ngx_queue_data(q, ngx_voiceagent_channel_t, queue);

        channel->ready = 0;
    }
}


static ngx_int_t
ngx_voiceagent_channel_reply(ngx_voiceagent_link_t *link, redisReply *reply)
{
    uint32_t                    hash;
    ngx_str_t                   name;
    redisReply                **e;
    ngx_str_node_t             *sn;
    ngx_voiceagent_channel_t   *channel;
    ngx_voiceagent_channels_t  *vc;

    vc = &ngx_voiceagent_channels;

    vc->heard = ngx_current_msec;

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_log_error(NGX_LOG_ERR, vc->link.log, 0,
                      "voiceagent: redis answered a subscription \"%s\"",
                      reply->str);
        return NGX_ERROR;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3
        || reply->element[0]->type != REDIS_REPLY_STRING
        || reply->element[1]->type != REDIS_REPLY_STRING)
    {
        return NGX_OK;
    }

    e = reply->element;

    name.data = (u_char *) e[1]->str;
    name.len = e[1]->len;

    hash = ngx_crc32_long(name.data, name.len);

    sn = ngx_str_rbtree_lookup(&vc->names, &name, hash);
    if (sn == NULL) {
        return NGX_OK;
    }

    channel = (ngx_voiceagent_channel_t *)
                  ((u_char *) sn - offsetof(ngx_voiceagent_channel_t, name));

    if (ngx_strcmp(e[0]->str, "subscribe") == 0) {
        channel->ready = 1;
        channel->on_ready(channel->data);
        return NGX_OK;
    }

    if (ngx_strcmp(e[0]->str, "message") == 0
        && e[2]->type == REDIS_REPLY_STRING
        && e[2]->len)
    {
        channel->on_message(channel->data, va_str(e[2]->str, e[2]->len));
    }

    return NGX_OK;
}
