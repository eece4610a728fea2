#include "worker/agent/outgoing.h"

static va_str_t written(va_json_writer_t *w, const va_buf_t *text)
{
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(text) : VA_STR_NULL;
}

static va_json_writer_t *begin(wk_arena_t *a, va_buf_t *text)
{
    va_buf_init(text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(text);
    va_json_object(w);
    return w;
}

static bool push(wk_tx_t *tx, wk_queue_t queue, const char *type, va_str_t key, va_str_t dedup,
                 wk_error_t *e)
{
    va_buf_t text;
    va_json_writer_t *w = begin(wk_tx_arena(tx), &text);
    va_json_add_str(w, "key", key);
    return wk_outbox_job(tx, queue, type, wk_tx_organization(tx), key, dedup, written(w, &text),
                         e);
}

bool wk_outgoing_later(wk_tx_t *tx, wk_queue_t queue, const char *type, va_str_t key,
                       wk_error_t *e)
{
    return push(tx, queue, type, key, key, e);
}

bool wk_outgoing_anew(wk_tx_t *tx, wk_queue_t queue, const char *type, va_str_t key,
                      wk_error_t *e)
{
    return push(tx, queue, type, key, VA_STR_NULL, e);
}

va_str_t wk_outgoing_failure(wk_arena_t *a, const wk_error_t *failure)
{
    va_buf_t text;
    va_json_writer_t *w = begin(a, &text);
    va_json_add_c(w, "code", failure->detail);
    va_json_add_c(w, "message", failure->text);
    return written(w, &text);
}
