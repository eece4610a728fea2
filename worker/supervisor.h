/*
 * The parent of all worker processes of a host: starts them by role, starts those again
 * that die (with a growing delay; too many deaths within a minute end everything), and
 * passes signals on. It has no threads and no connections, so that nothing can go wrong
 * in it.
 *
 *   SIGTERM, SIGINT   the processes drain, then it ends
 *   SIGHUP            a new generation is started, of the program and the configuration
 *                     as they now are on disk; the old one drains beside it
 *   SIGUSR1           log files are opened again
 *
 * A process whose supervisor dies drains by itself.
 */
#ifndef WK_SUPERVISOR_H
#define WK_SUPERVISOR_H

#include "worker/config.h"

/* Jobs end within seconds and calls within hours: each may have a supervisor of its own. */
typedef enum {
    WK_RUN_JOBS = 1, /* with the host's scheduler */
    WK_RUN_VOICE = 2,
    WK_RUN_ALL = WK_RUN_JOBS | WK_RUN_VOICE,
} wk_run_part_t;

/* Whether that part of this host carries live calls. */
static inline bool wk_run_carries_calls(wk_run_part_t part, const wk_config_t *config)
{
    return (part & WK_RUN_VOICE) != 0 && config->voice_processes > 0;
}

typedef struct {
    wk_run_part_t part;
    const wk_config_t *config;
    const char *config_path; /* NULL: none */
    char **argv;             /* of the program: how the next generation is called */
} wk_supervised_t;

/* Before any thread and any connection. Returns the exit status. */
int wk_supervise(const wk_supervised_t *s);

#endif
