#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "worker/commands/commands.h"
#include "worker/queue.h"

#define REDIS_TIMEOUT_MS 5000
#define PAGE             100

typedef struct {
    wk_redis_t *redis;
    wk_arena_t *arena;
    unsigned queues; /* 1 << wk_queue_t of those looked at */
    bool all;        /* instead of ids */
    wk_error_t e;
} dead_t;

static int complain(const dead_t *d)
{
    fprintf(stderr, "voiceagent-worker: %s\n", d->e.text);
    return EXIT_FAILURE;
}

/* Bytes of a terminal's own language never reach it. */
static void put(va_str_t s, int width)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        putchar(c < ' ' || c == 0x7f ? '?' : c);
    }
    for (int i = (int)s.len; i < width; i++) {
        putchar(' ');
    }
}

static void put_time(int64_t ms)
{
    char text[32];
    struct tm utc;
    time_t s = (time_t)(ms / 1000);
    gmtime_r(&s, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    printf("%-21s ", text);
}

/* ---------------------------------------------------------------- list */

static void print(wk_queue_t q, const wk_dead_t *job)
{
    put_time(job->died_ms);
    printf("%-9s %3d  ", wk_queue_name(q), job->attempt);
    put(job->type, 28);
    putchar(' ');
    put(job->id, 32);
    putchar(' ');
    put(job->reason, 0);
    putchar('\n');
}

static bool list_queue(dead_t *d, wk_queue_t q)
{
    wk_dead_t page[PAGE];
    size_t n = PAGE;
    for (int64_t offset = 0; n == PAGE; offset += PAGE) {
        if (!wk_queue_dead_list(d->redis, q, offset, PAGE, d->arena, page, &n, &d->e)) {
            return false;
        }
        for (size_t i = 0; i < n; i++) {
            print(q, &page[i]);
        }
        fflush(stdout);
        wk_arena_reset(d->arena);
    }
    return true;
}

static int list(dead_t *d, int argc, char **argv)
{
    (void)argv;
    if (argc != 0) {
        return WK_EXIT_USAGE;
    }
    printf("%-21s %-9s %3s  %-28s %-32s %s\n", "died", "queue", "try", "type", "id", "reason");
    for (int q = 0; q < WK_QUEUES; q++) {
        if ((d->queues & 1u << q) != 0 && !list_queue(d, (wk_queue_t)q)) {
            return complain(d);
        }
    }
    return EXIT_SUCCESS;
}

/* ---------------------------------------------------------------- one job */

typedef bool (*change_fn)(wk_redis_t *r, wk_queue_t q, va_str_t id, bool *found, wk_error_t *e);

/* Looks for the id in every queue. */
static bool change_one(dead_t *d, change_fn change, va_str_t id, bool *found)
{
    *found = false;
    for (int q = 0; q < WK_QUEUES && !*found; q++) {
        if ((d->queues & 1u << q) != 0 && !change(d->redis, (wk_queue_t)q, id, found, &d->e)) {
            return false;
        }
    }
    return true;
}

static int change_named(dead_t *d, change_fn change, int argc, char **argv)
{
    int status = EXIT_SUCCESS;
    for (int i = 0; i < argc; i++) {
        bool found;
        if (!change_one(d, change, va_str_c(argv[i]), &found)) {
            return complain(d);
        }
        if (!found) {
            fprintf(stderr, "voiceagent-worker: no dead job %s\n", argv[i]);
            status = EXIT_FAILURE;
        }
    }
    return status;
}

/* Those that are dead now: what is replayed may die again at once. */
static bool change_queue(dead_t *d, change_fn change, wk_queue_t q, int64_t *changed)
{
    wk_queue_stats_t stats[WK_QUEUES];
    if (!wk_queue_stats(d->redis, stats, &d->e)) {
        return false;
    }
    for (int64_t left = stats[q].dead; left > 0; left--) {
        wk_dead_t oldest;
        size_t n;
        bool found;
        if (!wk_queue_dead_list(d->redis, q, left - 1, 1, d->arena, &oldest, &n, &d->e)) {
            return false;
        }
        if (n == 1 && !change(d->redis, q, oldest.id, &found, &d->e)) {
            return false;
        }
        *changed += n == 1 && found;
        wk_arena_reset(d->arena);
    }
    return true;
}

static int change_all(dead_t *d, change_fn change)
{
    int64_t changed = 0;
    for (int q = 0; q < WK_QUEUES; q++) {
        if ((d->queues & 1u << q) != 0 && !change_queue(d, change, (wk_queue_t)q, &changed)) {
            return complain(d);
        }
    }
    printf("%lld jobs\n", (long long)changed);
    return EXIT_SUCCESS;
}

static int change(dead_t *d, change_fn how, int argc, char **argv)
{
    if (d->all != (argc == 0)) {
        return WK_EXIT_USAGE;
    }
    return d->all ? change_all(d, how) : change_named(d, how, argc, argv);
}

static int replay(dead_t *d, int argc, char **argv)
{
    return change(d, wk_queue_dead_replay, argc, argv);
}

static int drop(dead_t *d, int argc, char **argv)
{
    return change(d, wk_queue_dead_drop, argc, argv);
}

static int show(dead_t *d, int argc, char **argv)
{
    if (argc != 1 || d->all) {
        return WK_EXIT_USAGE;
    }
    for (int q = 0; q < WK_QUEUES; q++) {
        wk_dead_t job;
        bool found;
        if (!wk_queue_dead_get(d->redis, (wk_queue_t)q, va_str_c(argv[0]), d->arena, &job,
                               &found, &d->e)) {
            return complain(d);
        }
        if (found) {
            print((wk_queue_t)q, &job);
            put(job.document, 0);
            putchar('\n');
            return EXIT_SUCCESS;
        }
    }
    fprintf(stderr, "voiceagent-worker: no dead job %s\n", argv[0]);
    return EXIT_FAILURE;
}

/* ---------------------------------------------------------------- command */

static bool read_options(dead_t *d, int argc, char **argv)
{
    static const struct option options[] = {
        {"queue", required_argument, NULL, 'q'}, {"all", no_argument, NULL, 'a'}, {0}};
    int option;
    wk_queue_t q;
    while ((option = getopt_long(argc, argv, "q:", options, NULL)) != -1) {
        if (option == 'a') {
            d->all = true;
        } else if (option == 'q' && wk_queue_parse(va_str_c(optarg), &q)) {
            d->queues = 1u << q;
        } else {
            return false;
        }
    }
    return true;
}

static int call(dead_t *d, int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(dead_t *d, int argc, char **argv);
    } actions[] = {{"list", list}, {"show", show}, {"replay", replay}, {"drop", drop}};
    if (!read_options(d, argc - 1, argv + 1) || argc < 2) {
        return WK_EXIT_USAGE;
    }
    for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
        if (strcmp(actions[i].name, argv[1]) == 0) {
            return actions[i].run(d, argc - 1 - optind, argv + 1 + optind);
        }
    }
    return WK_EXIT_USAGE;
}

int wk_command_dead(const wk_cli_t *cli, int argc, char **argv)
{
    dead_t d = {.redis = wk_redis_new(cli->config->redis_url, REDIS_TIMEOUT_MS),
                .arena = wk_arena_new(),
                .queues = (1u << WK_QUEUES) - 1};
    int status = call(&d, argc, argv);
    wk_arena_free(d.arena);
    wk_redis_free(d.redis);
    return status;
}
