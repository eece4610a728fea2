#include <dirent.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "worker/commands/commands.h"
#include "worker/db_error.h"
#include "worker/durability.h"
#include "worker/file.h"
#include "worker/handler.h"
#include "worker/migrations.h"
#include "worker/postgres_url.h"
#include "worker/queue.h"
#include "worker/store/migrations.h"
#include "worker/store/transaction.h"
#include "worker/supervisor.h"

#define REDIS_TIMEOUT_MS 5000
#define MIN_REDIS        6002 /* 6.2 */
#define MIN_POSTGRES     150000
#define JSON_BYTES       (4 << 20)

typedef struct {
    const wk_config_t *config;
    wk_arena_t *arena;
    int errors, warnings;
} check_t;

typedef enum { FINE, WARNING, ERROR } grade_t;

__attribute__((format(printf, 3, 4))) static void found(check_t *c, grade_t grade,
                                                        const char *format, ...)
{
    static const char *const words[] = {"ok", "warning", "error"};
    va_list args;
    printf("%-8s ", words[grade]);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    c->errors += grade == ERROR;
    c->warnings += grade == WARNING;
}

static void report(void *ctx, bool fatal, const char *text)
{
    found(ctx, fatal ? ERROR : WARNING, "%s", text);
}

static void check_config(check_t *c)
{
    bool calls = wk_run_carries_calls(WK_RUN_ALL, c->config);
    if (wk_config_check(c->config, calls, report, c)) {
        found(c, FINE, "settings");
    }
}

/* ---------------------------------------------------------------- files */

static void check_json(check_t *c, const char *dir, const char *name)
{
    wk_error_t e;
    va_str_t text;
    const va_json_t *root;
    va_str_t path = wk_printf(c->arena, "%s/%s", dir, name);
    if (!wk_file_read(c->arena, path.data, JSON_BYTES, &text, &e)) {
        found(c, ERROR, "%s", e.text);
    } else if (va_json_parse(wk_mem(c->arena), text, &VA_JSON_LIMITS_DEFAULT, &root) != VA_OK ||
               !va_json_is(root, VA_JSON_OBJECT)) {
        found(c, ERROR, "%s: not a JSON object", path.data);
    }
}

static void check_templates(check_t *c)
{
    const char *path = c->config->signup_templates;
    int n = 0, before = c->errors;
    DIR *dir = opendir(path);
    if (dir == NULL) {
        found(c, ERROR, "%s: %s", path, strerror(errno));
        return;
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0) {
            check_json(c, path, entry->d_name);
            n++;
        }
    }
    closedir(dir);
    if (n == 0) {
        found(c, ERROR, "%s: no templates of agents", path);
    } else if (c->errors == before) {
        found(c, FINE, "%d templates of agents", n);
    }
}

static void check_catalogues(check_t *c)
{
    size_t languages;
    if (wk_handlers_check(c->config, &languages, report, c)) {
        found(c, FINE, "%zu message catalogues", languages);
    }
}

/* ---------------------------------------------------------------- Redis */

static void check_durability(check_t *c, wk_redis_t *r)
{
    wk_error_t e;
    wk_durability_t d;
    if (!wk_durability_read(r, c->arena, &d, &e)) {
        found(c, ERROR, "%s", e.text);
        return;
    }
    if (d.major * 1000 + d.minor < MIN_REDIS) {
        found(c, ERROR, "Redis %d.%d is too old, 6.2 is needed", d.major, d.minor);
    }
    grade_t grade = !d.known || !d.appendonly || !d.always ? WARNING : FINE;
    found(c, d.known && !d.noeviction ? ERROR : grade, "durability %s",
          wk_durability_promise(&d));
}

static void check_redis(check_t *c)
{
    wk_error_t e;
    wk_redis_t *r = wk_redis_new(c->config->redis_url, REDIS_TIMEOUT_MS);
    if (wk_queue_check_layout(r, false, &e)) {
        found(c, FINE, "Redis answers");
        check_durability(c, r);
    } else {
        found(c, ERROR, "%s", e.text);
    }
    wk_redis_free(r);
}

/* ---------------------------------------------------------------- Postgres */

static void clear_result(void *result)
{
    PQclear(result);
}

/* NULL when it failed, which was said then. */
static PGresult *query(check_t *c, PGconn *pg, const wk_sql_t *sql)
{
    wk_error_t e;
    PGresult *rows = PQexecParams(pg, sql->text, 0, NULL, NULL, NULL, NULL, 0);
    wk_defer(c->arena, clear_result, rows);
    if (PQresultStatus(rows) == PGRES_TUPLES_OK) {
        return rows;
    }
    wk_db_error(&e, rows, sql->name);
    found(c, ERROR, "%s", e.text);
    return NULL;
}

static const char *cell(const PGresult *rows, const char *column)
{
    return PQgetvalue(rows, 0, PQfnumber(rows, column));
}

