
/*
 * Copyright (C) voiceagent authors
 */


/*
 * Several pushes as one call of their script, which takes many: the queue's
 * prefix, what belongs to each, and what is the same for all of them.
 */


#include "ngx_voiceagent_commands.h"


/* what is a push's own: its id, document and key */

#define NGX_VOICEAGENT_BATCH_OWN                                              \
    (NGX_VOICEAGENT_PUSH_TTL - NGX_VOICEAGENT_PUSH_ID)

#define NGX_VOICEAGENT_BATCH_ARGS                                             \
    (3 + NGX_VOICEAGENT_REDIS_MAX_ARGS                                        \
     + (NGX_VOICEAGENT_BATCH_OPS - 1) * NGX_VOICEAGENT_BATCH_OWN)


ngx_uint_t
ngx_voiceagent_batch_fits(ngx_voiceagent_op_t *first, ngx_voiceagent_op_t *op)
{
    ngx_uint_t  i;

    if (first->script != NGX_VOICEAGENT_PUSH
        || op->script != NGX_VOICEAGENT_PUSH
        || first->nargs != op->nargs)
    {
        return 0;
    }

    for (i = 0; i < op->nargs; i++) {

        if ((i < NGX_VOICEAGENT_PUSH_ID || i >= NGX_VOICEAGENT_PUSH_TTL)
            && !va_str_eq(first->args[i], op->args[i]))
        {
            return 0;
        }
    }

    return 1;
}


ngx_int_t
ngx_voiceagent_batch_put(ngx_voiceagent_link_t *link,
    ngx_voiceagent_op_t *first)
{
    va_str_t              argv[NGX_VOICEAGENT_BATCH_ARGS];
    ngx_uint_t            i, n, shared;
    ngx_queue_t          *q;
    ngx_voiceagent_op_t  *op;

    n = 0;

    if (first->script != NGX_VOICEAGENT_PLAIN) {
        argv[n++] = first->resent ? VA_STR("EVAL") : VA_STR("EVALSHA");
        argv[n++] = first->resent ? ngx_voiceagent_script_text(first->script)
                                  : ngx_voiceagent_script_digest(first->script);
        argv[n++] = va_str((char *) first->nkeys, first->nkeys_len);
    }

    shared = first->count > 1 ? NGX_VOICEAGENT_PUSH_TTL : first->nargs;

    for (i = 0; i < shared; i++) {
        argv[n++] = first->args[i];
    }

    for (q = &first->queue, i = 1; i < first->count; i++) {
        q = ngx_queue_next(q);
        op = ngx_queue_data(q, ngx_voiceagent_op_t, queue);

        ngx_memcpy(&argv[n], &op->args[NGX_VOICEAGENT_PUSH_ID],
                   NGX_VOICEAGENT_BATCH_OWN * sizeof(va_str_t));
        n += NGX_VOICEAGENT_BATCH_OWN;
    }

    for (i = shared; i < first->nargs; i++) {
        argv[n++] = first->args[i];
    }

    return ngx_voiceagent_link_put(link, argv, n);
}


redisReply *
ngx_voiceagent_batch_answer(redisReply *reply, ngx_uint_t count,
    ngx_uint_t place)
{
    if (count == 1 || reply->type == REDIS_REPLY_ERROR) {
        return reply;
    }

    if (reply->type == REDIS_REPLY_STRING) {
        return ngx_strcmp(reply->str, "NEW") == 0 ? reply : NULL;
    }

    return reply->type == REDIS_REPLY_ARRAY && reply->elements == count
           ? reply->element[place] : NULL;
}
