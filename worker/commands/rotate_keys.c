#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/commands/commands.h"
#include "worker/db.h"
#include "worker/postgres_url.h"
#include "worker/redis.h"
#include "worker/secretbox.h"
#include "worker/sound.h"
#include "worker/store/integrations.h"
#include "worker/store/recordings.h"

#define MOST_AT_ONCE     "100"
#define PIECES_AT_ONCE   "16"
#define N_COLUMNS        3
#define REDIS_TIMEOUT_MS 5000

static const char *const columns[N_COLUMNS] = {"access_token", "refresh_token", "secret"};

typedef struct {
    const wk_config_t *config;
    wk_db_t *db;
    wk_arena_t *arena;
    va_str_t key_id, organization;
    wk_rows_t *due;
    int64_t rotated;
    bool more; /* pieces of recordings are left */
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

/* ---------------------------------------------------------------- recordings */

static bool rotate_piece(rotation_t *r, wk_tx_t *tx, const wk_rows_t *rows, size_t row,
                         wk_error_t *e)
{
    va_str_t sealed;
    wk_rows_t *updated;
    if (!wk_sound_seal_again(r->config, wk_tx_arena(tx), r->organization, rows, row, &sealed,
                             e)) {
        return false;
    }
    va_str_t params[] = {wk_cell(rows, row, "recording_id"), wk_cell(rows, row, "n"),
                         wk_cell(rows, row, "key_id"), sealed, r->key_id};
    if (!wk_sql(tx, &wk_sql_recording_piece_rotated, params, &updated, e)) {
        return false;
    }
    r->rotated += (int64_t)wk_rows_affected(updated);
    return true;
}

static bool rotate_pieces_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    rotation_t *r = arg;
    wk_rows_t *rows;
    va_str_t params[] = {r->key_id, VA_STR(PIECES_AT_ONCE)};
    if (!wk_sql(tx, &wk_sql_recording_pieces_to_rotate, params, &rows, e)) {
        return false;
    }
    r->more = wk_rows_count(rows) > 0;
    for (size_t row = 0; row < wk_rows_count(rows); row++) {
        if (!rotate_piece(r, tx, rows, row, e)) {
            return false;
        }
    }
    return true;
}

/* Some at a time, in memory of their own: they are large. */
static bool rotate_pieces(rotation_t *r, wk_error_t *e)
{
    bool ok = true;
    wk_arena_t *a = wk_arena_new();
    for (r->more = true; ok && r->more;) {
        ok = wk_tx(r->db, a, r->organization, 0, rotate_pieces_tx, r, e);
        wk_arena_reset(a);
    }
    wk_arena_free(a);
    return ok;
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
            if (!wk_tx(r->db, r->arena, r->organization, 0, rotate_tx, r, e) ||
                !rotate_pieces(r, e)) {
                return wk_error_wrap(e, "organization %.*s", (int)r->organization.len,
                                     r->organization.data);
            }
        }
    }
}

/* ---------------------------------------------------------------- living workers */

/* *other: a living worker that encrypts with another key, or with none. */
static bool look_at(wk_redis_t *redis, const rotation_t *r, va_str_t worker, bool *other,
                    wk_error_t *e)
{
    va_str_t key = wk_printf(r->arena, "va:alive:%.*s", (int)worker.len, worker.data);
    va_str_t argv[] = {VA_STR("HMGET"), key, VA_STR("version"), VA_STR("key")};
    redisReply *reply = wk_redis_command(redis, 0, argv, 4, e);
    if (reply == NULL) {
        return false;
    }
    bool read = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2;
    bool lives = read && reply->element[0]->type == REDIS_REPLY_STRING;
    *other = lives && !va_str_eq(wk_redis_str(reply->element[1]), r->key_id);
    freeReplyObject(reply);
    return true;
}

/* What it encrypts anew, a worker that does not have the new key could not read. */
static bool all_have_the_key(const rotation_t *r, wk_redis_t *redis, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("ZRANGE"), VA_STR("va:alive"), VA_STR("0"), VA_STR("-1")};
    redisReply *workers = wk_redis_command(redis, 0, argv, 4, e);
    bool ok = workers != NULL;
    for (size_t i = 0; ok && i < workers->elements; i++) {
        bool other;
        va_str_t worker = wk_redis_str(workers->element[i]);
        ok = look_at(redis, r, worker, &other, e);
        if (ok && other) {
            ok = wk_error(e, WK_CONFLICT,
                          "the worker %.*s does not encrypt with %.*s: restart it with the new "
                          "ENCRYPTION_KEY first",
                          (int)worker.len, worker.data, (int)r->key_id.len, r->key_id.data);
        }
    }
    freeReplyObject(workers);
    return ok;
}

static bool workers_ready(const rotation_t *r, wk_error_t *e)
{
    wk_redis_t *redis = wk_redis_new(r->config->redis_url, REDIS_TIMEOUT_MS);
    bool ok = all_have_the_key(r, redis, e);
    wk_redis_free(redis);
    return ok;
}

/* ---------------------------------------------------------------- command */

static bool ready(const rotation_t *r, wk_error_t *e)
{
    if (r->key_id.data == NULL) {
        return wk_error(e, WK_INVALID, "ENCRYPTION_KEY is not set");
    }
    const char *url = r->config->app_database_url;
    if (url == NULL) {
        return wk_error(e, WK_INVALID, "APP_DATABASE_URL is not set");
    }
    return wk_postgres_url_valid(url) ||
           wk_error(e, WK_INVALID, "APP_DATABASE_URL is no address of a database");
}

int wk_command_rotate_keys(const wk_cli_t *cli, int argc, char **argv)
{
    wk_error_t e;
    rotation_t r = {.config = cli->config, .key_id = wk_secret_key_id(cli->config)};
    bool force = argc == 2 && strcmp(argv[1], "--force") == 0;
    if (argc != 1 && !force) {
        return WK_EXIT_USAGE;
    }
    r.arena = wk_arena_new();
    r.db = wk_db_new(cli->config->app_database_url, cli->config->prepare,
                     "voiceagent-rotate-keys");
    bool ok = ready(&r, &e) && (force || workers_ready(&r, &e)) && rotate_all(&r, &e);
    if (ok) {
        printf("%lld encrypted anew\n", (long long)r.rotated);
    } else {
        fprintf(stderr, "voiceagent-worker: rotate-keys: %s\n", e.text);
    }
    wk_db_free(r.db);
    wk_arena_free(r.arena);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
