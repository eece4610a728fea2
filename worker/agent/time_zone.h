/* Names of time zones, by the tables of this machine's tzdata. */
#ifndef WK_TIME_ZONE_H
#define WK_TIME_ZONE_H

#include "worker/arena.h"

/* Two letters: the country a zone is named for; absent where it is for none. */
va_str_t wk_zone_country(wk_arena_t *a, va_str_t name);

/*
 * America/New_York for US/Eastern, which PostgreSQL need not know: Debian 13 has older names
 * in a package of their own, and browsers still send some. A name that is no older one of a
 * place is given back as it is. Lasts as the arena.
 */
va_str_t wk_zone_present_name(wk_arena_t *a, va_str_t name);

#endif
