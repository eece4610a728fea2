/* A shared secret in "Authorization: Bearer …" (RFC 6750 section 2.1). */
#include "core/signature/scheme.h"

static va_verdict_t verify(const va_request_t *req, const va_signature_options_t *opt,
                           const va_secret_t *secrets, size_t n, va_signature_result_t *out)
{
    static const char scheme[] = "Bearer ";
    size_t skip = strlen(scheme);
    va_str_t header = va_scheme_header(req, opt->header.data);

    if (header.len <= skip || !va_str_ieq(va_str(header.data, skip), va_str_c(scheme)))
        return VA_VERDICT_ABSENT;
    while (skip < header.len && header.data[skip] == ' ')
        skip++;

    return va_scheme_shared_text(secrets, n, va_str(header.data + skip, header.len - skip),
                                 out);
}

const va_signature_scheme_t va_scheme_bearer = {
    .name = "bearer",
    .header = "authorization",
    .verify = verify,
};
