#include "worker/handlers/list.h"

#include "worker/agent/stored_word.h"
#include "worker/handlers/reply.h"

#define Q_MAX 200

bool wk_list_has(const char *const *words, va_str_t word)
{
    for (; *words != NULL; words++) {
        if (va_str_eq(word, va_str_c(*words))) {
            return true;
        }
    }
    return false;
}

bool wk_list_word(const char *const *words, va_str_t *word)
{
    *word = wk_stored_word(words, *word);
    return word->data != NULL;
}

static va_str_t present(va_str_t s)
{
    return s.len > 0 ? s : VA_STR_NULL;
}

bool wk_list_read(wk_ctx_t *ctx, const char *const *statuses, wk_list_t *list, wk_error_t *e)
{
    va_form_t args;
    if (!wk_request_args(ctx, &args, e) || !wk_page_read(ctx, &args, &list->page, e) ||
        !wk_request_period(ctx, &args, &list->from, &list->to, e)) {
        return false;
    }
    list->status = present(va_form_get(&args, "status"));
    list->q = present(va_form_get(&args, "q"));
    if (list->status.data != NULL && !wk_list_word(statuses, &list->status)) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "status is not one of this list's.");
    }
    if (list->q.len > Q_MAX) {
        return wk_refuse(e, WK_R_BAD_REQUEST, "q must be at most %d bytes.", Q_MAX);
    }
    return true;
}

void wk_list_params(wk_ctx_t *ctx, const wk_list_t *list, va_str_t params[WK_LIST_PARAMS])
{
    wk_page_params(ctx, &list->page, params);
    params[3] = list->status;
    params[4] = list->q;
    params[5] = list->from.wall;
    params[6] = list->from.zone;
    params[7] = list->to.wall;
    params[8] = list->to.zone;
}
