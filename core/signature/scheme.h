/*
 * Internal to the signature schemes: what they share, and their list. Each file
 * here is one scheme; its comment says what is signed and where that is written.
 */
#ifndef VA_SIGNATURE_SCHEME_H
#define VA_SIGNATURE_SCHEME_H

#include "core/signature.h"

extern const va_signature_scheme_t va_scheme_twilio;
extern const va_signature_scheme_t va_scheme_elevenlabs;
extern const va_signature_scheme_t va_scheme_shopify;
extern const va_signature_scheme_t va_scheme_hubspot;
extern const va_signature_scheme_t va_scheme_standard_webhooks;
extern const va_signature_scheme_t va_scheme_google_channel;
extern const va_signature_scheme_t va_scheme_livekit;
extern const va_signature_scheme_t va_scheme_hmac;
extern const va_signature_scheme_t va_scheme_bearer;

#define VA_SHA1_SIZE   20
#define VA_SHA256_SIZE 32

/* A header's value; absent also when it is empty. */
va_str_t va_scheme_header(const va_request_t *req, const char *name);

/* Strict padded Base64 of exactly size bytes. */
bool va_scheme_mac(va_str_t text, uint8_t *mac, size_t size);

/* Digits only, the first not 0, no more than a Unix time has in milliseconds. */
bool va_scheme_timestamp(va_str_t text, int64_t *out);

/* VA_VERDICT_STALE when the time of signing and now are further apart than allowed. */
va_verdict_t va_scheme_fresh(int64_t signed_ms, int64_t now_ms, int64_t tolerance_ms);
va_verdict_t va_scheme_fresh_s(int64_t signed_s, int64_t now_ms, int64_t tolerance_ms);

/*
 * HMAC over the parts before, the body, and what is behind it; the body's digest.
 * VA_VERDICT_MISMATCH: asked for, its value is there in the run that follows. behind must live
 * until then.
 */
va_verdict_t va_scheme_body_mac(const va_request_t *req, const va_hmac_key_t *key,
                                const va_str_t *before, size_t n_before, va_str_t behind,
                                uint8_t value[VA_DIGEST_MAX]);
va_verdict_t va_scheme_body_sha256(const va_request_t *req, uint8_t digest[VA_SHA256_SIZE]);

/* The first of two runs, without a body; and the answer of a scheme that has to see all of it.
 */
bool va_scheme_asks(const va_request_t *req);
va_verdict_t va_scheme_ask_body(const va_request_t *req);

/* Before each run. */
void va_scheme_sums_again(va_sums_t *s);

/*
 * Calls try(ctx, secret) with each secret that serves the account (absent: all do;
 * empty: those without an id) until one does not answer VA_VERDICT_MISMATCH; tells that, and
 * whose it was.
 */
typedef va_verdict_t (*va_scheme_try)(void *ctx, const va_secret_t *secret);

va_verdict_t va_scheme_secrets(const va_secret_t *secrets, size_t n, va_str_t account,
                               va_scheme_try try, void *ctx, va_signature_result_t *out);

/* For schemes whose proof is the secret's own text. */
va_verdict_t va_scheme_shared_text(const va_secret_t *secrets, size_t n, va_str_t text,
                                   va_signature_result_t *out);

/* VA_VERDICT_OK or VA_VERDICT_MISMATCH, in constant time. */
va_verdict_t va_scheme_compare(const void *a, const void *b, size_t len);

/* The key in a secret of Standard Webhooks; NULL when its text is used as it is, or is no
 * secret. */
va_hmac_key_t *va_standard_webhooks_key(va_str_t text);

#endif
