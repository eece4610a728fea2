#include "worker/effect.h"

#include "worker/store/effects.h"

static const char *const names[] = {
    [WK_EFFECT_PENDING] = "pending",
    [WK_EFFECT_DONE] = "done",
    [WK_EFFECT_FAILED] = "failed",
    [WK_EFFECT_UNKNOWN] = "unknown",
};

static bool parse_state(va_str_t name, wk_effect_state_t *state)
{
    for (size_t i = WK_EFFECT_PENDING; i < sizeof(names) / sizeof(*names); i++) {
        if (va_str_eq(name, va_str_c(names[i]))) {
            *state = (wk_effect_state_t)i;
            return true;
        }
    }
    return false;
}

bool wk_effect_claim(wk_tx_t *tx, const char *kind, va_str_t key, va_str_t request,
                     wk_effect_t *out, wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {va_str_c(kind), key, request};
    if (!wk_sql(tx, &wk_sql_effect_claim, params, &rows, e)) {
        return wk_error_wrap(e, "effect %s", kind);
    }
    *out = (wk_effect_t){.id = wk_cell(rows, 0, "id"),
                         .key = key,
                         .provider_id = wk_cell(rows, 0, "provider_id"),
                         .result = wk_cell(rows, 0, "result"),
                         .age_ms = wk_cell_int(rows, 0, "age_ms", 0)};
    if (!parse_state(wk_cell(rows, 0, "state"), &out->state)) {
        return wk_error(e, WK_INTERNAL, "effect of a state that is not known");
    }
    if (wk_cell_int(rows, 0, "claims", 0) == 1) {
        out->state = WK_EFFECT_NEW;
    }
    return true;
}

bool wk_effect_finish(wk_tx_t *tx, va_str_t id, wk_effect_state_t state, va_str_t provider_id,
                      va_str_t result, wk_error_t *e)
{
    if (state != WK_EFFECT_DONE && state != WK_EFFECT_FAILED && state != WK_EFFECT_UNKNOWN) {
        return wk_error(e, WK_INTERNAL, "an effect does not end as new or pending");
    }
    va_str_t params[] = {id, va_str_c(names[state]), provider_id, result};
    return wk_sql_later(tx, &wk_sql_effect_finish, params, e);
}

bool wk_effect_once(wk_tx_t *tx, const char *kind, va_str_t job, bool *first, wk_error_t *e)
{
    wk_effect_t effect;
    if (!wk_effect_claim(tx, kind, job, VA_STR_NULL, &effect, e)) {
        return false;
    }
    *first = effect.state == WK_EFFECT_NEW;
    return !*first ||
           wk_effect_finish(tx, effect.id, WK_EFFECT_DONE, VA_STR_NULL, VA_STR_NULL, e);
}

bool wk_effect_release(wk_tx_t *tx, va_str_t id, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_effect_release, &id, NULL, e);
}
