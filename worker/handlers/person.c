#include "worker/handlers/person.h"

#include <string.h>

#include "worker/agent/words.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/password.h"

va_str_t wk_person_lower(wk_ctx_t *ctx, va_str_t s)
{
    char *text = wk_strdup(ctx->arena, s);
    for (size_t i = 0; i < s.len; i++) {
        text[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]);
    }
    return va_str(text, s.len);
}

bool wk_person_email(wk_ctx_t *ctx, const va_json_t *body, va_str_t *email, wk_error_t *e)
{
    if (!wk_request_text(body, "email", WK_EMAIL_MAX, email, e)) {
        return false;
    }
    if (!wk_is_email(*email)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "email must be an e-mail address.");
    }
    *email = wk_person_lower(ctx, *email);
    return true;
}

static bool is_line(va_str_t text)
{
    return text.data[0] != ' ' && text.data[text.len - 1] != ' ' && wk_is_line(text);
}

bool wk_person_line(const va_json_t *body, const char *name, size_t max, va_str_t *text,
                    wk_error_t *e)
{
    return wk_request_text(body, name, max, text, e) &&
           (is_line(*text) || wk_refuse(e, WK_R_BAD_REQUEST,
                                        "%s must be one line without spaces around it.", name));
}

bool wk_person_password(const va_json_t *body, va_str_t *password, wk_error_t *e)
{
    if (!wk_request_text(body, "password", WK_PASSWORD_MAX, password, e)) {
        return false;
    }
    return (password->len >= WK_PASSWORD_MIN &&
            memchr(password->data, '\0', password->len) == NULL) ||
           wk_refuse(e, WK_R_BAD_REQUEST, "password must be of %d characters or more.",
                     WK_PASSWORD_MIN);
}
