#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/commands/commands.h"
#include "worker/queue.h"

#define REDIS_TIMEOUT_MS 5000

static void print(wk_queue_t q, const wk_queue_stats_t *s)
{
    printf("%-9s %8lld %8lld %8lld %8lld %8lld %8lld %8lld %12.1f\n", wk_queue_name(q),
           (long long)s->in, (long long)s->ready, (long long)s->parked, (long long)s->held,
           (long long)s->later, (long long)s->dead, (long long)s->lanes,
           (double)s->oldest_ms / 1000);
}

int wk_command_queue(const wk_cli_t *cli, int argc, char **argv)
{
    wk_error_t e;
    wk_queue_stats_t stats[WK_QUEUES];
    if (argc != 2 || strcmp(argv[1], "stats") != 0) {
        return WK_EXIT_USAGE;
    }
    wk_redis_t *r = wk_redis_new(cli->config->redis_url, REDIS_TIMEOUT_MS);
    bool ok = wk_queue_stats(r, stats, &e);
    wk_redis_free(r);
    if (!ok) {
        fprintf(stderr, "voiceagent-worker: %s\n", e.text);
        return EXIT_FAILURE;
    }
    printf("%-9s %8s %8s %8s %8s %8s %8s %8s %12s\n", "queue", "in", "ready", "parked", "held",
           "later", "dead", "lanes", "oldest (s)");
    for (int q = 0; q < WK_QUEUES; q++) {
        print((wk_queue_t)q, &stats[q]);
    }
    return EXIT_SUCCESS;
}
