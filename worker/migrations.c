#include "worker/migrations.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base64.h"
#include "core/hmac.h"
#include "worker/file.h"

#define MAX_FILES      10000
#define MAX_FILE_BYTES (16 << 20)

/* "0001_roles.sql" to 1 and "roles". */
static bool parse_name(const char *file, int *version, va_str_t *name)
{
    size_t len = strlen(file);
    if (len < sizeof("0000_x.sql") - 1 || strspn(file, "0123456789") != 4 || file[4] != '_' ||
        strcmp(file + len - 4, ".sql") != 0) {
        return false;
    }
    *version = (int)strtol(file, NULL, 10);
    *name = va_str(file + 5, len - 9);
    return true;
}

static int is_migration(const struct dirent *entry)
{
    int version;
    va_str_t name;
    return parse_name(entry->d_name, &version, &name);
}

static bool hash(wk_arena_t *a, wk_migration_t *m, wk_error_t *e)
{
    uint8_t digest[32];
    char *hex = wk_alloc(a, 2 * sizeof(digest) + 1);
    if (va_sha256(m->text, digest) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "OpenSSL refuses SHA-256");
    }
    va_hex_encode(hex, digest, sizeof(digest));
    m->sha256 = va_str(hex, 2 * sizeof(digest));
    return true;
}

static bool read_one(wk_arena_t *a, const char *folder, const char *file, wk_migration_t *m,
                     wk_error_t *e)
{
    va_str_t path = wk_printf(a, "%s/%s", folder, file);
    parse_name(wk_strdup(a, va_str_c(file)), &m->version, &m->name);
    return wk_file_read(a, path.data, MAX_FILE_BYTES, &m->text, e) && hash(a, m, e);
}

static bool read_all(wk_arena_t *a, const char *folder, struct dirent **entries, int n,
                     wk_migrations_t *m, wk_error_t *e)
{
    if (n > MAX_FILES) {
        return wk_error(e, WK_INVALID, "%s: too many files", folder);
    }
    m->list = wk_alloc(a, (size_t)n * sizeof(*m->list));
    for (m->n = 0; m->n < (size_t)n; m->n++) {
        wk_migration_t *one = &m->list[m->n];
        if (!read_one(a, folder, entries[m->n]->d_name, one, e)) {
            return false;
        }
        if (m->n > 0 && one[-1].version == one->version) {
            return wk_error(e, WK_INVALID, "%s: two files of version %d", folder, one->version);
        }
    }
    return m->n > 0 || wk_error(e, WK_INVALID, "%s: no migrations", folder);
}

bool wk_migrations_read(wk_arena_t *a, const char *folder, wk_migrations_t *m, wk_error_t *e)
{
    struct dirent **entries;
    memset(m, 0, sizeof(*m));
    int n = scandir(folder, &entries, is_migration, alphasort);
    if (n < 0) {
        return wk_error(e, WK_INVALID, "%s: %s", folder, strerror(errno));
    }
    bool ok = read_all(a, folder, entries, n, m, e);
    for (int i = 0; i < n; i++) {
        free(entries[i]);
    }
    free(entries);
    return ok;
}

static wk_migration_t *add(wk_arena_t *a, wk_migrations_t *m, int version)
{
    wk_migration_t *list = wk_alloc(a, (m->n + 1) * sizeof(*list));
    size_t at = 0;
    while (at < m->n && m->list[at].version < version) {
        at++;
    }
    memcpy(list, m->list, at * sizeof(*list));
    memcpy(list + at + 1, m->list + at, (m->n - at) * sizeof(*list));
    m->list = list;
    m->n++;
    list[at] = (wk_migration_t){.version = version};
    return &list[at];
}

static bool note(wk_arena_t *a, wk_migrations_t *m, int version, va_str_t name, va_str_t sha256,
                 wk_error_t *e)
{
    wk_migration_t *one = NULL;
    for (size_t i = 0; i < m->n && one == NULL; i++) {
        one = m->list[i].version == version ? &m->list[i] : NULL;
    }
    if (one == NULL) {
        one = add(a, m, version);
        one->name = wk_copy(a, name);
        one->sha256 = wk_copy(a, sha256);
    } else if (!va_str_eq(one->sha256, sha256)) {
        return wk_error(e, WK_CONFLICT,
                        "%04d_%.*s.sql was changed after it had been applied: undo that, and "
                        "make a new file for the change",
                        version, (int)one->name.len, one->name.data);
    }
    one->applied = true;
    return true;
}

static bool in_order(const wk_migrations_t *m, wk_error_t *e)
{
    const wk_migration_t *waiting = NULL;
    for (size_t i = 0; i < m->n; i++) {
        const wk_migration_t *one = &m->list[i];
        if (!one->applied && waiting == NULL) {
            waiting = one;
        } else if (one->applied && waiting != NULL) {
            return wk_error(
                e, WK_CONFLICT, "%04d_%.*s.sql has not been applied, but the later %04d has",
                waiting->version, (int)waiting->name.len, waiting->name.data, one->version);
        }
    }
    return true;
}

bool wk_migrations_note(wk_arena_t *a, wk_migrations_t *m, const PGresult *applied,
                        wk_error_t *e)
{
    for (int i = 0; i < PQntuples(applied); i++) {
        if (!note(a, m, (int)strtol(PQgetvalue(applied, i, 0), NULL, 10),
                  va_str_c(PQgetvalue(applied, i, 1)), va_str_c(PQgetvalue(applied, i, 2)),
                  e)) {
            return false;
        }
    }
    return in_order(m, e);
}
