/* What the lists of the API share: ?limit= ?cursor= ?status= ?q= ?from= ?to=. */
#ifndef WK_HANDLERS_LIST_H
#define WK_HANDLERS_LIST_H

#include "worker/handlers/page.h"
#include "worker/handlers/request.h"

#define WK_LIST_PARAMS 9

typedef struct {
    wk_page_t page;
    va_str_t status; /* each absent when not asked for */
    va_str_t q;
    wk_moment_t from, to;
} wk_list_t;

bool wk_list_has(const char *const *words, va_str_t word);

/* Makes *word the one of the list that is meant (agent/stored_word.h); false: none of them. */
bool wk_list_word(const char *const *words, va_str_t *word);

/* statuses: the words ?status= may have, NULL at the end. */
bool wk_list_read(wk_ctx_t *ctx, const char *const *statuses, wk_list_t *list, wk_error_t *e);

/* The first parameters of a list's statement: those of a page, status, q, from, to. */
void wk_list_params(wk_ctx_t *ctx, const wk_list_t *list, va_str_t params[WK_LIST_PARAMS]);

#endif
