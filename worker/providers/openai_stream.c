#include "worker/providers/openai_stream.h"

#include "core/json.h"

#define BASE_URL "https://api.openai.com/v1"
#define MAX_LINE (256 << 10)

static const va_json_limits_t limits = {MAX_LINE, 32, 20000};

/* ---------------------------------------------------------------- request */

const char *wk_openai_chat_url(wk_arena_t *a, const wk_config_t *config)
{
    const char *base = config->openai_base_url;
    return wk_printf(a, "%s/chat/completions", base != NULL ? base : BASE_URL).data;
}

static void put_schema(va_json_writer_t *w, const wk_openai_chat_t *chat)
{
    va_json_key(w, "response_format");
    va_json_object(w);
    va_json_add_c(w, "type", "json_schema");
    va_json_key(w, "json_schema");
    va_json_object(w);
    va_json_add_c(w, "name", chat->schema_name);
    va_json_add_bool(w, "strict", true);
    va_json_key(w, "schema");
    va_json_put_raw(w, chat->schema);
    va_json_object_end(w);
    va_json_object_end(w);
}

va_str_t wk_openai_body(wk_arena_t *a, const wk_config_t *config, const wk_openai_chat_t *chat)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 8192);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_c(w, "model", chat->model != NULL ? chat->model : config->openai_model);
    va_json_key(w, "messages");
    va_json_put_raw(w, chat->messages);
    if (chat->tools.data != NULL) {
        va_json_key(w, "tools");
        va_json_put_raw(w, chat->tools);
    }
    if (chat->schema.data != NULL) {
        put_schema(w, chat);
    }
    if (chat->max_tokens > 0) {
        va_json_add_int(w, "max_completion_tokens", chat->max_tokens);
    }
    va_json_add_bool(w, "stream", true);
    va_json_key(w, "stream_options");
    va_json_object(w);
    va_json_add_bool(w, "include_usage", true);
    va_json_object_end(w);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

static void put_function(va_json_writer_t *w, const va_json_t *function)
{
    va_json_object(w);
    va_json_add_c(w, "type", "function");
    va_json_key(w, "function");
    va_json_object(w);
    va_json_add_str(w, "name", va_json_get_string(function, "name"));
    va_json_add_str(w, "description", va_json_get_string(function, "description"));
    va_json_key(w, "parameters");
    va_json_put_value(w, va_json_get(function, "parameters"));
    va_json_object_end(w);
    va_json_object_end(w);
}

