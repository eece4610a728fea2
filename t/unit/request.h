/* A request as the signature schemes see it, made of texts; its body comes in pieces of any
 * size. */
#ifndef TEST_REQUEST_H
#define TEST_REQUEST_H

#include "core/base64.h"
#include "core/signature.h"
#include "t/unit/support.h"

#define REQUEST_HEADERS 24

struct request {
    va_request_t req;
    va_body_t body;
    va_str_t bytes;
    size_t piece; /* how much a call gives; 0: all */
    size_t position;
    bool broken;        /* reading fails */
    size_t broken_from; /* from this byte on */
    va_str_t origin;
    struct {
        char name[64];
        va_str_t value;
    } headers[REQUEST_HEADERS];
    size_t n_headers;
};

static inline va_str_t request_header(void *ctx, const char *lower_case_name)
{
    const struct request *r = ctx;

    for (size_t i = 0; i < r->n_headers; i++) {
        if (strcmp(r->headers[i].name, lower_case_name) == 0)
            return r->headers[i].value;
    }

    return VA_STR_NULL;
}

static inline void request_rewind(void *ctx)
{
    ((struct request *)ctx)->position = 0;
}

static inline va_status_t request_next(void *ctx, va_str_t *piece)
{
    struct request *r = ctx;
    size_t left = r->bytes.len - r->position;
    size_t n = r->piece == 0 || r->piece > left ? left : r->piece;

    if (r->broken && r->position >= r->broken_from)
        return VA_ENOMEM;

    *piece = va_str(r->bytes.data + r->position, n);
    r->position += n;

    return VA_OK;
}

static inline void request_body(struct request *r, va_str_t bytes)
{
    r->bytes = exact(bytes);
    r->body = (va_body_t){r, bytes.len, request_rewind, request_next};
    r->req.body = &r->body;
}

static inline void request_init(struct request *r, const char *method, va_str_t bytes)
{
    memset(r, 0, sizeof(*r));
    r->req.method = va_str_c(method);
    r->req.ctx = r;
    r->req.header = request_header;
    r->req.mem = &test_mem;
    r->req.target = VA_STR("/");
    request_body(r, bytes);
}

/* The name is kept in lower case, as servers give it. */
static inline void request_add_header(struct request *r, va_str_t name, va_str_t value)
{
    char *to = r->headers[r->n_headers].name;

    assert_true(r->n_headers < REQUEST_HEADERS && name.len < sizeof(r->headers[0].name));
    for (size_t i = 0; i < name.len; i++)
        to[i] = (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] | 0x20
                                                                  : name.data[i]);
    r->headers[r->n_headers++].value = exact(value);
}

static inline void request_add_headers(struct request *r, const va_json_t *headers)
{
    for (const va_json_t *h = headers->first; h != NULL; h = h->next)
        request_add_header(r, h->name, h->text);
}

/* Splits a URL at the end of its host. */
static inline void request_url(struct request *r, va_str_t url)
{
    size_t end = 0;

    for (int slashes = 0; end < url.len; end++) {
        slashes += url.data[end] == '/';
        if (slashes == 3)
            break;
    }
    r->origin = exact(va_str(url.data, end));
    r->req.origins = &r->origin;
    r->req.n_origins = 1;
    r->req.target = exact(va_str(url.data + end, url.len - end));
}

/* As a server does: by the headers first, then with sums that were fed with the body. */
static inline va_verdict_t request_verify_later(struct request *r,
                                                const va_signature_scheme_t *s,
                                                const va_secret_t *secrets, size_t n)
{
    const va_body_t *body = r->req.body;
    va_signature_result_t result;
    va_str_t piece;

    r->req.sums = va_sums_new();
    r->req.body = NULL;
    assert_non_null(r->req.sums);

    va_verdict_t verdict = va_signature_ask(s, &r->req, NULL, secrets, n);

    r->req.body = body;
    if (verdict == VA_VERDICT_OK) {
        va_status_t status = VA_OK;

        if (body != NULL)
            body->rewind(body->ctx);
        for (piece.len = body != NULL; status == VA_OK && piece.len > 0;) {
            status = body->next(body->ctx, &piece);
            if (status == VA_OK && piece.len > 0)
                status = va_sums_update(r->req.sums, piece.data, piece.len);
        }
        if (status == VA_OK)
            status = va_sums_end(r->req.sums);
        verdict = status == VA_OK ? va_signature_verify(s, &r->req, NULL, secrets, n, &result)
                                  : VA_VERDICT_ERROR;
    }
    va_sums_free(r->req.sums);
    r->req.sums = NULL;

    return verdict;
}

/* With one secret that serves every account; checked with the body whole and in pieces, at
 * once and later. */
static inline va_verdict_t request_verify(struct request *r, const char *scheme,
                                          va_str_t secret)
{
    static const size_t pieces[] = {0, 1, 7};
    const va_signature_scheme_t *s = va_signature_scheme(va_str_c(scheme));
    va_verdict_t verdict = VA_VERDICT_ERROR;
    va_signature_result_t result;
    va_secret_t one;

    assert_non_null(s);
    assert_int_equal(va_secret_init(&one, VA_STR_NULL, secret), VA_OK);
    for (size_t i = 0; i < 3; i++) {
        r->piece = pieces[i];

        va_verdict_t v = va_signature_verify(s, &r->req, NULL, &one, 1, &result);

        if (i > 0)
            assert_int_equal(v, verdict);
        if (s->needs_body)
            assert_int_equal(request_verify_later(r, s, &one, 1), v);
        verdict = v;
    }
    va_secret_clear(&one);

    return verdict;
}

static inline va_str_t decode_base64(va_str_t text)
{
    uint8_t *data = test_alloc(&test_memory, VA_BASE64_MAX(text.len));
    size_t len;

    assert_int_equal(va_base64_decode(data, &len, text), VA_OK);
    return va_str((const char *)data, len);
}

#endif
