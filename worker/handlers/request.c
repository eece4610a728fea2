#define _GNU_SOURCE /* memmem */
#include "worker/handlers/request.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "worker/handlers/reply.h"

/* A request's JSON: nginx passes on 1 MiB at most, and nobody writes deeper by hand. */
static const va_json_limits_t json_limits = {1 << 20, 16, 20000};

bool wk_request_is_read(const wk_ctx_t *ctx)
{
    const wk_handler_t *handler = wk_handler_find(ctx->job->type);
    return handler != NULL && handler->kind == WK_READ;
}

int64_t wk_request_deadline_ms(const wk_ctx_t *ctx)
{
    return wk_request_is_read(ctx) ? ctx->job->deadline_ms : 0;
}

/* ---------------------------------------------------------------- path, headers */

bool wk_request_path(const va_job_t *job, wk_error_t *e)
{
    static const char replaced[] =
        "\xef\xbf\xbd"; /* as a job's JSON has what is no character */
    va_str_t path = job->http_uri;
    bool is_text = va_utf8_valid(path) &&
                   (path.len == 0 || memmem(path.data, path.len, replaced, 3) == NULL);
    return is_text || wk_refuse(e, WK_R_BAD_REQUEST, "The path is not text in UTF-8.");
}

va_str_t wk_request_segment(const va_job_t *job, size_t n)
{
    const char *p = job->http_uri.data;
    const char *end = p + job->http_uri.len;

    while (p < end) {
        const char *begin = p + (*p == '/');
        p = memchr(begin, '/', (size_t)(end - begin));
        p = p != NULL ? p : end;
        if (n-- == 0) {
            return p > begin ? va_str(begin, (size_t)(p - begin)) : VA_STR_NULL;
        }
    }
    return VA_STR_NULL;
}

va_str_t wk_request_id(const wk_ctx_t *ctx, size_t n)
{
    return wk_id_as_stored(ctx->arena, wk_request_segment(ctx->job, n));
}

va_str_t wk_request_header(const va_job_t *job, const char *lower_case_name)
{
    for (size_t i = 0; i < job->n_headers; i++) {
        if (va_str_eq(job->headers[i].name, va_str_c(lower_case_name))) {
            return job->headers[i].value;
        }
    }
    return VA_STR_NULL;
}

va_str_t wk_request_cookie(const va_job_t *job, const char *lower_case_name)
{
    char header[64];
    snprintf(header, sizeof(header), "cookie-%s", lower_case_name);
    return wk_request_header(job, header);
}

va_str_t wk_request_peer(const va_job_t *job)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (job->http_peer.len >= sizeof(text)) {
        return VA_STR_NULL;
    }
    snprintf(text, sizeof(text), "%.*s", (int)job->http_peer.len, job->http_peer.data);
    bool known =
        inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
    return known ? job->http_peer : VA_STR_NULL;
}

va_str_t wk_request_network(const wk_ctx_t *ctx)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    va_str_t peer = wk_request_peer(ctx->job);
    snprintf(text, sizeof(text), "%.*s", (int)peer.len, peer.len > 0 ? peer.data : "");
    if (inet_pton(AF_INET6, text, &address) != 1 || IN6_IS_ADDR_V4MAPPED(&address)) {
        return peer;
    }
    memset(address.s6_addr + 8, 0, 8);
    inet_ntop(AF_INET6, &address, text, sizeof(text));
    return wk_printf(ctx->arena, "%s/64", text);
}

/* ---------------------------------------------------------------- arguments, bodies */

bool wk_request_args(wk_ctx_t *ctx, va_form_t *args, wk_error_t *e)
{
    if (va_form_parse(wk_mem(ctx->arena), ctx->job->http_args, args) != VA_OK) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "The query has too many values.");
    }
    for (size_t i = 0; i < args->count; i++) {
        if (!va_utf8_valid(args->pairs[i].name) || !va_utf8_valid(args->pairs[i].value)) {
            return wk_refuse(e, WK_R_BAD_REQUEST, "The query is not text in UTF-8.");
        }
    }
    return true;
}

/* The media type without parameters (RFC 9110, 8.3.1). */
static va_str_t media_type(const va_job_t *job)
{
    va_str_t type = wk_request_header(job, "content-type");
    const char *semicolon = type.len > 0 ? memchr(type.data, ';', type.len) : NULL;
    if (semicolon != NULL) {
        type.len = (size_t)(semicolon - type.data);
    }
    while (type.len > 0 &&
           (type.data[type.len - 1] == ' ' || type.data[type.len - 1] == '\t')) {
        type.len--;
    }
    return type;
}

/* application/json, or what RFC 6839 lets end with "+json". */
static bool is_json(va_str_t type)
{
    const va_str_t suffix = VA_STR("+json");
    return va_str_ieq(type, VA_STR("application/json")) ||
           (type.len > suffix.len &&
            va_str_ieq(va_str(type.data + type.len - suffix.len, suffix.len), suffix));
}

