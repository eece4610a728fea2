/*
 * Twilio, X-Twilio-Signature: Base64 of HMAC-SHA1 with the account's auth token
 * over the URL, followed by the form's names and values, sorted and without
 * repetition ("Webhooks security" in Twilio's documentation).
 *
 * What is signed follows the body and not the method: a form is signed field by
 * field, any other body by its hash in the signed URL (bodySHA256), no body by the
 * URL alone. So nothing that a handler may read is ever left unsigned.
 *
 * A form names its account, and only that account's tokens count for it: who knows
 * one account's token must not sign for another, nor by leaving the name out.
 */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "core/base64.h"
#include "core/form.h"
#include "core/signature/scheme.h"

#define MAX_BODY (1 << 20)

struct attempt {
    const va_request_t *req;
    uint8_t mac[VA_SHA1_SIZE]; /* what the request carries */
    va_str_t fields;           /* of the form, as they are signed */
    va_str_t account;          /* absent: any may have signed */
};

/* An origin taken apart: scheme up to "://", host, and ":port" or nothing. */
struct origin {
    va_str_t scheme;
    va_str_t host;
    va_str_t port;
};

static va_verdict_t read_whole(const va_request_t *req, va_str_t *out)
{
    const va_body_t *body = req->body;
    va_str_t piece;
    size_t len = 0;

    body->rewind(body->ctx);
    if (body->next(body->ctx, &piece) != VA_OK)
        return VA_VERDICT_ERROR;
    if (piece.len == body->length) {
        *out = piece;
        return VA_VERDICT_OK;
    }

    char *whole = va_alloc(req->mem, body->length);

    if (whole == NULL)
        return VA_VERDICT_ERROR;
    while (piece.len > 0) {
        if (piece.len > body->length - len)
            return VA_VERDICT_ERROR;
        memcpy(whole + len, piece.data, piece.len);
        len += piece.len;
        if (body->next(body->ctx, &piece) != VA_OK)
            return VA_VERDICT_ERROR;
    }

    *out = va_str(whole, len);
    return len == body->length ? VA_VERDICT_OK : VA_VERDICT_ERROR;
}

static int compare_bytes(va_str_t a, va_str_t b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

    if (order != 0)
        return order;

    return (a.len > b.len) - (a.len < b.len);
}

static int compare_pairs(const void *a, const void *b)
{
    const va_form_pair_t *x = a;
    const va_form_pair_t *y = b;
    int order = compare_bytes(x->name, y->name);

    return order != 0 ? order : compare_bytes(x->value, y->value);
}

/* text has room for as many bytes as the form's body had. */
static va_str_t join_sorted(const va_form_t *form, char *text)
{
    char *p = text;

    for (size_t i = 0; i < form->count; i++) {
        const va_form_pair_t *pair = &form->pairs[i];

        if (i > 0 && compare_pairs(pair - 1, pair) == 0)
            continue;
        memcpy(p, pair->name.data, pair->name.len);
        p += pair->name.len;
        memcpy(p, pair->value.data, pair->value.len);
        p += pair->value.len;
    }

    return va_str(text, (size_t)(p - text));
}

static va_verdict_t read_form(struct attempt *a)
{
    const va_request_t *req = a->req;
    va_form_t form;
    va_str_t body;
    va_verdict_t verdict = read_whole(req, &body);

    if (verdict != VA_VERDICT_OK)
        return verdict;

    va_status_t status = va_form_parse(req->mem, body, &form);
    char *text = va_alloc(req->mem, body.len);

    if (status == VA_ELIMIT)
        return VA_VERDICT_LIMIT;
    if (status != VA_OK || text == NULL)
        return VA_VERDICT_ERROR;

    /* The first one sent, before sorting: the one every other reader of the form sees. */
    a->account = va_form_get(&form, "AccountSid");
    if (a->account.data == NULL)
        a->account = VA_STR("");
    qsort(form.pairs, form.count, sizeof(*form.pairs), compare_pairs);
    a->fields = join_sorted(&form, text);

    return VA_VERDICT_OK;
}

static const char *query_of(va_str_t target)
{
    return target.len > 0 ? memchr(target.data, '?', target.len) : NULL;
}

/* The one value of a query parameter: absent if there is none, or several. */
static va_str_t query_value(va_str_t target, va_str_t name)
{
    const char *query = query_of(target);
    const char *end = target.data + target.len;
    va_str_t value = VA_STR_NULL;

    while (query != NULL) {
        const char *begin = query + 1;
        const char *next = memchr(begin, '&', (size_t)(end - begin));
        const char *stop = next != NULL ? next : end;

        if ((size_t)(stop - begin) > name.len && begin[name.len] == '=' &&
            memcmp(begin, name.data, name.len) == 0) {
            if (value.data != NULL)
                return VA_STR_NULL;
            value = va_str(begin + name.len + 1, (size_t)(stop - begin) - name.len - 1);
        }
        query = next;
    }

    return value;
}

