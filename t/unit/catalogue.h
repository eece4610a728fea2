/*
 * The messages of conf/messages, what is masked by their words, and an arena, for a group of
 * tests: what set_up() makes tear_down() frees.
 */
#ifndef TEST_CATALOGUE_H
#define TEST_CATALOGUE_H

#include "t/unit/support.h"
#include "worker/agent/redact.h"

static wk_arena_t *arena;
static wk_catalogue_t *catalogue;
__attribute__((unused)) static const wk_redactor_t *redactor;

static inline int set_up(void **state)
{
    wk_error_t e;

    (void)state;
    arena = wk_arena_new();
    catalogue = wk_catalogue_load("conf/messages", &e);
    redactor = catalogue != NULL ? wk_redactor(arena, catalogue) : NULL;

    return redactor != NULL ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    wk_catalogue_free(catalogue);
    wk_arena_free(arena);
    return 0;
}

#endif
