#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/commands/commands.h"
#include "worker/handler.h"
#include "worker/log.h"
#include "worker/process.h"
#include "worker/supervisor.h"
#include "worker/version.h"

static void report(void *ctx, bool fatal, const char *text)
{
    (void)ctx;
    wk_log(fatal ? WK_ERROR : WK_WARN, "configuration", WK_C("finding", text));
}

/* false: there is no such part. */
static bool read_part(int argc, char **argv, wk_run_part_t *part)
{
    *part = argc == 1                       ? WK_RUN_ALL
            : strcmp(argv[1], "jobs") == 0  ? WK_RUN_JOBS
            : strcmp(argv[1], "voice") == 0 ? WK_RUN_VOICE
                                            : 0;
    return argc <= 2 && *part != 0;
}

int wk_command_run(const wk_cli_t *cli, int argc, char **argv)
{
    wk_run_part_t part;
    wk_error_t e;
    if (!read_part(argc, argv, &part)) {
        return WK_EXIT_USAGE;
    }
    if (!wk_log_open(cli->config->log_file, cli->config->log_level)) {
        fprintf(stderr, "voiceagent-worker: %s: %s\n", cli->config->log_file, strerror(errno));
        return EXIT_FAILURE;
    }
    wk_log(WK_INFO, "voiceagent-worker " WK_VERSION);
    if (!wk_config_check(cli->config, wk_run_carries_calls(part, cli->config), report, NULL)) {
        return WK_EXIT_CONFIG;
    }
    if (!wk_handlers_ready(cli->config, &e)) {
        report(NULL, true, e.text);
        return WK_EXIT_CONFIG;
    }
    /* No refusal: after SIGHUP the calls of the former generation are still on. */
    if (part == WK_RUN_VOICE && cli->config->voice_processes == 0) {
        report(NULL, false, "VA_VOICE_PROCESSES is 0: this host takes no calls");
    }
    /* A connection closed by its peer is an error of the write, not of the process. */
    signal(SIGPIPE, SIG_IGN);
    wk_supervised_t supervised = {part, cli->config, cli->config_path, cli->program};
    return wk_supervise(&supervised);
}
