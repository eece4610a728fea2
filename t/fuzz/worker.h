/* What the fuzz targets of the worker share, made once: an arena, and the shipped catalogues.
 */
#ifndef FUZZ_WORKER_H
#define FUZZ_WORKER_H

#include "t/fuzz/fuzz.h"
#include "worker/agent/redact.h"

/* Emptied by whoever filled it. */
static inline wk_arena_t *fuzz_arena(void)
{
    static wk_arena_t *arena;

    if (arena == NULL)
        arena = wk_arena_new();

    return arena;
}

static inline const wk_catalogue_t *fuzz_catalogue(void)
{
    static wk_catalogue_t *catalogue;
    wk_error_t e;

    if (catalogue == NULL)
        catalogue = wk_catalogue_load("conf/messages", &e);
    CHECK(catalogue != NULL);

    return catalogue;
}

static inline const wk_redactor_t *fuzz_redactor(void)
{
    static const wk_redactor_t *redactor;

    if (redactor == NULL)
        redactor = wk_redactor(wk_arena_new(), fuzz_catalogue());

    return redactor;
}

#endif
