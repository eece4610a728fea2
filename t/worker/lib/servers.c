#define _GNU_SOURCE
#include "servers.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PG_BIN   "/usr/lib/postgresql"
#define MIGRATED "build/migrated.tar" /* made by t/worker/migrated.sh */

static char folder[128];
static pid_t maker; /* of the folder: its children must not remove it */

__attribute__((noreturn, format(printf, 1, 2))) static void bail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("Bail out! ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    exit(EXIT_FAILURE);
}

/* ---------------------------------------------------------------- files, processes */

static void run(const char *const *argv)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        bail("%s failed", argv[0]);
    }
}

static void remove_folder(void)
{
    if (getpid() == maker) {
        run((const char *const[]){"rm", "-rf", folder, NULL});
    }
}

const char *t_folder(void)
{
    if (folder[0] == '\0') {
        snprintf(folder, sizeof(folder), "/tmp/voiceagent-test-XXXXXX");
        if (mkdtemp(folder) == NULL || chmod(folder, 0777) != 0) {
            bail("mkdtemp: %s", strerror(errno));
        }
        maker = getpid();
        atexit(remove_folder);
    }
    return folder;
}

pid_t t_spawn_as(const char *name, const char *user, const char *const *argv)
{
    char log[256];
    snprintf(log, sizeof(log), "%s/%s.log", t_folder(), name);
    fflush(NULL);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid != 0) {
        return pid > 0 ? pid : (bail("fork: %s", strerror(errno)), -1);
    }
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    if (user != NULL && geteuid() == 0) {
        struct passwd *pw = getpwnam(user);
        if (pw == NULL || initgroups(user, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 ||
            setuid(pw->pw_uid) != 0) {
            _exit(126);
        }
    }
    /* After the change of user, which clears it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(126);
    }
    execvp(argv[0], (char *const *)argv);
    _exit(127);
}

pid_t t_spawn(const char *name, const char *const *argv)
{
    return t_spawn_as(name, NULL, argv);
}

void t_kill(pid_t pid, int signal)
{
    if (pid > 0) {
        kill(pid, signal);
    }
}

void t_end(pid_t pid)
{
    int status;
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
}

static void nap(void)
{
    nanosleep(&(struct timespec){0, 10000000}, NULL);
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool t_wait(pid_t pid, int ms, int *status)
{
    for (long end = now_ms() + ms; now_ms() < end; nap()) {
        if (waitpid(pid, status, WNOHANG) == pid) {
            return true;
        }
    }
    return waitpid(pid, status, WNOHANG) == pid;
}

bool t_until(bool (*condition)(void *arg), void *arg, int ms)
{
    for (long end = now_ms() + ms; now_ms() < end; nap()) {
        if (condition(arg)) {
            return true;
        }
    }
    return condition(arg);
}

/* Its end. */
static void show_log(const char *name)
{
    char line[1000], path[256];
    snprintf(path, sizeof(path), "%s/%s.log", t_folder(), name);
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return;
    }
    if (fseek(f, -3000, SEEK_END) != 0) {
        rewind(f);
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        printf("# %s", line);
    }
    fclose(f);
}

/* ---------------------------------------------------------------- Redis */

static bool redis_answers(void *arg)
{
    const t_redis_t *r = arg;
    redisContext *c = redisConnect("127.0.0.1", r->port);
    redisReply *reply = c != NULL && c->err == 0 ? redisCommand(c, "PING") : NULL;
    bool ok = reply != NULL && reply->type == REDIS_REPLY_STATUS;
    freeReplyObject(reply);
    if (c != NULL) {
        redisFree(c);
    }
    return ok;
}

static void redis_launch(t_redis_t *r)
{
    const char *argv[40] = {"redis-server", "--bind", "127.0.0.1",     "--save",   "",
                            "--appendonly", "yes",    "--appendfsync", "everysec", "--dir",
                            r->dir,         "--port"};
    char port[8];
    size_t n = 12;
    snprintf(port, sizeof(port), "%d", r->port);
    argv[n++] = port;
    for (const char *const *o = r->options; o != NULL && *o != NULL && n < 39; o++) {
        argv[n++] = *o;
    }
    r->pid = t_spawn("redis", argv);
}

