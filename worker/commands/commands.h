/* The subcommands of voiceagent-worker: one file each. */
#ifndef WK_COMMANDS_H
#define WK_COMMANDS_H

#include "worker/config.h"

typedef struct {
    const wk_config_t *config;
    const char *config_path; /* NULL: none */
    char **program;          /* main's argv */
} wk_cli_t;

/* Exit status of a command called in the wrong way: sysexits.h, EX_USAGE. */
#define WK_EXIT_USAGE 64

/* argv[0] is the subcommand's name. Each returns the exit status. */
int wk_command_run(const wk_cli_t *cli, int argc, char **argv);
int wk_command_migrate(const wk_cli_t *cli, int argc, char **argv);
int wk_command_check(const wk_cli_t *cli, int argc, char **argv);
int wk_command_dead(const wk_cli_t *cli, int argc, char **argv);
int wk_command_rotate_keys(const wk_cli_t *cli, int argc, char **argv);
int wk_command_queue(const wk_cli_t *cli, int argc, char **argv);

#endif
