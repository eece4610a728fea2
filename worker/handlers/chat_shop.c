/*
 * chat.shop: what a page shows of a shop before its visitor has written anything: whose chat it
 * is, and how it greets. Asked for with the key and the origin that a message would need.
 */
#include "worker/handlers/chat_page.h"
#include "worker/handlers/chat_session.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/store/chat.h"

typedef struct {
    wk_ctx_t *ctx;
    wk_chat_request_t request;
    wk_chat_session_t session;
    wk_rows_t *rows;
} face_t;

static bool read_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    face_t *f = arg;
    va_str_t maker = va_str_c(f->ctx->config->signup_product);
    return wk_chat_let_in(tx, &f->request, &f->session, e) &&
           wk_sql(tx, &wk_sql_chat_face, &maker, &f->rows, e);
}

static bool read_face(face_t *f, wk_error_t *e)
{
    wk_ctx_t *ctx = f->ctx;
    va_str_t organization = VA_STR_NULL;
    if (!wk_chat_read_address(ctx, &f->request, e)) {
        return false;
    }
    return wk_chat_tx(ctx, &f->request, wk_request_deadline_ms(ctx), read_tx, f, &organization,
                      e) &&
           (organization.data != NULL || wk_chat_refuse_key(e));
}

static wk_outcome_t tell(face_t *f, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_json_writer_t *w = wk_reply_begin(f->ctx, &doc);
    va_json_key(w, "shop");
    va_json_put_raw(w, wk_cell(f->rows, 0, "item"));
    return wk_reply_end(f->ctx, &doc, 200, reply, e);
}

wk_outcome_t wk_chat_shop(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    face_t f = {.ctx = ctx};
    wk_outcome_t outcome =
        read_face(&f, e) ? tell(&f, reply, e) : wk_reply_error(ctx, reply, e);
    if (f.session.let_in) {
        wk_chat_page_may_read(ctx, reply, f.request.origin);
    }
    return outcome;
}