static void redis_await(t_redis_t *r)
{
    if (!t_until(redis_answers, r, 10000)) {
        show_log("redis");
        bail("redis-server does not come up");
    }
}

void t_redis_start(t_redis_t *r, const char *const *options)
{
    r->options = options;
    r->port = t_free_port();
    snprintf(r->url, sizeof(r->url), "redis://127.0.0.1:%d/0", r->port);
    snprintf(r->dir, sizeof(r->dir), "%s/redis-%d", t_folder(), r->port);
    if (mkdir(r->dir, 0777) != 0) {
        bail("%s: %s", r->dir, strerror(errno));
    }
    t_redis_restart(r);
}

void t_redis_stop(t_redis_t *r)
{
    t_end(r->pid);
    r->pid = 0;
}

void t_redis_restart_unready(t_redis_t *r)
{
    redis_launch(r);
}

void t_redis_restart(t_redis_t *r)
{
    redis_launch(r);
    redis_await(r);
}

/* ---------------------------------------------------------------- Postgres */

/* The newest server that is installed. */
static const char *postgres_bin(void)
{
    static char path[64];
    for (int version = 30; version >= 15; version--) {
        snprintf(path, sizeof(path), PG_BIN "/%d/bin", version);
        if (access(path, X_OK) == 0) {
            return path;
        }
    }
    bail("no Postgres server 15 or newer is installed");
}

static bool postgres_answers(void *arg)
{
    const t_postgres_t *p = arg;
    PGconn *c = PQconnectdb(p->super_url);
    bool ok = PQstatus(c) == CONNECTION_OK;
    PQfinish(c);
    return ok;
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

/*
 * The connection used last: a new one costs the server more than most statements of a test.
 * It is of the process that made it; a fork makes its own.
 */
static PGconn *connection(const char *url)
{
    static PGconn *c;
    static pid_t owner;
    static char its_url[sizeof(((t_postgres_t *)0)->super_url)];
    if (c != NULL && owner == getpid() && strcmp(its_url, url) == 0) {
        return c;
    }
    if (owner == getpid()) {
        PQfinish(c);
    }
    c = PQconnectdb(url);
    PQsetNoticeReceiver(c, ignore_notice, NULL);
    owner = getpid();
    snprintf(its_url, sizeof(its_url), "%s", url);
    return c;
}

static const char *run_sql(const char *url, const char *text)
{
    static char value[4096];
    PGconn *c = connection(url);
    PGresult *r = PQexec(c, text);
    if (PQstatus(c) != CONNECTION_OK) { /* the server has been stopped meanwhile */
        PQclear(r);
        PQreset(c);
        r = PQexec(c, text);
    }
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        bail("%s: %s", text,
             PQstatus(c) == CONNECTION_OK ? PQresultErrorMessage(r) : PQerrorMessage(c));
    }
    snprintf(value, sizeof(value), "%s", PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : "");
    PQclear(r);
    return value;
}

void t_sql(const t_postgres_t *p, const char *text)
{
    run_sql(p->owner_url, text);
}

const char *t_sql_value(const t_postgres_t *p, const char *text)
{
    return run_sql(p->super_url, text);
}

/* The files come with the owner they had, who may run Postgres. */
static void unpack(const char *data)
{
    if (mkdir(data, 0700) != 0) {
        bail("%s: %s", data, strerror(errno));
    }
    run((const char *const[]){"tar", "-xf", MIGRATED, "-C", data, NULL});
}

