#include <getopt.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/commands/commands.h"
#include "worker/db_error.h"
#include "worker/file.h"
#include "worker/migrations.h"
#include "worker/postgres_url.h"
#include "worker/store/migrations.h"

#define APP_ROLE   "va_app" /* made by 0001_roles.sql */
#define DEMO_BYTES (4 << 20)
#define TRIES      120 /* of a migration whose tables are in use; ten minutes of them */
#define PAUSE_S    3   /* in which those go on that waited behind it */

typedef struct {
    const wk_config_t *config;
    bool dry_run, demo;
    PGconn *c;
    wk_arena_t *arena;
    wk_migrations_t files;
} migrate_t;

/* ---------------------------------------------------------------- statements */

static void clear_result(void *result)
{
    PQclear(result);
}

/* The result, owned by the arena; NULL and *e when it failed. */
static PGresult *judged(migrate_t *m, PGresult *result, const char *what, wk_error_t *e)
{
    wk_defer(m->arena, clear_result, result);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        wk_db_error(e, result, what);
        return NULL;
    }
    return result;
}

static PGresult *query(migrate_t *m, const wk_sql_t *sql, const char *const *values,
                       wk_error_t *e)
{
    return judged(m, PQexecParams(m->c, sql->text, sql->n_params, NULL, values, NULL, NULL, 0),
                  sql->name, e);
}

/* The text of a file may hold many statements; it must not end the transaction. */
static bool run_file(migrate_t *m, const char *name, va_str_t text, wk_error_t *e)
{
    if (judged(m, PQexec(m->c, text.data), name, e) == NULL) {
        return false;
    }
    return PQtransactionStatus(m->c) == PQTRANS_INTRANS ||
           wk_error(e, WK_INVALID, "%s ends the transaction it runs in", name);
}

typedef bool (*part_fn)(migrate_t *m, const void *arg, wk_error_t *e);

static bool in_transaction(migrate_t *m, part_fn part, const void *arg, wk_error_t *e)
{
    bool ok = judged(m, PQexec(m->c, "BEGIN"), "BEGIN", e) != NULL && part(m, arg, e);
    wk_error_t ignored;
    if (!ok) {
        judged(m, PQexec(m->c, "ROLLBACK"), "ROLLBACK", &ignored);
        return false;
    }
    return judged(m, PQexec(m->c, "COMMIT"), "COMMIT", e) != NULL;
}

/* ---------------------------------------------------------------- migrations */

static bool note_applied(migrate_t *m, wk_error_t *e)
{
    PGresult *exist = query(m, &wk_sql_migrations_exist, NULL, e);
    if (exist == NULL || *PQgetvalue(exist, 0, 0) != 't') {
        return exist != NULL;
    }
    PGresult *rows = query(m, &wk_sql_migrations_applied, NULL, e);
    return rows != NULL && wk_migrations_note(m->arena, &m->files, rows, e);
}

static bool apply(migrate_t *m, const void *arg, wk_error_t *e)
{
    const wk_migration_t *one = arg;
    const char *name = wk_strdup(m->arena, one->name);
    const char *values[] = {wk_printf(m->arena, "%d", one->version).data, name,
                            one->sha256.data};
    return query(m, &wk_sql_migration_patience, NULL, e) != NULL &&
           run_file(m, name, one->text, e) &&
           query(m, &wk_sql_migration_record, values, e) != NULL;
}

/* It got no lock in time, or was ended in favour of another that waited for it. */
static bool met_a_lock(const wk_error_t *e)
{
    return strcmp(e->sqlstate, "55P03") == 0 || strcmp(e->sqlstate, "40P01") == 0;
}

/*
 * Who waits for a table that a long transaction reads, a backup's for one, makes everybody wait
 * behind him: calls would stand still. So it waits briefly, and again and again.
 */
static bool apply_when_free(migrate_t *m, const wk_migration_t *one, wk_error_t *e)
{
    for (int i = 1; !in_transaction(m, apply, one, e); i++) {
        if (!met_a_lock(e) || i == TRIES) {
            return false;
        }
        if (i == 1) {
            printf("%04d %.*s: waits for what is in use\n", one->version, (int)one->name.len,
                   one->name.data);
            fflush(stdout);
        }
        sleep(PAUSE_S);
    }
    return true;
}

static bool apply_all(migrate_t *m, wk_error_t *e)
{
    size_t n = 0;
    for (size_t i = 0; i < m->files.n; i++) {
        const wk_migration_t *one = &m->files.list[i];
        if (one->applied && one->text.data == NULL) {
            printf("%04d %s: applied by a newer version of this program\n", one->version,
                   one->name.data);
        }
        if (one->applied) {
            continue;
        }
        n++;
        if (!m->dry_run && !apply_when_free(m, one, e)) {
            return wk_error_wrap(e, "%04d", one->version);
        }
        printf("%04d %.*s: %s\n", one->version, (int)one->name.len, one->name.data,
               m->dry_run ? "would be applied" : "applied");
    }
    if (n == 0) {
        puts("the schema is up to date");
    }
    return true;
}

static bool load_demo(migrate_t *m, const void *arg, wk_error_t *e)
{
    const va_str_t *text = arg;
    return run_file(m, "demo.sql", *text, e);
}

static bool demo(migrate_t *m, wk_error_t *e)
{
    va_str_t text;
    va_str_t path = wk_printf(m->arena, "%s/demo.sql", m->config->sql_dir);
    if (!wk_file_read(m->arena, path.data, DEMO_BYTES, &text, e)) {
        return false;
    }
    if (m->dry_run) {
        puts("demo: would be loaded");
        return true;
    }
    if (!in_transaction(m, load_demo, &text, e)) {
        return false;
    }
    puts("demo: loaded");
    return true;
}

