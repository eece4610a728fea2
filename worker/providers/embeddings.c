#include "worker/providers/embeddings.h"

#include "core/json.h"
#include "worker/clock.h"
#include "worker/metrics.h"
#include "worker/providers/openai_error.h"

#define BASE_URL  "https://api.openai.com/v1"
#define MAX_BYTES (4 << 20)
#define MOST      4096 /* numbers of a vector */

static const va_json_limits_t limits = {MAX_BYTES, 8, WK_EMBEDDINGS_MAX *(MOST + 8)};

bool wk_embeddings_configured(const wk_config_t *config)
{
    return config->openai_api_key != NULL && config->openai_embedding_model != NULL;
}

static va_str_t body_of(wk_ctx_t *ctx, const va_str_t *texts, size_t n)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 1024);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_c(w, "model", ctx->config->openai_embedding_model);
    va_json_add_c(w, "encoding_format", "float");
    va_json_key(w, "input");
    va_json_array(w);
    for (size_t i = 0; i < n; i++) {
        va_json_put_str(w, texts[i]);
    }
    va_json_array_end(w);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* The numbers as they were written; absent when something else is among them. */
static va_str_t vector_of(wk_arena_t *a, const va_json_t *list)
{
    va_buf_t text;
    if (!va_json_is(list, VA_JSON_ARRAY) || list->count == 0 || list->count > MOST) {
        return VA_STR_NULL;
    }
    va_buf_init(&text, wk_mem(a), 16 * list->count);
    for (const va_json_t *n = list->first; n != NULL; n = n->next) {
        double value;
        if (!va_json_double(n, &value)) {
            return VA_STR_NULL;
        }
        va_buf_add_char(&text, n == list->first ? '{' : ',');
        va_buf_add_str(&text, va_json_scalar(n));
    }
    va_buf_add_char(&text, '}');
    return va_buf_str(&text);
}

/* Each says which of the texts it is of. */
static bool read_vectors(wk_ctx_t *ctx, va_str_t body, size_t n, va_str_t *vectors,
                         wk_error_t *e)
{
    const va_json_t *root = NULL, *data;
    size_t found = 0;
    (void)va_json_parse(wk_mem(ctx->arena), body, &limits, &root);
    data = va_json_get(root, "data");
    memset(vectors, 0, n * sizeof(*vectors));
    const va_json_t *item = va_json_is(data, VA_JSON_ARRAY) ? data->first : NULL;
    for (; item != NULL; item = item->next) {
        int64_t index = -1;
        (void)va_json_int(va_json_get(item, "index"), &index);
        if (index >= 0 && (size_t)index < n && vectors[index].data == NULL) {
            vectors[index] = vector_of(ctx->arena, va_json_get(item, "embedding"));
            found += vectors[index].data != NULL;
        }
    }
    return found == n ||
           wk_error(e, WK_UNAVAILABLE, "embeddings: the answer is not what was asked for");
}

static bool ask(wk_ctx_t *ctx, const va_str_t *texts, size_t n, int timeout_ms,
                wk_http_response_t *res, wk_error_t *e)
{
    const char *base = ctx->config->openai_base_url;
    const char *headers[] = {
        "Content-Type: application/json",
        wk_printf(ctx->arena, "Authorization: Bearer %s", ctx->config->openai_api_key).data,
        NULL};
    wk_http_request_t req = {
        .method = "POST",
        .url = wk_printf(ctx->arena, "%s/embeddings", base != NULL ? base : BASE_URL).data,
        .headers = headers,
        .body = body_of(ctx, texts, n),
        .timeout_ms = timeout_ms,
        .max_bytes = MAX_BYTES};
    if (req.body.data == NULL) {
        return wk_error(e, WK_INTERNAL, "embeddings: the request cannot be written");
    }
    if (!wk_http(ctx->http, ctx->arena, &req, res, e)) {
        /* Nothing is changed by asking: whatever became of it, it may be asked again. */
        e->code = e->code == WK_UNKNOWN ? WK_UNAVAILABLE : e->code;
        return wk_error_wrap(e, "embeddings");
    }
    return (res->status >= 200 && res->status < 300) || wk_openai_refused(ctx, res, e);
}

bool wk_embeddings(wk_ctx_t *ctx, const va_str_t *texts, size_t n, int timeout_ms,
                   va_str_t *vectors, wk_error_t *e)
{
    wk_http_response_t res;
    int64_t began = wk_monotonic_ms();
    if (!wk_embeddings_configured(ctx->config)) {
        return wk_error(e, WK_INTERNAL, "embeddings: no key or no model is configured");
    }
    bool ok =
        ask(ctx, texts, n, timeout_ms, &res, e) && read_vectors(ctx, res.body, n, vectors, e);
    wk_count("voiceagent_embeddings_requests_total", "outcome",
             va_str_c(ok ? "answered" : wk_code_name(e->code)), NULL, VA_STR_NULL, 1);
    wk_observe_ms("voiceagent_embeddings_seconds", NULL, VA_STR_NULL,
                  wk_monotonic_ms() - began);
    return ok;
}
