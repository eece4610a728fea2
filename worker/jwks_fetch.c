#include "worker/jwks_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "core/jwks.h"
#include "worker/log.h"

#define EVERY_MS   600000
#define AT_MOST_MS 30000 /* however many unknown keys are seen: anybody can invent some */
#define LOOK_MS    1000
#define TIMEOUT_MS 10000

/* ---------------------------------------------------------------- due */

/* nginx leaves the unknown key's id here for a minute. */
static bool is_wanted(wk_ctx_t *ctx, bool *wanted, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("EXISTS"), VA_STR("va:jwks:wanted")};
    redisReply *reply = wk_redis_command(ctx->redis, 0, argv, 2, e);
    if (reply == NULL) {
        return false;
    }
    *wanted = reply->type == REDIS_REPLY_INTEGER && reply->integer == 1;
    freeReplyObject(reply);
    return true;
}

static bool is_due(wk_ctx_t *ctx, int64_t now, bool *due, wk_error_t *e)
{
    static int64_t fetched_ms, looked_ms; /* 0: not yet */
    *due = fetched_ms == 0 || now - fetched_ms >= EVERY_MS;
    if (!*due && now - fetched_ms >= AT_MOST_MS && now - looked_ms >= LOOK_MS) {
        looked_ms = now;
        if (!is_wanted(ctx, due, e)) {
            return false;
        }
    }
    if (*due) {
        fetched_ms = now;
    }
    return true;
}

/* ---------------------------------------------------------------- the set */

static bool check(va_str_t document, wk_error_t *e)
{
    va_jwks_t *set = va_jwks_new();
    bool usable = set != NULL && va_jwks_add_document(set, document, VA_RS256) == VA_OK &&
                  va_jwks_count(set) > 0;
    va_jwks_free(set);
    return usable || wk_error(e, WK_REFUSED, "no key of the set can be used");
}

static bool fetch(wk_ctx_t *ctx, va_str_t *document, wk_error_t *e)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    wk_http_response_t res;
    wk_http_request_t req = {.method = "GET",
                             .url = ctx->config->jwks_url,
                             .headers = headers,
                             .timeout_ms = TIMEOUT_MS,
                             .max_bytes = VA_JWKS_MAX_BYTES};
    if (!wk_http(ctx->http, ctx->arena, &req, &res, e)) {
        return false;
    }
    if (res.status != 200) {
        return wk_error(e, WK_UNAVAILABLE, "status %d", res.status);
    }
    *document = res.body;
    return check(res.body, e);
}

/* ---------------------------------------------------------------- the file */

static bool write_all(int fd, va_str_t text)
{
    for (size_t done = 0; done < text.len;) {
        ssize_t n = write(fd, text.data + done, text.len - done);
        if (n <= 0 && errno != EINTR) {
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0;
}

/* nginx reads the old set or the new one, never a part: the name changes hands at once. */
static bool replace(wk_arena_t *a, const char *path, va_str_t text, wk_error_t *e)
{
    va_str_t draft = wk_printf(a, "%s.%d", path, (int)getpid());
    int fd = open(draft.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) {
        return wk_error(e, WK_INTERNAL, "%s: %s", draft.data, strerror(errno));
    }
    bool written = write_all(fd, text);
    written = close(fd) == 0 && written;
    if (!written || rename(draft.data, path) != 0) {
        wk_error(e, WK_INTERNAL, "%s: %s", path, strerror(errno));
        (void)unlink(draft.data);
        return false;
    }
    return true;
}

bool wk_jwks_fetch_when_due(wk_ctx_t *ctx, int64_t now_ms, wk_error_t *e)
{
    bool due;
    va_str_t document = VA_STR_NULL;
    if (ctx->config->jwks_url == NULL || ctx->config->jwks_file == NULL) {
        return true;
    }
    if (!is_due(ctx, now_ms, &due, e)) {
        return wk_error_wrap(e, "key set");
    }
    if (!due) {
        return true;
    }
    if (!fetch(ctx, &document, e) ||
        !replace(ctx->arena, ctx->config->jwks_file, document, e)) {
        return wk_error_wrap(e, "key set");
    }
    wk_log(WK_INFO, "the key set was fetched", WK_C("file", ctx->config->jwks_file));
    return true;
}
