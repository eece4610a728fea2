
/*
 * Copyright (C) voiceagent authors
 */


/*
 * The context of a request: made when first asked for, gone with the request or
 * with an internal redirect, and with it the verdict that it was let in.
 */


#include "ngx_voiceagent_module.h"


static void *ngx_voiceagent_palloc(void *ctx, size_t size);


ngx_voiceagent_ctx_t *
ngx_voiceagent_get_ctx(ngx_http_request_t *r)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    if (ctx == NULL) {
        ctx = ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_ctx_t));
        if (ctx == NULL) {
            return NULL;
        }

        ngx_voiceagent_mem(&ctx->mem, r->pool);

        ngx_http_set_ctx(r, ctx, ngx_voiceagent_module);
    }

    return ctx;
}


ngx_uint_t
ngx_voiceagent_passed(ngx_http_request_t *r)
{
    ngx_voiceagent_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_voiceagent_module);

    return r == r->main && ctx != NULL && ctx->passed;
}


void
ngx_voiceagent_mem(va_alloc_t *mem, ngx_pool_t *pool)
{
    mem->alloc = ngx_voiceagent_palloc;
    mem->ctx = pool;
}


static void *
ngx_voiceagent_palloc(void *ctx, size_t size)
{
    return ngx_palloc(ctx, size);
}
