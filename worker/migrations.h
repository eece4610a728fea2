/*
 * The numbered SQL files of a folder (0001_name.sql …) and what a database knows of
 * them. A file once applied never changes: its SHA-256 is kept.
 */
#ifndef WK_MIGRATIONS_H
#define WK_MIGRATIONS_H

#include <libpq-fe.h>

#include "worker/arena.h"
#include "worker/error.h"

typedef struct {
    int version;
    va_str_t name;   /* without number and ending */
    va_str_t text;   /* absent when the folder has no such file */
    va_str_t sha256; /* hex, of the file or as applied */
    bool applied;
} wk_migration_t;

typedef struct {
    wk_migration_t *list; /* by version */
    size_t n;
} wk_migrations_t;

/* All files of the folder, none applied. */
bool wk_migrations_read(wk_arena_t *a, const char *folder, wk_migrations_t *m, wk_error_t *e);

/*
 * Notes what the database applied: rows of wk_sql_migrations_applied. One the folder
 * does not have (the database is newer than this program) is added without a text.
 * WK_CONFLICT when a file was changed since, or one not applied stands before one that is.
 */
bool wk_migrations_note(wk_arena_t *a, wk_migrations_t *m, const PGresult *applied,
                        wk_error_t *e);

#endif
