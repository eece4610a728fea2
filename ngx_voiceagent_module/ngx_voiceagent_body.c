
/*
 * Copyright (C) voiceagent authors
 */


/*
 * The body of a request, which may stand in several buffers and in a temporary
 * file: as pieces, for a digest over all of it, or as one string where it is
 * small enough to be parsed.
 */


#include "ngx_voiceagent_module.h"


#define NGX_VOICEAGENT_BODY_WINDOW  16384


static void ngx_voiceagent_body_rewind(void *ctx);
static va_status_t ngx_voiceagent_body_next(void *ctx, va_str_t *piece);
static ngx_int_t ngx_voiceagent_body_copy(ngx_http_request_t *r, u_char *to,
    size_t size);


void
ngx_voiceagent_body_init(ngx_voiceagent_body_t *b, ngx_http_request_t *r)
{
    b->request = r;
    b->window = NULL;
    b->body.ctx = b;
    b->body.length = (size_t) ngx_voiceagent_body_length(r);
    b->body.rewind = ngx_voiceagent_body_rewind;
    b->body.next = ngx_voiceagent_body_next;

    ngx_voiceagent_body_rewind(b);
}


static void
ngx_voiceagent_body_rewind(void *ctx)
{
    ngx_voiceagent_body_t  *b = ctx;

    ngx_http_request_t  *r;

    r = b->request;

    b->next = r->request_body ? r->request_body->bufs : NULL;
    b->offset = 0;
}


static va_status_t
ngx_voiceagent_body_next(void *ctx, va_str_t *piece)
{
    ngx_voiceagent_body_t  *b = ctx;

    off_t       rest;
    size_t      size;
    ssize_t     n;
    ngx_buf_t  *buf;

    *piece = VA_STR("");

    for ( /* void */ ; b->next; b->next = b->next->next, b->offset = 0) {

        buf = b->next->buf;

        if (ngx_buf_in_memory(buf)) {
            if (buf->pos == buf->last) {
                continue;
            }

            *piece = va_str((char *) buf->pos, buf->last - buf->pos);
            b->next = b->next->next;

            return VA_OK;
        }

        rest = buf->file_last - buf->file_pos - b->offset;

        if (!buf->in_file || rest == 0) {
            continue;
        }

        if (b->window == NULL) {
            b->window = ngx_pnalloc(b->request->pool,
                                    NGX_VOICEAGENT_BODY_WINDOW);
            if (b->window == NULL) {
                return VA_ENOMEM;
            }
        }

        size = (size_t) ngx_min(rest, NGX_VOICEAGENT_BODY_WINDOW);

        n = ngx_read_file(buf->file, b->window, size,
                          buf->file_pos + b->offset);

        if (n <= 0) {
            return VA_ESYNTAX;
        }

        b->offset += n;
        *piece = va_str((char *) b->window, n);

        return VA_OK;
    }

    return VA_OK;
}


off_t
ngx_voiceagent_body_length(ngx_http_request_t *r)
{
    off_t         length;
    ngx_chain_t  *cl;

    length = 0;

    if (r->request_body) {
        for (cl = r->request_body->bufs; cl; cl = cl->next) {
            length += ngx_buf_size(cl->buf);
        }
    }

    return length;
}


/* the whole body as ctx->body: points into nginx's buffer when there is one */

ngx_int_t
ngx_voiceagent_body_collect(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    size_t        size;
    u_char       *p;
    ngx_chain_t  *cl;

    if (ctx->body_ready) {
        return NGX_OK;
    }

    size = (size_t) ngx_voiceagent_body_length(r);
    cl = r->request_body ? r->request_body->bufs : NULL;

    if (cl && cl->next == NULL && ngx_buf_in_memory(cl->buf)) {
        ctx->body.data = cl->buf->pos;

    } else {
        p = ngx_pnalloc(r->pool, size + 1);
        if (p == NULL || ngx_voiceagent_body_copy(r, p, size) != NGX_OK) {
            return NGX_ERROR;
        }

        ctx->body.data = p;
    }

    ctx->body.len = size;
    ctx->body_ready = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_body_copy(ngx_http_request_t *r, u_char *to, size_t size)
{
    size_t                 n;
    va_str_t               piece;
    ngx_voiceagent_body_t  b;

    ngx_voiceagent_body_init(&b, r);

    while (size) {

        if (b.body.next(&b, &piece) != VA_OK || piece.len == 0) {
            return NGX_ERROR;
        }

        n = ngx_min(piece.len, size);
        to = ngx_cpymem(to, piece.data, n);
        size -= n;
    }

    return NGX_OK;
}


ngx_int_t
ngx_voiceagent_body_head(ngx_http_request_t *r, size_t limit, va_str_t *head)
{
    u_char       *p;
    size_t        size;
    ngx_chain_t  *cl;

    size = (size_t) ngx_min(ngx_voiceagent_body_length(r), (off_t) limit);
    cl = r->request_body ? r->request_body->bufs : NULL;

    if (cl && ngx_buf_in_memory(cl->buf)
        && (size_t) (cl->buf->last - cl->buf->pos) >= size)
    {
        *head = va_str((char *) cl->buf->pos, size);
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, size + 1);
    if (p == NULL || ngx_voiceagent_body_copy(r, p, size) != NGX_OK) {
        return NGX_ERROR;
    }

    *head = va_str((char *) p, size);

    return NGX_OK;
}


ngx_int_t
ngx_voiceagent_body_sha256(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    u_char                 digest[32];
    ngx_voiceagent_body_t  b;

    if (ctx->sha256.len) {
        return NGX_OK;
    }

    ngx_voiceagent_body_init(&b, r);

    if (va_body_sha256(&b.body, digest) != VA_OK) {
        return NGX_ERROR;
    }

    return ngx_voiceagent_body_hashed(r, ctx, digest);
}


ngx_int_t
ngx_voiceagent_body_hashed(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    const u_char digest[32])
{
    ctx->sha256.data = ngx_pnalloc(r->pool, 64);
    if (ctx->sha256.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(ctx->sha256.data, (u_char *) digest, 32);
    ctx->sha256.len = 64;

    return NGX_OK;
}


/* a body that is no form is an empty one */

ngx_int_t
ngx_voiceagent_body_form(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx)
{
    va_status_t  rc;

    if (ctx->form_ready) {
        return NGX_OK;
    }

    if (ngx_voiceagent_body_collect(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = va_form_parse(&ctx->mem, ngx_voiceagent_va(&ctx->body), &ctx->form);

    if (rc == VA_ENOMEM) {
        return NGX_ERROR;
    }

    if (rc != VA_OK) {
        ngx_memzero(&ctx->form, sizeof(va_form_t));
    }

    ctx->form_ready = 1;

    return NGX_OK;
}
