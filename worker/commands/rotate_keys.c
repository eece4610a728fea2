#include <stdio.h>
#include <stdlib.h>

#include "worker/commands/commands.h"
#include "worker/db.h"
#include "worker/secretbox.h"
#include "worker/store/integrations.h"

#define MOST_AT_ONCE "100"
#define N_COLUMNS    3

static const char *const columns[N_COLUMNS] = {"access_token", "refresh_token", "secret"};

typedef struct {
    const wk_config_t *config;
    wk_db_t *db;
    wk_arena_t *arena;
    va_str_t key_id, organization;
    wk_rows_t *due;
    int64_t rotated;
} rotation_t;

/* ---------------------------------------------------------------- one row */

static bool seal_again(const rotation_t *r, const wk_rows_t *rows, size_t row, va_str_t *sealed,
                       wk_error_t *e)
{
    for (size_t i = 0; i < N_COLUMNS; i++) {
        va_str_t plain;
        wk_secret_place_t place = {"integrations", columns[i], r->organization,
                                   wk_cell(rows, row, "service")};
        if (!wk_secret_open(r->config, r->arena, &place, wk_cell(rows, row, columns[i]), &plain,
                            e) ||
            !wk_secret_seal(r->config, r->arena, &place, plain, &sealed[i], e)) {
            return false;
        }
    }
    return true;
}

/* A row that was changed meanwhile was encrypted anew by who changed it. */
static bool rotate_row(rotation_t *r, wk_tx_t *tx, const wk_rows_t *rows, size_t row,
                       wk_error_t *e)
{
    wk_rows_t *updated;
    va_str_t sealed[N_COLUMNS];
    if (!seal_again(r, rows, row, sealed, e)) {
        return false;
    }
    va_str_t params[] = {wk_cell(rows, row, "service"),
                         wk_cell(rows, row, "generation"),
                         sealed[0],
                         sealed[1],
                         sealed[2],
                         r->key_id};
    if (!wk_sql(tx, &wk_sql_integration_rotated, params, &updated, e)) {
        return false;
    }
    r->rotated += (int64_t)wk_rows_affected(updated);
    return true;
}

/* ---------------------------------------------------------------- all of them */

static bool rotate_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    rotation_t *r = arg;
    wk_rows_t *rows;
    if (!wk_sql(tx, &wk_sql_integrations_to_rotate, &r->key_id, &rows, e)) {
        return false;
    }
    for (size_t row = 0; row < wk_rows_count(rows); row++) {
        if (!rotate_row(r, tx, rows, row, e)) {
            return false;
        }
    }
    return true;
}

static bool due_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    rotation_t *r = arg;
    va_str_t params[] = {r->key_id, VA_STR(MOST_AT_ONCE)};
    return wk_sql_last(tx, &wk_sql_keys_due, params, &r->due, e);
}

/* Until nobody is left; a shop whose secrets do not open ends it. */
static bool rotate_all(rotation_t *r, wk_error_t *e)
{
    for (;;) {
        wk_arena_reset(r->arena);
        if (!wk_tx(r->db, r->arena, VA_STR_NULL, 0, due_tx, r, e)) {
            return false;
        }
        if (wk_rows_count(r->due) == 0) {
            return true;
        }
        for (size_t i = 0; i < wk_rows_count(r->due); i++) {
            r->organization = wk_cell(r->due, i, "organization");
            if (!wk_tx(r->db, r->arena, r->organization, 0, rotate_tx, r, e)) {
                return wk_error_wrap(e, "organization %.*s", (int)r->organization.len,
                                     r->organization.data);
            }
        }
    }
}

/* ---------------------------------------------------------------- command */

static bool ready(const rotation_t *r, wk_error_t *e)
{
    if (r->key_id.data == NULL) {
        return wk_error(e, WK_INVALID, "ENCRYPTION_KEY is not set");
    }
    return r->config->app_database_url != NULL ||
           wk_error(e, WK_INVALID, "APP_DATABASE_URL is not set");
}

int wk_command_rotate_keys(const wk_cli_t *cli, int argc, char **argv)
{
    wk_error_t e;
    rotation_t r = {.config = cli->config, .key_id = wk_secret_key_id(cli->config)};
    (void)argv;
    if (argc != 1) {
        return WK_EXIT_USAGE;
    }
    r.arena = wk_arena_new();
    r.db = wk_db_new(cli->config->app_database_url, cli->config->prepare,
                     "voiceagent-rotate-keys");
    bool ok = ready(&r, &e) && rotate_all(&r, &e);
    if (ok) {
        printf("%lld encrypted anew\n", (long long)r.rotated);
    } else {
        fprintf(stderr, "voiceagent-worker: rotate-keys: %s\n", e.text);
    }
    wk_db_free(r.db);
    wk_arena_free(r.arena);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
