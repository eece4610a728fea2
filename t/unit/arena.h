/* An arena for the time of a test or of a group of tests: what set_up() makes tear_down()
 * frees. */
#ifndef TEST_ARENA_H
#define TEST_ARENA_H

#include "t/unit/support.h"
#include "worker/arena.h"

static wk_arena_t *arena;

static inline int set_up(void **state)
{
    (void)state;
    arena = wk_arena_new();
    return arena != NULL ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    wk_arena_free(arena);
    return 0;
}

#endif
