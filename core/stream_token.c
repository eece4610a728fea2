#include "core/stream_token.h"

#include "core/base64.h"

#define MEMBERS 6

/* ---------------------------------------------------------------- members */

static bool is_word(va_str_t s, size_t max)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '_' || c == '-';

        if (!ok)
            return false;
    }

    return s.len > 0 && s.len <= max;
}

static bool is_nonce(va_str_t s)
{
    for (size_t i = 0; i < s.len; i++) {
        bool ok =
            (s.data[i] >= '0' && s.data[i] <= '9') || (s.data[i] >= 'a' && s.data[i] <= 'f');

        if (!ok)
            return false;
    }

    return s.len == VA_STREAM_TOKEN_NONCE;
}

/* Decimal, without sign and leading zeros, so that a number has one text. */
static bool read_number(va_str_t s, int64_t *out)
{
    int64_t n = 0;

    if (s.len == 0 || s.len > 18 || (s.len > 1 && s.data[0] == '0'))
        return false;

    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        n = n * 10 + (s.data[i] - '0');
    }
    *out = n;

    return true;
}

static bool is_sound(const va_stream_token_t *t)
{
    const int64_t most = INT64_C(999999999999999999);

    return is_word(t->call, 64) && is_word(t->organization, 64) && is_nonce(t->nonce) &&
           t->epoch >= 0 && t->epoch <= most && t->expires >= 0 && t->expires <= most;
}

/* ---------------------------------------------------------------- mint */

static void add_base64url(va_buf_t *out, const void *data, size_t len)
{
    char *text = va_alloc(out->mem, VA_BASE64_LEN(len) + 1);

    if (text == NULL)
        out->status = VA_ENOMEM;
    else
        va_buf_add(out, text, va_base64url_encode(text, data, len));
}

static va_str_t payload(const va_alloc_t *mem, const va_stream_token_t *t)
{
    va_buf_t text;

    va_buf_init(&text, mem, 160);
    va_buf_add_char(&text, (char)t->purpose);
    va_buf_add_char(&text, ' ');
    va_buf_add_str(&text, t->call);
    va_buf_add_char(&text, ' ');
    va_buf_add_str(&text, t->organization);
    va_buf_add_char(&text, ' ');
    va_buf_add_int(&text, t->epoch);
    va_buf_add_char(&text, ' ');
    va_buf_add_int(&text, t->expires);
    va_buf_add_char(&text, ' ');
    va_buf_add_str(&text, t->nonce);

    return va_buf_str(&text);
}

static va_status_t sign(const va_secret_t *secret, va_str_t text, uint8_t mac[VA_DIGEST_MAX],
                        size_t *len)
{
    return va_hmac(secret->hmac[VA_SHA256], &text, 1, mac, len);
}

va_status_t va_stream_token_mint(va_buf_t *out, const va_secret_t *secret,
                                 const va_stream_token_t *token)
{
    va_buf_t body;
    uint8_t mac[VA_DIGEST_MAX];
    size_t len;

    if (!is_sound(token))
        return VA_ESYNTAX;

    va_str_t plain = payload(out->mem, token);

    if (plain.data == NULL)
        return VA_ENOMEM;
    va_buf_init(&body, out->mem, VA_BASE64_LEN(plain.len));
    add_base64url(&body, plain.data, plain.len);

    va_str_t signed_part = va_buf_str(&body);

    if (signed_part.data == NULL)
        return VA_ENOMEM;

    va_status_t status = sign(secret, signed_part, mac, &len);

    if (status != VA_OK)
        return status;

    va_buf_add_str(out, signed_part);
    va_buf_add_char(out, '.');
    add_base64url(out, mac, len);

    return out->status;
}

/* ---------------------------------------------------------------- verify */

/* Splits at the only dot. */
static bool split(va_str_t text, va_str_t *body, va_str_t *mac)
{
    const char *dot = text.len > 0 ? memchr(text.data, '.', text.len) : NULL;

    if (dot == NULL || text.len > VA_STREAM_TOKEN_MAX)
        return false;
    *body = va_str(text.data, (size_t)(dot - text.data));
    *mac = va_str(dot + 1, text.len - body->len - 1);

    return body->len > 0 && mac->len > 0;
}

static va_verdict_t check_mac(const va_secret_t *secrets, size_t n, va_str_t body, va_str_t mac)
{
    uint8_t given[VA_BASE64_MAX(VA_STREAM_TOKEN_MAX)], ours[VA_DIGEST_MAX];
    size_t given_len, len;
    va_verdict_t verdict = VA_VERDICT_MISMATCH;

    if (va_base64url_decode(given, &given_len, mac) != VA_OK)
        return VA_VERDICT_MALFORMED;
    for (size_t i = 0; i < n; i++) {
        if (sign(&secrets[i], body, ours, &len) != VA_OK)
            return VA_VERDICT_ERROR;
        if (va_equal_ct(va_str((const char *)ours, len),
                        va_str((const char *)given, given_len)))
            verdict = VA_VERDICT_OK;
    }

    return verdict;
}

/* Cuts the text into exactly MEMBERS words. */
static bool cut(va_str_t text, va_str_t words[MEMBERS])
{
    size_t n = 0, begin = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != ' ')
            continue;
        if (n == MEMBERS)
            return false;
        words[n++] = va_str(text.data + begin, i - begin);
        begin = i + 1;
    }

    return n == MEMBERS;
}

static va_verdict_t read_payload(const va_alloc_t *mem, va_str_t body, va_stream_token_t *t)
{
    va_str_t words[MEMBERS];
    size_t len;
    char *plain = va_alloc(mem, VA_BASE64_MAX(body.len));

    if (plain == NULL)
        return VA_VERDICT_ERROR;
    if (va_base64url_decode((uint8_t *)plain, &len, body) != VA_OK ||
        !cut(va_str(plain, len), words) || words[0].len != 1)
        return VA_VERDICT_MALFORMED;
    *t = (va_stream_token_t){.purpose = (va_token_purpose_t)words[0].data[0],
                             .call = words[1],
                             .organization = words[2],
                             .nonce = words[5]};

    bool ok = read_number(words[3], &t->epoch) && read_number(words[4], &t->expires);

    return ok && is_sound(t) ? VA_VERDICT_OK : VA_VERDICT_MALFORMED;
}

va_verdict_t va_stream_token_verify(const va_alloc_t *mem, const va_secret_t *secrets, size_t n,
                                    va_token_purpose_t purpose, va_str_t text, int64_t now,
                                    va_stream_token_t *token)
{
    va_str_t body, mac;
    va_stream_token_t read;

    if (!split(text, &body, &mac))
        return VA_VERDICT_MALFORMED;

    va_verdict_t verdict = check_mac(secrets, n, body, mac);

    if (verdict == VA_VERDICT_OK)
        verdict = read_payload(mem, body, &read);
    if (verdict != VA_VERDICT_OK)
        return verdict;
    if (read.purpose != purpose)
        return VA_VERDICT_MISMATCH;
    if (now >= read.expires)
        return VA_VERDICT_STALE;
    *token = read;

    return VA_VERDICT_OK;
}
