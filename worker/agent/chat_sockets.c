#include "worker/agent/chat_sockets.h"

#include "worker/agent/chat_people.h"
#include "worker/chat_channels.h"
#include "worker/crash.h"
#include "worker/store/chat.h"

bool wk_chat_sockets_add(wk_ctx_t *ctx, va_str_t session, va_str_t connection, int64_t last,
                         wk_error_t *e)
{
    return wk_chat_channels_add(ctx->redis, ctx->arena, session, connection, last,
                                ctx->config->chat_session_s, e);
}

typedef struct {
    va_str_t session;
    int64_t after, upto;
    wk_rows_t *words;
} span_t;

static bool words_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    span_t *s = arg;
    return wk_chat_people_words(tx, s->session, s->after, INT32_MAX, &s->words, e);
}

static bool given_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    const span_t *s = arg;
    return wk_chat_people_given(tx, s->session, s->upto, e);
}

static bool write_message(wk_arena_t *a, const wk_rows_t *words, size_t row, va_str_t *text,
                          wk_error_t *e)
{
    va_buf_t out;
    va_buf_init(&out, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&out);
    va_json_object(w);
    va_json_add_c(w, "type", "message");
    wk_chat_people_put(w, words, row);
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "chat: a message cannot be written");
    }
    *text = va_buf_str(&out);
    return true;
}

static bool send(wk_ctx_t *ctx, const span_t *s, wk_chat_sent_t *sent, wk_error_t *e)
{
    wk_chat_message_t messages[WK_CHAT_MOST];
    size_t n = wk_rows_count(s->words);
    for (size_t i = 0; i < n; i++) {
        messages[i].number = wk_cell(s->words, i, "position");
        if (!write_message(ctx->arena, s->words, i, &messages[i].text, e)) {
            return false;
        }
    }
    return wk_chat_channels_send(ctx->redis, ctx->arena, s->session, s->after, messages, n,
                                 sent, e);
}

/* One that came after the reading is served by the next round: that begins where it is. */
static bool is_more(const span_t *s, const wk_chat_sent_t *sent)
{
    return !sent->enough &&
           (sent->behind > 0 || (wk_rows_count(s->words) == WK_CHAT_MOST && sent->missed == 0));
}

bool wk_chat_sockets_push(wk_ctx_t *ctx, va_str_t organization, va_str_t session, bool *left,
                          wk_error_t *e)
{
    bool any;
    wk_chat_sent_t sent;
    span_t s = {.session = session};
    *left = false;
    do {
        if (!wk_chat_channels_first(ctx->redis, ctx->arena, session, &s.after, &any, e)) {
            return false;
        }
        if (!any) {
            return true;
        }
        if (!wk_tx(ctx->db, ctx->arena, organization, 0, words_tx, &s, e)) {
            return false;
        }
        wk_crash_point("chat.read");
        if (!send(ctx, &s, &sent, e)) {
            return false;
        }
        *left = sent.missed > 0 || sent.enough;
        s.upto = sent.highest;
        wk_crash_point("chat.published");
        if (s.upto > 0 && !wk_tx(ctx->db, ctx->arena, organization, 0, given_tx, &s, e)) {
            return false;
        }
    } while (is_more(&s, &sent));
    return true;
}

typedef struct {
    va_str_t session;
    wk_rows_t *rows;
} state_t;

static bool state_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    state_t *s = arg;
    return wk_sql(tx, &wk_sql_chat_people, &s->session, &s->rows, e);
}

bool wk_chat_sockets_tell(wk_ctx_t *ctx, va_str_t organization, va_str_t session, wk_error_t *e)
{
    state_t s = {.session = session};
    if (!wk_tx(ctx->db, ctx->arena, organization, 0, state_tx, &s, e)) {
        return false;
    }
    if (wk_rows_count(s.rows) == 0) {
        return true;
    }
    va_str_t text = wk_cell_bool(s.rows, 0, "held")
                        ? VA_STR("{\"type\":\"person\",\"person\":true}")
                        : VA_STR("{\"type\":\"person\",\"person\":false}");
    return wk_chat_channels_tell(ctx->redis, ctx->arena, session, text, e);
}