static bool body_is_here(const va_job_t *job, wk_error_t *e)
{
    return !job->body_omitted || wk_refuse(e, WK_R_TOO_LARGE, "The body is too large.");
}

bool wk_request_json(wk_ctx_t *ctx, const va_json_t **object, wk_error_t *e)
{
    if (!body_is_here(ctx->job, e)) {
        return false;
    }
    if (!is_json(media_type(ctx->job))) {
        return wk_refuse(e, WK_R_UNSUPPORTED_MEDIA_TYPE, "The body must be application/json.");
    }
    if (va_json_parse(wk_mem(ctx->arena), ctx->job->body, &json_limits, object) != VA_OK ||
        !va_json_is(*object, VA_JSON_OBJECT)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "The body is not a JSON object.");
    }
    return true;
}

bool wk_request_is_multipart(const wk_ctx_t *ctx)
{
    return va_str_ieq(media_type(ctx->job), VA_STR("multipart/form-data"));
}

bool wk_request_multipart(wk_ctx_t *ctx, va_multipart_t *form, wk_error_t *e)
{
    if (!body_is_here(ctx->job, e)) {
        return false;
    }
    va_str_t type = wk_request_header(ctx->job, "content-type");
    return va_multipart_parse(type, ctx->job->body, form) == VA_OK ||
           wk_refuse(e, WK_R_BAD_REQUEST, "The body is not a form of multipart/form-data.");
}

bool wk_request_optional_text(const va_json_t *object, const char *name, size_t max,
                              va_str_t *text, wk_error_t *e)
{
    const va_json_t *member = va_json_get(object, name);

    *text = VA_STR_NULL;
    if (member == NULL || va_json_is(member, VA_JSON_NULL)) {
        return true;
    }
    va_str_t value = va_json_string(member);
    if (value.data == NULL) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "%s must be a string.", name);
    }
    if (value.len > max || !va_utf8_valid(value)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "%s must be text of at most %zu bytes.", name,
                         max);
    }
    if (value.len > 0) {
        *text = value;
    }
    return true;
}

bool wk_request_text(const va_json_t *object, const char *name, size_t max, va_str_t *text,
                     wk_error_t *e)
{
    return wk_request_optional_text(object, name, max, text, e) &&
           (text->data != NULL || wk_refuse(e, WK_R_BAD_REQUEST, "%s is missing.", name));
}

bool wk_is_uuid(va_str_t s)
{
    if (s.len != 36) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s.data[i] != '-' : strchr("0123456789abcdefABCDEF", s.data[i]) == NULL) {
            return false;
        }
    }
    return memchr(s.data, '\0', s.len) == NULL;
}

va_str_t wk_id_as_stored(wk_arena_t *a, va_str_t id)
{
    if (!wk_is_uuid(id)) {
        return id;
    }
    char *text = wk_strdup(a, id);
    for (size_t i = 0; i < id.len; i++) {
        text[i] = (char)tolower((unsigned char)text[i]);
    }
    return va_str(text, id.len);
}

static bool not_found(wk_error_t *e)
{
    return wk_refuse(e, WK_R_NOT_FOUND, "There is nothing of that id.");
}

bool wk_request_known_id(va_str_t id, wk_error_t *e)
{
    return wk_is_uuid(id) || not_found(e);
}

bool wk_request_found(const wk_rows_t *rows, wk_error_t *e)
{
    return wk_rows_count(rows) > 0 || not_found(e);
}

/* ---------------------------------------------------------------- arguments of a kind */

static bool read_moment(wk_ctx_t *ctx, const va_form_t *args, const char *name, bool whole_days,
                        wk_moment_t *moment, wk_error_t *e)
{
    va_str_t text = va_form_get(args, name);
    *moment = (wk_moment_t){VA_STR_NULL, VA_STR_NULL};
    return text.len == 0 || wk_moment_parse(ctx->arena, text, whole_days, moment) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "%s must be a date or a time in ISO 8601.", name);
}

/* By one clock their texts are in order as they are; of two clocks only the shop knows. */
static bool is_nothing(const wk_moment_t *from, const wk_moment_t *to)
{
    if (from->wall.data == NULL || to->wall.data == NULL || !va_str_eq(from->zone, to->zone)) {
        return false;
    }
    size_t len = from->wall.len < to->wall.len ? from->wall.len : to->wall.len;
    int order = memcmp(from->wall.data, to->wall.data, len);
    return order > 0 || (order == 0 && from->wall.len >= to->wall.len);
}

bool wk_request_period(wk_ctx_t *ctx, const va_form_t *args, wk_moment_t *from, wk_moment_t *to,
                       wk_error_t *e)
{
    return read_moment(ctx, args, "from", false, from, e) &&
           read_moment(ctx, args, "to", true, to, e) &&
           (!is_nothing(from, to) || wk_refuse(e, WK_R_BAD_REQUEST, "from must be before to."));
}
