/*
 * Google push notifications (Calendar API, "Push notifications"): nothing is
 * signed; the channel's token, which only Google and we know, comes back in
 * X-Goog-Channel-Token. The body is empty.
 */
#include "core/signature/scheme.h"

static va_verdict_t verify(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out)
{
    return va_scheme_shared_text(secrets, n, va_scheme_header(req, opt->header.data), out);
}

const va_signature_scheme_t va_scheme_google_channel = {
    .name = "google_channel",
    .header = "x-goog-channel-token",
    .verify = verify,
};
