#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/commands/commands.h"
#include "worker/log.h"
#include "worker/process.h"
#include "worker/supervisor.h"
#include "worker/version.h"

static void report(void *ctx, bool fatal, const char *text)
{
    (void)ctx;
    wk_log(fatal ? WK_ERROR : WK_WARN, "configuration", WK_C("finding", text));
}

int wk_command_run(const wk_cli_t *cli, int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        return WK_EXIT_USAGE;
    }
    if (!wk_log_open(cli->config->log_file, cli->config->log_level)) {
        fprintf(stderr, "voiceagent-worker: %s: %s\n", cli->config->log_file, strerror(errno));
        return EXIT_FAILURE;
    }
    wk_log(WK_INFO, "voiceagent-worker " WK_VERSION);
    if (!wk_config_check(cli->config, report, NULL)) {
        return WK_EXIT_CONFIG;
    }
    /* A connection closed by its peer is an error of the write, not of the process. */
    signal(SIGPIPE, SIG_IGN);
    wk_supervised_t supervised = {cli->config, cli->config_path, cli->program};
    return wk_supervise(&supervised);
}