/* ---------------------------------------------------------------- the workers' login */

/* User and password of the workers' URL; both absent when they are not in it. */
static bool app_login(migrate_t *m, const char **user, const char **password, wk_error_t *e)
{
    *user = *password = NULL;
    if (m->config->app_database_url == NULL) {
        return true;
    }
    PQconninfoOption *options = PQconninfoParse(m->config->app_database_url, NULL);
    if (options == NULL) {
        return wk_error(e, WK_UNAVAILABLE, "out of memory"); /* it can be read */
    }
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++) {
        if (strcmp(o->keyword, "user") == 0) {
            *user = wk_strdup(m->arena, va_str_c(o->val));
        } else if (strcmp(o->keyword, "password") == 0) {
            *password = wk_strdup(m->arena, va_str_c(o->val));
        }
    }
    PQconninfoFree(options);
    return true;
}

static void free_pq(void *p)
{
    PQfreemem(p);
}

/* Hashed here, so that the password itself never stands in a log of the server. */
static bool login_statement(migrate_t *m, const char *password, va_str_t *text, wk_error_t *e)
{
    if (password == NULL || *password == '\0') {
        *text = wk_sql_role_login(m->arena, APP_ROLE, NULL);
        return true;
    }
    char *hash = PQencryptPasswordConn(m->c, password, APP_ROLE, "scram-sha-256");
    char *quoted = hash != NULL ? PQescapeLiteral(m->c, hash, strlen(hash)) : NULL;
    if (quoted == NULL) {
        PQfreemem(hash);
        return wk_error(e, WK_INTERNAL, "password of " APP_ROLE ": %s", PQerrorMessage(m->c));
    }
    wk_defer(m->arena, free_pq, hash);
    wk_defer(m->arena, free_pq, quoted);
    *text = wk_sql_role_login(m->arena, APP_ROLE, quoted);
    return true;
}

/* Where the owner may not change roles, somebody else gave the login already. */
static bool give_login(migrate_t *m, wk_error_t *e)
{
    const char *user, *password;
    va_str_t text;
    if (!app_login(m, &user, &password, e)) {
        return false;
    }
    if (user == NULL || strcmp(user, APP_ROLE) != 0) {
        return true;
    }
    if (m->dry_run) {
        puts(APP_ROLE ": would get its login");
        return true;
    }
    if (!login_statement(m, password, &text, e)) {
        return false;
    }
    if (judged(m, PQexec(m->c, text.data), "login of " APP_ROLE, e) != NULL) {
        puts(APP_ROLE ": may log in");
        return true;
    }
    if (e->code == WK_FORBIDDEN) {
        puts(APP_ROLE ": left as it is, this login may not change roles");
        return true;
    }
    return false;
}

/* ---------------------------------------------------------------- command */

static bool connect_as_owner(migrate_t *m, wk_error_t *e)
{
    static const char *const names[] = {"connect_timeout", "fallback_application_name",
                                        "client_encoding", "dbname", NULL};
    const char *const values[] = {"10", "voiceagent-migrate", "UTF8", m->config->database_url,
                                  NULL};
    m->c = PQconnectdbParams(names, values, 1);
    if (PQstatus(m->c) != CONNECTION_OK) {
        return wk_error(e, WK_UNAVAILABLE, "%s", PQerrorMessage(m->c));
    }
    return judged(m, PQexec(m->c, "SET client_min_messages = warning"), "SET", e) != NULL;
}

/* Before anything is changed. */
static bool addresses_valid(const migrate_t *m, wk_error_t *e)
{
    const char *owner = m->config->database_url, *app = m->config->app_database_url;
    if (owner == NULL) {
        return wk_error(e, WK_INVALID, "DATABASE_URL is not set");
    }
    if (!wk_postgres_url_valid(owner)) {
        return wk_error(e, WK_INVALID, "DATABASE_URL is no address of a database");
    }
    return app == NULL || wk_postgres_url_valid(app) ||
           wk_error(e, WK_INVALID, "APP_DATABASE_URL is no address of a database");
}

static bool migrate(migrate_t *m, wk_error_t *e)
{
    return addresses_valid(m, e) &&
           wk_migrations_read(m->arena, m->config->sql_dir, &m->files, e) &&
           connect_as_owner(m, e) && query(m, &wk_sql_migration_lock, NULL, e) != NULL &&
           note_applied(m, e) && apply_all(m, e) && (!m->demo || demo(m, e)) &&
           give_login(m, e);
}

static bool read_options(migrate_t *m, int argc, char **argv)
{
    static const struct option options[] = {
        {"dry-run", no_argument, NULL, 'n'}, {"demo", no_argument, NULL, 'd'}, {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'n') {
            m->dry_run = true;
        } else if (option == 'd') {
            m->demo = true;
        } else {
            return false;
        }
    }
    return optind == argc;
}

int wk_command_migrate(const wk_cli_t *cli, int argc, char **argv)
{
    wk_error_t e;
    migrate_t m = {.config = cli->config};
    if (!read_options(&m, argc, argv)) {
        return WK_EXIT_USAGE;
    }
    m.arena = wk_arena_new();
    bool ok = migrate(&m, &e);
    if (!ok) {
        fflush(stdout);
        fprintf(stderr, "voiceagent-worker: migrate: %s\n", e.text);
    }
    wk_arena_free(m.arena);
    PQfinish(m.c);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
