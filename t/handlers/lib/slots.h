/* Free times of Downtown's coming weeks, of what an hour takes unless another length is told.
 */
#ifndef T_SLOTS_H
#define T_SLOTS_H

/* The n-th start, each an hour after the one before or a day: by the shop's clock, no zone. */
const char *t_free_slot(int n);
const char *t_free_slot_of(const char *length, int n);

/* The same start in UTC, with a Z. */
const char *t_free_instant(int n);

#endif
