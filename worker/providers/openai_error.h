/* What the error answers of OpenAI's services mean, for the files that ask them. */
#ifndef WK_PROVIDERS_OPENAI_ERROR_H
#define WK_PROVIDERS_OPENAI_ERROR_H

#include "worker/context.h"

/* code: the service's own word, or absent. */
wk_code_t wk_openai_class(int status, va_str_t code);

/* Sets *e by an answer that is no success; returns false. */
bool wk_openai_refused(wk_ctx_t *ctx, const wk_http_response_t *res, wk_error_t *e);

#endif
