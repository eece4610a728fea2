#include "worker/chat_channels.h"

#include <stdlib.h>

#include "scripts.h"

static va_str_t key_of(wk_arena_t *a, va_str_t session)
{
    return wk_printf(a, "va:chat:{%.*s}", (int)session.len, session.data);
}

bool wk_chat_channels_add(wk_redis_t *r, wk_arena_t *a, va_str_t session, va_str_t connection,
                          int64_t last, int life_s, wk_error_t *e)
{
    va_str_t key = key_of(a, session);
    va_str_t args[] = {connection, wk_printf(a, "%lld", (long long)last),
                       wk_printf(a, "%d", life_s)};
    redisReply *reply = wk_redis_script(r, &wk_script_chat_listen, &key, 1, args, 3, e);
    freeReplyObject(reply);
    return reply != NULL || wk_error_wrap(e, "the channels of a chat");
}

bool wk_chat_channels_first(wk_redis_t *r, wk_arena_t *a, va_str_t session, int64_t *first,
                            bool *any, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("HVALS"), key_of(a, session)};
    redisReply *reply = wk_redis_command(r, 0, argv, 2, e);
    if (reply == NULL) {
        return wk_error_wrap(e, "the channels of a chat");
    }
    *any = reply->elements > 0;
    *first = INT64_MAX;
    for (size_t i = 0; i < reply->elements; i++) {
        int64_t last = strtoll(wk_redis_str(reply->element[i]).data, NULL, 10);
        *first = last < *first ? last : *first;
    }
    freeReplyObject(reply);
    return true;
}

bool wk_chat_channels_send(wk_redis_t *r, wk_arena_t *a, va_str_t session, int64_t after,
                           const wk_chat_message_t *messages, size_t n, wk_chat_sent_t *sent,
                           wk_error_t *e)
{
    va_str_t args[2 + 2 * WK_CHAT_MOST] = {VA_STR(WK_CHAT_PATIENCE_MS),
                                           wk_printf(a, "%lld", (long long)after)};
    size_t count = 2;
    for (size_t i = 0; i < n && i < WK_CHAT_MOST; i++) {
        args[count++] = messages[i].number;
        args[count++] = messages[i].text;
    }
    va_str_t key = key_of(a, session);
    va_str_t keys[] = {key, wk_printf(a, "%s:lost", key.data),
                       wk_printf(a, "%s:sent", key.data)};
    redisReply *reply = wk_redis_script(r, &wk_script_chat_push, keys, 3, args, count, e);
    if (reply == NULL) {
        return wk_error_wrap(e, "the channels of a chat");
    }
    bool ok = reply->type == REDIS_REPLY_ARRAY && reply->elements == 4;
    if (ok) {
        *sent = (wk_chat_sent_t){.highest = reply->element[0]->integer,
                                 .missed = reply->element[1]->integer,
                                 .behind = reply->element[2]->integer,
                                 .enough = reply->element[3]->integer == 1};
    }
    freeReplyObject(reply);
    return ok || wk_error(e, WK_INTERNAL, "Redis: chat_push: unexpected reply");
}

static bool publish(wk_redis_t *r, wk_arena_t *a, va_str_t connection, va_str_t text,
                    wk_error_t *e)
{
    va_str_t channel = wk_printf(a, "va:ws:%.*s", (int)connection.len, connection.data);
    va_str_t argv[] = {VA_STR("PUBLISH"), channel, text};
    redisReply *reply = wk_redis_command(r, 0, argv, 3, e);
    freeReplyObject(reply);
    return reply != NULL;
}

bool wk_chat_channels_tell(wk_redis_t *r, wk_arena_t *a, va_str_t session, va_str_t text,
                           wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("HKEYS"), key_of(a, session)};
    redisReply *reply = wk_redis_command(r, 0, argv, 2, e);
    bool ok = reply != NULL;
    for (size_t i = 0; ok && i < reply->elements; i++) {
        ok = publish(r, a, wk_redis_str(reply->element[i]), text, e);
    }
    freeReplyObject(reply);
    return ok || wk_error_wrap(e, "the channels of a chat");
}
