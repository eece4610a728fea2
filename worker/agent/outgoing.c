#include "worker/agent/outgoing.h"

#include "worker/json.h"

static bool push(wk_tx_t *tx, wk_queue_t queue, const char *type, va_str_t key, va_str_t dedup,
                 wk_error_t *e)
{
    va_buf_t text;
    va_json_writer_t *w = wk_json_begin(wk_tx_arena(tx), &text);
    va_json_add_str(w, "key", key);
    return wk_outbox_job(tx, queue, type, wk_tx_organization(tx), key, dedup,
                         wk_json_end(w, &text), e);
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
    va_json_writer_t *w = wk_json_begin(a, &text);
    va_json_add_c(w, "code", failure->detail);
    va_json_add_c(w, "message", failure->text);
    return wk_json_end(w, &text);
}
