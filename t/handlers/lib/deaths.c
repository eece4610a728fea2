#define _GNU_SOURCE
#include "t/handlers/lib/deaths.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/outbox.h"

#define MAX_PLACES 400
#define MAX_NAME   40
#define MAX_LIVES  30 /* of those who take over what a death left */
#define SAMPLE     7  /* without VA_DEATHS: each name once, and every so many places */

/* Nobody's lease runs out by itself; there is no lane cap, and no job stalls too often. */
static const wk_queue_limits_t limits = {60000, 0, 1000};

/* ---------------------------------------------------------------- a worker's life */

static bool drain_outbox(wk_ctx_t *ctx, va_str_t organization)
{
    int done;
    va_str_t name = wk_copy(ctx->arena, organization);
    bool ok = wk_outbox_drain(ctx, name, 100, &done, &t_e);
    wk_db_outbox_drained(ctx->db);
    return ok;
}

/* What a thread does with a job (worker/job_thread.c). */
static bool do_one(wk_ctx_t *ctx, bool *found)
{
    static const wk_queue_t order[] = {WK_REALTIME, WK_DEFAULT, WK_BULK};
    bool lost;
    wk_lease_t lease;
    wk_work_t work;
    if (!wk_queue_take(ctx->redis, order, WK_QUEUES, &limits, ctx->arena, &lease, found,
                       &t_e) ||
        !*found) {
        return !*found;
    }
    wk_work_read(&work, ctx->arena, &lease);
    wk_work_run(&work, ctx, &lease);
    return wk_queue_end(ctx->redis, &lease, &work.end, &limits, &lost, &t_e) && !lost &&
           (wk_db_outbox(ctx->db).data == NULL || drain_outbox(ctx, wk_db_outbox(ctx->db)));
}

/* Until the queues hold nothing that is due. No assertion: also run in processes of its own. */
static bool live(wk_ctx_t *ctx)
{
    bool found = true, ok = true;
    while (ok && found) {
        ok = do_one(ctx, &found);
    }
    return ok;
}

static bool live_alone(const void *none)
{
    wk_ctx_t ctx;
    (void)none;
    t_ctx_open(&ctx);
    bool ok = live(&ctx);
    t_ctx_close(&ctx);
    return ok;
}

/* In a process of its own, with a variable set; true when it was killed. */
static bool is_killed_with(const char *name, const char *value, bool (*work)(const void *arg),
                           const void *arg)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        setenv(name, value, 1);
        _exit(work(arg) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static bool ask_alone(const void *ask)
{
    wk_ctx_t ctx;
    t_ctx_open(&ctx);
    t_ask_in(&ctx, ask);
    t_ctx_close(&ctx);
    return true;
}

bool t_dies_at(const char *point, int visit, const t_ask_t *ask)
{
    char at[MAX_NAME + 16];
    snprintf(at, sizeof(at), "%s:%d", point, visit);
    return is_killed_with("VA_CRASH_AT", at, ask_alone, ask);
}

/* ---------------------------------------------------------------- those who take over */

static void make_due(const char *queue, const char *set)
{
    redisReply *ids = t_redis(t_ctx.redis, t_ctx.arena, "ZRANGE va:{%s}:%s 0 -1", queue, set);
    for (size_t i = 0; i < ids->elements; i++) {
        t_redis(t_ctx.redis, t_ctx.arena, "ZADD va:{%s}:%s XX 0 %s", queue, set,
                ids->element[i]->str);
    }
}

static bool is_over(void)
{
    wk_queue_stats_t s[WK_QUEUES];
    int64_t open = 0;
    assert_ok(wk_queue_stats(t_ctx.redis, s, &t_e));
    for (int q = 0; q < WK_QUEUES; q++) {
        assert_int_equal(s[q].dead, 0);
        open += s[q].in + s[q].ready + s[q].parked + s[q].held + s[q].later;
    }
    return open == 0 && t_sqlf_int("SELECT count(*) FROM outbox") == 0;
}

/* Leases run out, retries fall due, and the scheduler looks at the outbox. */
static void time_passes(const t_death_t *d)
{
    wk_reaped_t reaped;
    if (d->pass != NULL) {
        d->pass();
    }
    for (wk_queue_t q = 0; q < WK_QUEUES; q++) {
        make_due(wk_queue_name(q), "held");
        make_due(wk_queue_name(q), "later");
        assert_ok(wk_queue_reap(t_ctx.redis, q, &limits, 0, t_ctx.arena, &reaped, &t_e));
    }
    assert_true(drain_outbox(&t_ctx, VA_STR(DOWNTOWN)));
}

static void go_on(const t_death_t *d)
{
    for (int lives = 0; !is_over(); lives++) {
        if (lives == MAX_LIVES) {
            fail_msg("%s: there is still something to do", d->name);
        }
        time_passes(d);
        assert_ok(live(&t_ctx));
    }
}

/* ---------------------------------------------------------------- the places */

typedef struct {
    char at[MAX_PLACES][MAX_NAME + 16]; /* "name:visit" */
    size_t count;
} places_t;

static int visits_before(const places_t *p, const char *name)
{
    int n = 0;
    size_t len = strlen(name);
    for (size_t i = 0; i < p->count; i++) {
        n += strncmp(p->at[i], name, len) == 0 && p->at[i][len] == ':';
    }
    return n;
}

static void read_places(const char *path, places_t *p)
{
    char name[MAX_NAME];
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    while (fscanf(f, "%39s", name) == 1) {
        assert_in_range(p->count, 0, MAX_PLACES - 1);
        int visit = visits_before(p, name) + 1;
        snprintf(p->at[p->count], sizeof(p->at[0]), "%s:%d", name, visit);
        p->count++;
    }
    fclose(f);
}

static void look_for_places(const t_death_t *d, places_t *p)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/places", t_folder());
    unlink(path);
    d->begin();
    assert_false(is_killed_with("VA_CRASH_LOG", path, live_alone, NULL));
    go_on(d);
    d->judge();
    read_places(path, p);
}

/* "db.before 12" for each name. */
static void print_deaths(const t_death_t *d, const places_t *p, size_t deaths)
{
    printf("# %s: %zu deaths at %zu places", d->name, deaths, p->count);
    for (size_t i = 0; i < p->count; i++) {
        char name[MAX_NAME];
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(p->at[i], ":"), p->at[i]);
        if (strcmp(strchr(p->at[i], ':'), ":1") == 0) {
            printf(", %s %d", name, visits_before(p, name));
        }
    }
    printf("\n");
}

static void die_at(const t_death_t *d, const char *place)
{
    wk_arena_reset(t_ctx.arena);
    d->begin();
    if (!is_killed_with("VA_CRASH_AT", place, live_alone, NULL)) {
        fail_msg("%s: it did not die at %s", d->name, place);
    }
    go_on(d);
    d->judge();
}

int t_die_everywhere(const t_death_t *d)
{
    places_t places = {.count = 0};
    bool all = getenv("VA_DEATHS") != NULL;
    size_t deaths = 0;
    look_for_places(d, &places);
    for (size_t i = 0; i < places.count; i++) {
        bool first = strcmp(strchr(places.at[i], ':'), ":1") == 0;
        if (all || first || i % SAMPLE == 0) {
            die_at(d, places.at[i]);
            deaths++;
        }
    }
    print_deaths(d, &places, deaths);
    return (int)places.count;
}