va_str_t wk_openai_tools(wk_arena_t *a, va_str_t functions)
{
    va_buf_t text;
    const va_json_t *list = NULL;
    (void)va_json_parse(wk_mem(a), functions, &limits, &list);
    const va_json_t *function = va_json_is(list, VA_JSON_ARRAY) ? list->first : NULL;
    if (function == NULL) {
        return VA_STR_NULL; /* an empty list is refused */
    }
    va_buf_init(&text, wk_mem(a), functions.len + 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (; function != NULL; function = function->next) {
        put_function(w, function);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* ---------------------------------------------------------------- stream */

void wk_openai_stream_init(wk_openai_stream_t *s, wk_arena_t *a, wk_openai_text_fn on_text,
                           void *ctx)
{
    *s = (wk_openai_stream_t){.a = a, .on_text = on_text, .on_text_ctx = ctx};
    va_buf_init(&s->line, wk_mem(a), 1024);
    s->line.max = MAX_LINE;
    va_buf_init(&s->text, wk_mem(a), 512);
}

/* id and name come with the first piece of an index, arguments in pieces. */
static void take_call(wk_openai_stream_t *s, const va_json_t *delta)
{
    int64_t index = 0;
    const va_json_t *function = va_json_get(delta, "function");
    if (!va_json_int(va_json_get(delta, "index"), &index) || index < 0 ||
        index >= WK_OPENAI_CALLS) {
        s->broken = true;
        return;
    }
    while (s->n_calls <= (size_t)index) {
        va_buf_init(&s->calls[s->n_calls++].arguments, wk_mem(s->a), 128);
    }
    wk_openai_call_stream_t *call = &s->calls[index];
    va_str_t id = va_json_get_string(delta, "id"), name = va_json_get_string(function, "name");
    call->id = id.len > 0 ? id : call->id;
    call->name = name.len > 0 ? name : call->name;
    va_buf_add_str(&call->arguments, va_json_get_string(function, "arguments"));
}

static void take_text(wk_openai_stream_t *s, va_str_t piece)
{
    if (piece.len == 0) {
        return;
    }
    va_buf_add_str(&s->text, piece);
    if (s->on_text != NULL && !s->on_text(s->on_text_ctx, piece)) {
        s->stopped = true;
    }
}

static void take_choice(wk_openai_stream_t *s, const va_json_t *choice)
{
    const va_json_t *delta = va_json_get(choice, "delta");
    const va_json_t *calls = va_json_get(delta, "tool_calls");
    const va_json_t *call = va_json_is(calls, VA_JSON_ARRAY) ? calls->first : NULL;
    va_str_t finish = va_json_get_string(choice, "finish_reason");
    for (; call != NULL; call = call->next) {
        take_call(s, call);
    }
    take_text(s, va_json_get_string(delta, "content"));
    take_text(s, va_json_get_string(delta, "refusal"));
    s->finish = finish.data != NULL ? finish : s->finish;
}

static void take_chunk(wk_openai_stream_t *s, va_str_t json)
{
    const va_json_t *chunk;
    if (va_json_parse(wk_mem(s->a), json, &limits, &chunk) != VA_OK) {
        s->broken = true;
        return;
    }
    const va_json_t *error = va_json_get(chunk, "error"), *usage = va_json_get(chunk, "usage");
    const va_json_t *choices = va_json_get(chunk, "choices");
    if (va_json_is(error, VA_JSON_OBJECT)) {
        va_str_t code = va_json_get_string(error, "code");
        s->problem = code.len > 0 ? code : VA_STR("error");
        return;
    }
    if (va_json_is(choices, VA_JSON_ARRAY) && choices->first != NULL) {
        take_choice(s, choices->first);
    }
    (void)va_json_int(va_json_get(usage, "prompt_tokens"), &s->in);
    (void)va_json_int(va_json_get(usage, "completion_tokens"), &s->out);
}

/* "data: {…}", "data: [DONE]"; comments and other fields mean nothing here. */
static void take_line(wk_openai_stream_t *s, va_str_t line)
{
    if (line.len > 0 && line.data[line.len - 1] == '\r') {
        line.len--;
    }
    if (line.len < 5 || memcmp(line.data, "data:", 5) != 0) {
        return;
    }
    size_t from = line.len > 5 && line.data[5] == ' ' ? 6 : 5;
    va_str_t data = va_str(line.data + from, line.len - from);
    if (va_str_eq(data, VA_STR("[DONE]"))) {
        s->done = true;
    } else if (data.len > 0) {
        take_chunk(s, data);
    }
}

bool wk_openai_stream_take(wk_openai_stream_t *s, va_str_t piece)
{
    while (piece.len > 0) {
        const char *end = memchr(piece.data, '\n', piece.len);
        size_t len = end != NULL ? (size_t)(end - piece.data) : piece.len;
        va_buf_add(&s->line, piece.data, len);
        if (end == NULL) {
            break;
        }
        take_line(s, s->line.status == VA_OK ? va_str(s->line.data, s->line.len) : VA_STR(""));
        s->line.len = 0;
        piece = va_str(end + 1, piece.len - len - 1);
    }
    s->broken = s->broken || s->line.status != VA_OK || s->text.status != VA_OK;
    return !s->broken && !s->stopped && s->problem.data == NULL;
}

bool wk_openai_stream_end(const wk_openai_stream_t *s, wk_openai_answer_t *answer)
{
    *answer = (wk_openai_answer_t){.text = va_buf_str(&s->text),
                                   .n_calls = s->n_calls,
                                   .finish = s->finish,
                                   .in = s->in,
                                   .out = s->out};
    for (size_t i = 0; i < s->n_calls; i++) {
        const wk_openai_call_stream_t *call = &s->calls[i];
        if (call->id.len == 0 || call->name.len == 0) {
            return false;
        }
        answer->calls[i] =
            (wk_openai_call_t){call->id, call->name, va_buf_str(&call->arguments)};
    }
    return s->done && s->finish.data != NULL && answer->text.data != NULL;
}
