#ifndef WK_FILE_H
#define WK_FILE_H

#include "worker/arena.h"
#include "worker/error.h"

/* The whole file, terminated, in a; an error for one larger than max bytes. */
bool wk_file_read(wk_arena_t *a, const char *path, size_t max, va_str_t *text, wk_error_t *e);

#endif