static va_verdict_t check_hash(const va_request_t *req)
{
    uint8_t hash[VA_SHA256_SIZE];
    char hex[2 * VA_SHA256_SIZE];
    va_str_t given = query_value(req->target, VA_STR("bodySHA256"));

    if (given.len != sizeof(hex))
        return VA_VERDICT_MALFORMED;
    if (va_body_sha256(req->body, hash) != VA_OK)
        return VA_VERDICT_ERROR;

    va_hex_encode(hex, hash, sizeof(hash));
    return va_scheme_compare(hex, given.data, sizeof(hex));
}

/* "a/b" and "a/b; charset=…", in any case. */
static bool media_type_is(va_str_t content_type, va_str_t type)
{
    if (content_type.len < type.len || !va_str_ieq(va_str(content_type.data, type.len), type))
        return false;

    return content_type.len == type.len || strchr("; \t", content_type.data[type.len]) != NULL;
}

static va_verdict_t read_body(struct attempt *a)
{
    const va_request_t *req = a->req;
    size_t length = req->body != NULL ? req->body->length : 0;

    if (length > MAX_BODY)
        return VA_VERDICT_LIMIT;
    if (req->upgrade)
        return length == 0 ? VA_VERDICT_OK : VA_VERDICT_MALFORMED;
    if (length > 0 &&
        media_type_is(req->content_type, VA_STR("application/x-www-form-urlencoded")))
        return read_form(a);
    if (length > 0 || media_type_is(req->content_type, VA_STR("application/json")))
        return check_hash(req);

    return VA_VERDICT_OK;
}

static struct origin split_origin(va_str_t text, bool upgrade)
{
    struct origin o = {.port = VA_STR("")};
    bool tls = text.len >= 6 && va_str_ieq(va_str(text.data, 6), VA_STR("https:"));
    size_t scheme_len = tls ? strlen("https://") : strlen("http://");

    if (scheme_len > text.len)
        scheme_len = text.len;

    if (upgrade)
        o.scheme = tls ? VA_STR("wss://") : VA_STR("ws://");
    else
        o.scheme = va_str(text.data, scheme_len);
    o.host = va_str(text.data + scheme_len, text.len - scheme_len);

    for (size_t i = o.host.len; i > 0 && o.host.data[i - 1] != ']'; i--) {
        if (o.host.data[i - 1] == ':') {
            o.port = va_str(o.host.data + i - 1, o.host.len - i + 1);
            o.host.len = i - 1;
            break;
        }
    }
    if (o.port.len == 0)
        o.port = tls ? VA_STR(":443") : VA_STR(":80");

    return o;
}

/*
 * Voice over https is signed without its port, everything else with it, and the
 * official libraries take either; an upgrade may be signed with a slash behind
 * its path.
 */
static va_verdict_t try_origin(const struct attempt *a, const struct origin *o,
                               const va_hmac_key_t *key)
{
    bool slash = a->req->upgrade && query_of(a->req->target) == NULL;

    for (int with_slash = 0; with_slash <= slash; with_slash++) {
        for (int with_port = 0; with_port <= 1; with_port++) {
            const va_str_t parts[] = {
                o->scheme,
                o->host,
                with_port ? o->port : VA_STR(""),
                a->req->target,
                with_slash ? VA_STR("/") : VA_STR(""),
                a->fields,
            };
            uint8_t mac[VA_DIGEST_MAX];
            size_t len;

            if (va_hmac(key, parts, sizeof(parts) / sizeof(*parts), mac, &len) != VA_OK)
                return VA_VERDICT_ERROR;
            if (CRYPTO_memcmp(mac, a->mac, VA_SHA1_SIZE) == 0)
                return VA_VERDICT_OK;
        }
    }

    return VA_VERDICT_MISMATCH;
}

static va_verdict_t try_secret(void *ctx, const va_secret_t *secret)
{
    const struct attempt *a = ctx;
    va_verdict_t verdict = VA_VERDICT_MISMATCH;

    for (size_t i = 0; i < a->req->n_origins && verdict == VA_VERDICT_MISMATCH; i++) {
        struct origin o = split_origin(a->req->origins[i], a->req->upgrade);

        verdict = try_origin(a, &o, secret->hmac[VA_SHA1]);
    }

    return verdict;
}

static va_verdict_t verify(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out)
{
    struct attempt a = {.req = req};

    if (!va_scheme_mac(va_scheme_header(req, opt->header.data), a.mac, sizeof(a.mac)))
        return VA_VERDICT_MALFORMED;
    if (va_scheme_asks(req))
        return va_scheme_ask_body(req);

    va_verdict_t verdict = read_body(&a);

    if (verdict != VA_VERDICT_OK)
        return verdict;

    return va_scheme_secrets(secrets, n, a.account, try_secret, &a, out);
}

const va_signature_scheme_t va_scheme_twilio = {
    .name = "twilio",
    .header = "x-twilio-signature",
    .needs_origin = true,
    .needs_body = true,
    .verify = verify,
};
