#include "worker/agent/chat_people.h"

#include "worker/chat_channels.h"
#include "worker/outbox.h"
#include "worker/store/chat.h"

bool wk_chat_people_read(wk_tx_t *tx, va_str_t session, wk_chat_people_t *people, wk_error_t *e)
{
    wk_rows_t *rows;
    if (!wk_sql_later(tx, &wk_sql_chat_lock, &session, e) ||
        !wk_sql(tx, &wk_sql_chat_people, &session, &rows, e)) {
        return wk_error_wrap(e, "chat");
    }
    *people = (wk_chat_people_t){.held = wk_cell_bool(rows, 0, "held"),
                                 .said = wk_cell_int(rows, 0, "said", 0),
                                 .told = wk_cell_int(rows, 0, "told", 0),
                                 .joins = wk_cell_int(rows, 0, "joins", 0)};
    return true;
}

bool wk_chat_people_write(wk_tx_t *tx, va_str_t session, va_str_t text, va_str_t user,
                          va_str_t key, va_str_t *message, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {session, text, user, key};
    if (!wk_sql(tx, &wk_sql_chat_write, params, &rows, e)) {
        return wk_error_wrap(e, "chat");
    }
    *message = wk_cell(rows, 0, "id");
    return wk_chat_people_push(tx, session, e);
}

bool wk_chat_people_push(wk_tx_t *tx, va_str_t session, wk_error_t *e)
{
    return wk_outbox_job_of(tx, WK_REALTIME, "chat.push", "session", session, VA_STR_NULL,
                            VA_STR_NULL, e);
}

bool wk_chat_people_changed(wk_tx_t *tx, va_str_t session, wk_error_t *e)
{
    va_str_t serial =
        wk_printf(wk_tx_arena(tx), "chat.person:%.*s", (int)session.len, session.data);
    return wk_outbox_job_of(tx, WK_REALTIME, "chat.person", "session", session, serial,
                            VA_STR_NULL, e);
}

bool wk_chat_people_words(wk_tx_t *tx, va_str_t session, int64_t after, int64_t upto,
                          wk_rows_t **words, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t params[] = {session, wk_printf(a, "%lld", (long long)after),
                         wk_printf(a, "%lld", (long long)upto),
                         wk_printf(a, "%d", WK_CHAT_MOST)};
    return wk_sql(tx, &wk_sql_chat_words, params, words, e) || wk_error_wrap(e, "chat");
}

bool wk_chat_people_given(wk_tx_t *tx, va_str_t session, int64_t upto, wk_error_t *e)
{
    va_str_t params[] = {session, wk_printf(wk_tx_arena(tx), "%lld", (long long)upto)};
    return wk_sql(tx, &wk_sql_chat_given, params, NULL, e) || wk_error_wrap(e, "chat");
}

void wk_chat_people_put(va_json_writer_t *w, const wk_rows_t *words, size_t row)
{
    va_json_add_int(w, "number", wk_cell_int(words, row, "position", 0));
    va_json_add_str(w, "id", wk_cell(words, row, "id"));
    va_json_add_str(w, "message", wk_cell(words, row, "content"));
    va_json_add_str(w, "at", wk_cell(words, row, "said_at"));
}
