#include "worker/agent/call_cost.h"

#include "core/json.h"
#include "worker/store/call_costs.h"

/* The names of the settings are those the statement knows the prices by. */
static va_str_t prices_of(wk_arena_t *a, const wk_config_t *c)
{
    const struct {
        const char *name, *usd;
    } prices[] = {
        {"telephony_in", c->price_telephony_in},
        {"telephony_out", c->price_telephony_out},
        {"engine_receptionist", c->price_receptionist},
        {"engine_gather", c->price_gather},
        {"engine_realtime", c->price_realtime},
        {"engine_pipeline", c->price_pipeline},
        {"engine_elevenlabs", c->price_elevenlabs},
        {"engine_livekit", c->price_livekit},
        {"elevenlabs_credit", c->price_elevenlabs_credit},
        {"sms_segment", c->price_sms_segment},
        {"tokens_in", c->price_tokens_in},
        {"tokens_out", c->price_tokens_out},
    };
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 256);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    for (size_t i = 0; i < sizeof(prices) / sizeof(*prices); i++) {
        if (prices[i].usd != NULL) {
            va_json_add_c(w, prices[i].name, prices[i].usd);
        }
    }
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

bool wk_call_cost(wk_tx_t *tx, const wk_config_t *config, va_str_t call, wk_error_t *e)
{
    va_str_t params[] = {call, prices_of(wk_tx_arena(tx), config)};
    if (params[1].data == NULL) {
        return wk_error(e, WK_INTERNAL, "the prices cannot be written");
    }
    return wk_sql(tx, &wk_sql_call_costed, params, NULL, e) ||
           wk_error_wrap(e, "cost of a call");
}

bool wk_call_cost_tokens(wk_tx_t *tx, va_str_t call, int64_t in, int64_t out, wk_error_t *e)
{
    wk_arena_t *a = wk_tx_arena(tx);
    va_str_t params[] = {call, wk_printf(a, "%lld", (long long)in),
                         wk_printf(a, "%lld", (long long)out)};
    return in + out == 0 || wk_sql(tx, &wk_sql_call_tokens, params, NULL, e) ||
           wk_error_wrap(e, "tokens of a call");
}