void t_postgres_restart(t_postgres_t *p)
{
    char data[256], program[80], port[8];
    snprintf(data, sizeof(data), "%s/postgres-%d", t_folder(), p->port);
    snprintf(program, sizeof(program), "%s/postgres", postgres_bin());
    snprintf(port, sizeof(port), "%d", p->port);
    const char *argv[] = {program,
                          "-D",
                          data,
                          "-p",
                          port,
                          "-k",
                          t_folder(),
                          "-c",
                          "listen_addresses=127.0.0.1",
                          "-c",
                          "fsync=off",
                          "-c",
                          "max_connections=200",
                          "-c",
                          "deadlock_timeout=100ms",
                          NULL};
    p->pid = t_spawn_as("postgres", "postgres", argv);
    if (!t_until(postgres_answers, p, 60000)) {
        show_log("postgres");
        bail("Postgres does not come up");
    }
}

void t_postgres_start(t_postgres_t *p)
{
    char data[256];
    p->port = t_free_port();
    snprintf(data, sizeof(data), "%s/postgres-%d", t_folder(), p->port);
    snprintf(p->super_url, sizeof(p->super_url), "postgresql://super@127.0.0.1:%d/voiceagent",
             p->port);
    snprintf(p->owner_url, sizeof(p->owner_url), "postgresql://owner@127.0.0.1:%d/voiceagent",
             p->port);
    snprintf(p->app_url, sizeof(p->app_url),
             "postgresql://va_app:secret@127.0.0.1:%d/voiceagent", p->port);
    unpack(data);
    t_postgres_restart(p);
}

void t_postgres_stop(t_postgres_t *p)
{
    int status;
    t_kill(p->pid, SIGQUIT);
    if (!t_wait(p->pid, 30000, &status)) {
        t_end(p->pid);
    }
    p->pid = 0;
}

/* ---------------------------------------------------------------- PgBouncer */

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) {
        bail("%s: %s", path, strerror(errno));
    }
}

static bool pooler_answers(void *arg)
{
    return PQping(arg) == PQPING_OK;
}

bool t_pooler_can_keep_statements(void)
{
    int major = 0, minor = 0;
    FILE *said = popen("pgbouncer --version", "re");
    if (said == NULL || fscanf(said, "PgBouncer %d.%d", &major, &minor) != 2) {
        bail("pgbouncer does not tell its version");
    }
    pclose(said);
    return major > 1 || (major == 1 && minor >= 21);
}

pid_t t_pooler_start(const t_postgres_t *p, bool keeps_statements, char url[160])
{
    char path[300], users[300], text[1000], kept[60] = "";
    int port = t_free_port();
    snprintf(users, sizeof(users), "%s/users.txt", t_folder());
    write_file(users, "\"va_app\" \"secret\"\n");
    if (t_pooler_can_keep_statements()) { /* who cannot refuses to be told */
        snprintf(kept, sizeof(kept), "max_prepared_statements = %d\n",
                 keeps_statements ? 200 : 0);
    }
    snprintf(path, sizeof(path), "%s/pgbouncer.ini", t_folder());
    snprintf(text, sizeof(text),
             "[databases]\nvoiceagent = host=127.0.0.1 port=%d\n[pgbouncer]\n"
             "listen_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\n"
             "auth_type = trust\nauth_file = %s\npool_mode = transaction\n"
             "default_pool_size = 1\n%s",
             p->port, port, users, kept);
    write_file(path, text);
    snprintf(url, 160, "postgresql://va_app@127.0.0.1:%d/voiceagent", port);
    pid_t pid =
        t_spawn_as("pgbouncer", "postgres", (const char *const[]){"pgbouncer", path, NULL});
    if (!t_until(pooler_answers, url, 10000)) {
        show_log("pgbouncer");
        bail("PgBouncer does not come up");
    }
    return pid;
}

/* ---------------------------------------------------------------- the program */

const char *t_worker_program(void)
{
    static char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 32);
    if (len < 0) {
        bail("/proc/self/exe: %s", strerror(errno));
    }
    path[len] = '\0';
    memcpy(strrchr(path, '/') + 1, "voiceagent-worker", sizeof("voiceagent-worker"));
    return path;
}
