#include "worker/handlers/media_wish.h"

#include <string.h>

#include "worker/agent/message_reading.h"
#include "worker/store/media.h"

typedef struct {
    const wk_media_call_t *call;
    wk_media_wish_t *wish;
} look_t;

/* Tools that do once more what is asked for in other words. */
static bool is_of_words(const wk_tool_t *tool)
{
    static const char *const names[] = {"send_sms", "send_email", "take_message",
                                        "trigger_followup"};
    size_t i = 0, n = sizeof(names) / sizeof(*names);
    while (i < n && strcmp(tool->name, names[i]) != 0) {
        i++;
    }
    return i < n;
}

/* Absent: it is not told. */
static va_str_t answer_of(wk_arena_t *a, const va_json_t *body)
{
    int64_t epoch, answer;
    return va_json_int(va_json_get(body, "epoch"), &epoch) &&
                   va_json_int(va_json_get(body, "answer"), &answer)
               ? wk_printf(a, "%lld:%lld", (long long)epoch, (long long)answer)
               : VA_STR_NULL;
}

/* Nothing that could be a wish: he listens, agrees, thanks, or asks whether anybody is there.
 */
static bool only_answers(wk_arena_t *a, const wk_catalogue_t *c, va_str_t heard)
{
    static const char *const lists[] = {
        "talk.backchannel", "courtesy",          "intent.greeting",
        "intent.thanks",    "intent.yes",        "yes.word",
        "yes.filler",       "talk.who_is_there", NULL};
    wk_reading_t r = wk_read_message(a, c, NULL, heard);
    return r.words.count == 0 || wk_reading_is_only(a, c, &r, lists, false);
}

/* What he adds or corrects need not sound like a wish of its own: "and that I come at five". */
static bool asks_for_more(wk_tx_t *tx, const look_t *look, const va_json_t *heard)
{
    const va_json_t *said = va_json_is(heard, VA_JSON_ARRAY) ? heard->first : NULL;
    while (said != NULL &&
           only_answers(wk_tx_arena(tx), look->call->catalogue, va_json_string(said))) {
        said = said->next;
    }
    return said != NULL;
}

static bool look_back(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    wk_rows_t *row;
    const look_t *look = arg;
    wk_media_wish_t *wish = look->wish;
    va_str_t params[] = {look->call->caller.call, va_str_c(wish->tool->name), wish->answer};
    if (!wk_sql_last(tx, &wk_sql_media_wish, params, &row, e)) {
        return false;
    }
    wish->again = wk_rows_count(row) > 0 &&
                  !asks_for_more(tx, look, wk_cell_json(wk_tx_arena(tx), row, 0, "heard"));
    wish->once = wish->again ? wk_cell(row, 0, "once") : wish->once;
    return true;
}

bool wk_media_wish(wk_ctx_t *ctx, const wk_media_call_t *call, const wk_tool_t *tool,
                   wk_media_wish_t *wish, wk_error_t *e)
{
    look_t look = {call, wish};
    wk_arena_t *a = ctx->arena;
    bool knows = va_json_bool(va_json_get(call->body, "knows"), true);
    *wish = (wk_media_wish_t){
        .tool = tool,
        .once = wk_printf(a, "job:%.*s", (int)ctx->job->id.len, ctx->job->id.data),
        .answer = is_of_words(tool) ? answer_of(a, call->body) : VA_STR_NULL,
        .asked_ms = ctx->job->enqueued_ms};
    return wish->answer.data == NULL || knows ||
           wk_tx(ctx->db, a, ctx->job->org, 0, look_back, &look, e);
}

bool wk_media_wish_done(wk_tx_t *tx, const wk_media_call_t *call, const wk_media_wish_t *wish,
                        wk_error_t *e)
{
    va_str_t params[] = {call->caller.call, va_str_c(wish->tool->name), wish->once,
                         wish->answer,
                         wk_printf(wk_tx_arena(tx), "%lld", (long long)wish->asked_ms)};
    return wish->answer.data == NULL || wish->again ||
           wk_sql(tx, &wk_sql_media_wished, params, NULL, e);
}
