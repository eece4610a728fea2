#include "worker/agent/redirect.h"

#include "worker/agent/speech.h"
#include "worker/call_token.h"
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/providers/twilio.h"

#define RINGING_MS   250 /* before a call that rings is tried again */
#define RINGING_MOST 8

static bool address_of(wk_ctx_t *ctx, const wk_redirect_t *to, va_str_t *url, wk_error_t *e)
{
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    wk_speech_t speech = {.ctx = ctx};
    if (c == NULL ||
        !wk_call_token_mint(ctx->config, ctx->arena, VA_TOKEN_CALL, to->sid, to->organization,
                            0, WK_CALL_TOKEN_S, &speech.token, e)) {
        return false;
    }
    speech.language = wk_catalogue_pick(c, to->language, VA_STR_NULL);
    *url = wk_speech_url(&speech, to->path, to->n, to->more);
    return true;
}

bool wk_redirect_call(wk_ctx_t *ctx, const wk_redirect_t *to, wk_error_t *e)
{
    va_str_t url;
    if (!address_of(ctx, to, &url, e)) {
        return false;
    }
    for (int i = 0; i < RINGING_MOST; i++) {
        if (wk_twilio_redirect(ctx, to->sid, url, e)) {
            return true;
        }
        if (!wk_twilio_not_live(e)) {
            return false;
        }
        wk_pause_ms(RINGING_MS);
    }
    wk_log(WK_INFO, "a call that was to be redirected is over", WK_S("call", to->sid));
    return true;
}