static void check_rights(check_t *c, PGconn *pg)
{
    PGresult *rows = query(c, pg, &wk_sql_login_rights);
    int before = c->errors;
    if (rows == NULL || PQntuples(rows) != 1) {
        return;
    }
    if (*cell(rows, "superuser") == 't') {
        found(c, ERROR, "the workers' login is a superuser: row level security does not hold");
    }
    if (*cell(rows, "bypassrls") == 't') {
        found(c, ERROR, "the workers' login has BYPASSRLS: row level security does not hold");
    }
    if (strcmp(cell(rows, "owns"), "0") != 0) {
        found(c, ERROR, "the workers' login owns tables, or is a member of their owner");
    }
    if (c->errors == before) {
        found(c, FINE, "the workers' login sees one organization at a time");
    }
}

static void check_limits(check_t *c, PGconn *pg)
{
    PGresult *rows = query(c, pg, &wk_sql_connection_limits);
    if (rows == NULL) {
        return;
    }
    if (strtol(cell(rows, "version"), NULL, 10) < MIN_POSTGRES) {
        found(c, ERROR, "Postgres is too old, 15 is needed");
    }
    long most = strtol(cell(rows, "most"), NULL, 10);
    /* Each process has a pulse beside its threads, each host a scheduler. */
    long ours = (long)c->config->processes * (c->config->threads + 1) + 1;
    found(c,
          ours > most           ? ERROR
          : ours * 5 > most * 4 ? WARNING
                                : FINE,
          "this host takes up to %ld connections of the %ld Postgres has (behind a pooler its "
          "own limit counts)",
          ours, most);
}

static void check_schema(check_t *c, PGconn *pg)
{
    wk_error_t e;
    wk_migrations_t m;
    PGresult *rows = query(c, pg, &wk_sql_migrations_applied);
    if (rows == NULL) {
        return;
    }
    if (!wk_migrations_read(c->arena, c->config->sql_dir, &m, &e) ||
        !wk_migrations_note(c->arena, &m, rows, &e)) {
        found(c, ERROR, "%s", e.text);
        return;
    }
    size_t waiting = 0;
    for (size_t i = 0; i < m.n; i++) {
        waiting += !m.list[i].applied;
    }
    found(c, waiting > 0 ? ERROR : FINE, "%zu migrations to be applied", waiting);
}

static PGconn *open_connection(const check_t *c)
{
    static const char *const names[] = {"connect_timeout", "fallback_application_name",
                                        "dbname", NULL};
    const char *const values[] = {"5", "voiceagent-check", c->config->app_database_url, NULL};
    return PQconnectdbParams(names, values, 1);
}

/* Under the name that the workers prepare it by, so that theirs is in the way as well. */
static bool prepares(PGconn *pg, wk_error_t *e)
{
    const wk_sql_t *sql = &wk_sql_ping;
    PGresult *prepared = PQprepare(pg, sql->name, sql->text, sql->n_params, NULL);
    PGresult *row = PQexecPrepared(pg, sql->name, 0, NULL, NULL, NULL, 0);
    bool ok =
        PQresultStatus(prepared) == PGRES_COMMAND_OK && PQresultStatus(row) == PGRES_TUPLES_OK;
    if (!ok) {
        wk_db_error(e, PQresultStatus(prepared) != PGRES_COMMAND_OK ? prepared : row,
                    sql->name);
    }
    PQclear(prepared);
    PQclear(row);
    return ok;
}

/* A transaction pooler gives two clients that ask in turn the same connection. */
static void check_prepare(check_t *c, PGconn *pg)
{
    wk_error_t e = {.code = WK_OK};
    if (!c->config->prepare) {
        return;
    }
    PGconn *other = open_connection(c);
    if (prepares(pg, &e) && prepares(other, &e)) {
        found(c, FINE, "prepared statements are kept");
    } else if (wk_sqlstate_pooled(e.sqlstate)) {
        found(c, ERROR,
              "a pooler keeps no prepared statements for its clients: [postgres] prepare has "
              "to be off");
    } else {
        found(c, ERROR, "%s", e.text);
    }
    PQfinish(other);
}

static void check_postgres(check_t *c)
{
    const char *url = c->config->app_database_url;
    if (url == NULL || !wk_postgres_url_valid(url)) {
        return; /* said by the settings */
    }
    PGconn *pg = open_connection(c);
    if (PQstatus(pg) == CONNECTION_OK) {
        found(c, FINE, "Postgres answers");
        check_rights(c, pg);
        check_limits(c, pg);
        check_schema(c, pg);
        check_prepare(c, pg);
    } else {
        char *text = wk_strdup(c->arena, va_str_c(PQerrorMessage(pg)));
        text[strcspn(text, "\n")] = '\0';
        found(c, ERROR, "Postgres: %s", text);
    }
    PQfinish(pg);
}

int wk_command_check(const wk_cli_t *cli, int argc, char **argv)
{
    (void)argv;
    check_t c = {.config = cli->config};
    if (argc != 1) {
        return WK_EXIT_USAGE;
    }
    c.arena = wk_arena_new();
    check_config(&c);
    check_catalogues(&c);
    check_templates(&c);
    check_redis(&c);
    check_postgres(&c);
    wk_arena_free(c.arena);
    printf("%d errors, %d warnings\n", c.errors, c.warnings);
    return c.errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
