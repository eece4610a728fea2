/*
 * The webhook signatures of the providers: one file a scheme under signature/,
 * one table of them here. A scheme sees a request through va_request_t and
 * never a server's data structures; the body is read in pieces, so that a body
 * in a file need not be in memory.
 */
#ifndef VA_SIGNATURE_H
#define VA_SIGNATURE_H

#include "base.h"
#include "hmac.h"

#define VA_SIGNATURE_MAX_SECRETS 64

/*
 * A shared secret. id tells accounts apart (an AccountSid, a shop's domain);
 * absent: the secret serves any account. Two secrets of one id are a rotation,
 * either verifies.
 */
typedef struct {
    va_str_t id;
    va_str_t text;
    va_hmac_key_t *hmac[VA_DIGESTS]; /* keyed with the text */
    va_hmac_key_t
        *decoded; /* SHA-256, keyed with what the text is Base64 of; NULL: of nothing */
} va_secret_t;

/*
 * Keeps the pointers of id and text, which must outlive the secret. VA_ELIMIT:
 * the text is empty. After a failure there is nothing to clear.
 */
va_status_t va_secret_init(va_secret_t *s, va_str_t id, va_str_t text);
void va_secret_clear(va_secret_t *s);

/* The raw body, in pieces, from its beginning each time it is rewound. */
typedef struct {
    void *ctx;
    size_t length;
    void (*rewind)(void *ctx);
    /* VA_OK with len 0 at the end. A piece is valid until the next call. */
    va_status_t (*next)(void *ctx, va_str_t *piece);
} va_body_t;

/* Of the whole body; NULL is an empty one. */
va_status_t va_body_sha256(const va_body_t *body, uint8_t out[32]);

/*
 * What is computed over a body for one scheme and all its secrets: asked for before the body
 * is there, then fed with it in one reading, at whatever pace.
 */
typedef struct va_sums va_sums_t;

va_sums_t *va_sums_new(void);
void va_sums_free(va_sums_t *s);

/* Whether a scheme asked for anything. */
bool va_sums_asked(const va_sums_t *s);

/* How often the body is hashed; 0 for NULL. */
size_t va_sums_count(const va_sums_t *s);

/* The body's own digest too; NULL until it has been asked for and the sums have ended. */
va_status_t va_sums_ask_sha256(va_sums_t *s);
const uint8_t *va_sums_sha256(const va_sums_t *s);

/* The next piece; and after the last. */
va_status_t va_sums_update(va_sums_t *s, const void *data, size_t len);
va_status_t va_sums_end(va_sums_t *s);

typedef struct {
    va_str_t method;
    const va_str_t *origins; /* scheme://host[:port] as configured, no trailing slash */
    size_t n_origins;
    va_str_t target; /* raw path and query, as received */
    bool upgrade;    /* a WebSocket upgrade: wss instead of https is signed */
    va_str_t content_type;
    void *ctx;
    va_str_t (*header)(void *ctx, const char *lower_case_name); /* absent if none */
    const va_body_t *body;
    va_sums_t *sums;       /* NULL: what is needed of the body is computed on the spot */
    int64_t now_ms;        /* Unix time */
    const va_alloc_t *mem; /* for what lives as long as the request */
} va_request_t;

/* Why a request was refused: stable words, used in logs and metrics. */
typedef enum {
    VA_VERDICT_OK = 0,
    VA_VERDICT_ABSENT,    /* this scheme's header is not there: another may be tried */
    VA_VERDICT_MALFORMED, /* header or body not of the form the scheme asks for */
    VA_VERDICT_STALE,     /* signed too long ago, or in the future */
    VA_VERDICT_ACCOUNT,   /* no secret for the account the request names */
    VA_VERDICT_MISMATCH,  /* the signature is not ours */
    VA_VERDICT_LIMIT,
    VA_VERDICT_ERROR, /* out of memory, OpenSSL, a body that cannot be read */
} va_verdict_t;

const char *va_verdict_name(va_verdict_t v);

typedef struct va_signature_scheme va_signature_scheme_t;

typedef struct {
    int64_t tolerance_ms; /* 0: the scheme's own */
    va_str_t header;      /* scheme "hmac": which header, terminated; absent: x-signature */
    va_digest_t digest;   /* scheme "hmac" */
} va_signature_options_t;

/* What a verified request may be trusted for. */
typedef struct {
    va_str_t signed_id; /* the provider's id of the delivery, when it is signed */
    va_str_t account;   /* the id of the secret that verified; absent if it has none */
} va_signature_result_t;

struct va_signature_scheme {
    const char *name;
    const char *header;       /* its presence makes the scheme apply; lower case */
    const char *other_header; /* likewise: a second name of it, or NULL */
    bool needs_origin;        /* the URL is signed */
    bool needs_body;
    int64_t tolerance_ms; /* 0: no time in the scheme */
    /* Called by va_signature_verify() only, with the header there and every option set. */
    va_verdict_t (*verify)(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out);
};

/*
 * twilio elevenlabs shopify hubspot standard_webhooks google_channel livekit hmac bearer, or
 * NULL.
 */
const va_signature_scheme_t *va_signature_scheme(va_str_t name);

/*
 * Whether the request carries what the scheme looks for; a header with an empty
 * value does not count. Needs no body: to be asked before one is read.
 */
bool va_signature_present(const va_signature_scheme_t *scheme, const va_request_t *req,
                          const va_signature_options_t *opt);

/*
 * What the headers alone say, before there is a body, to new sums. VA_VERDICT_OK: the body
 * decides; va_signature_verify() follows when the sums have ended, with the same options and
 * secrets. Only for a scheme that needs a body.
 */
va_verdict_t va_signature_ask(const va_signature_scheme_t *scheme, const va_request_t *req,
                              const va_signature_options_t *opt, const va_secret_t *secrets,
                              size_t n);

/*
 * Never VA_VERDICT_OK without n > 0 secrets and a constant-time match against one
 * of them. opt NULL: the scheme's own tolerance, header x-signature, SHA-256.
 */
va_verdict_t va_signature_verify(const va_signature_scheme_t *scheme, const va_request_t *req,
                                 const va_signature_options_t *opt, const va_secret_t *secrets,
                                 size_t n, va_signature_result_t *out);

#endif
