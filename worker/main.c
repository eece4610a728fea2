/* voiceagent-worker: see usage() below and docs/operations.md. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/commands/commands.h"
#include "worker/version.h"

#define DEFAULT_CONFIG "/etc/voiceagent/worker.conf"

typedef struct {
    const char *name, *args, *help;
    int (*run)(const wk_cli_t *cli, int argc, char **argv);
} command_t;

static const command_t commands[] = {
    {"run", "[jobs|voice]", "do jobs and carry calls until told to stop (the default)",
     wk_command_run},
    {"migrate", "[--dry-run] [--demo]", "bring the database to this version's schema",
     wk_command_migrate},
    {"check", "", "look for what would not work, or not safely", wk_command_check},
    {"dead", "list|show|replay|drop ...", "the jobs that were given up", wk_command_dead},
    {"rotate-keys", "[--force]", "encrypt what is stored with the first of ENCRYPTION_KEY",
     wk_command_rotate_keys},
    {"queue", "stats", "what stands in the queues", wk_command_queue},
};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *out)
{
    fprintf(out, "usage: voiceagent-worker [-c FILE] [COMMAND]\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        fprintf(out, "  %-11s %-27s %s\n", commands[i].name, commands[i].args,
                commands[i].help);
    }
    fprintf(out,
            "  %-11s %-27s %s\n\n"
            "  -c, --config FILE   settings; without it %s when it is there.\n"
            "                      The environment overrides it (docs/settings.md).\n"
            "  -h, --help\n",
            "version", "", "say which version this is", DEFAULT_CONFIG);
}

static const command_t *find_command(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int run_command(const command_t *command, const char *config_path, char **program,
                       int argc, char **argv)
{
    wk_error_t e;
    if (config_path == NULL && access(DEFAULT_CONFIG, R_OK) == 0) {
        config_path = DEFAULT_CONFIG;
    }
    wk_config_t *config = wk_config_load(config_path, &e);
    if (config == NULL) {
        fprintf(stderr, "voiceagent-worker: %s\n", e.text);
        return EXIT_FAILURE;
    }
    wk_cli_t cli = {config, config_path, program};
    int status = command->run(&cli, argc, argv);
    if (status == WK_EXIT_USAGE) {
        fprintf(stderr, "usage: voiceagent-worker %s %s\n", command->name, command->args);
    }
    wk_config_free(config);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
    static char *run[] = {"run", NULL};
    const char *config_path = NULL;
    int option;
    /* "+": options behind the command are the command's. */
    while ((option = getopt_long(argc, argv, "+c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            config_path = optarg;
            break;
        case 'h':
            usage(stdout);
            return EXIT_SUCCESS;
        default:
            usage(stderr);
            return WK_EXIT_USAGE;
        }
    }
    char **rest = optind < argc ? argv + optind : run;
    int n_rest = optind < argc ? argc - optind : 1;
    if (strcmp(rest[0], "version") == 0) {
        puts("voiceagent-worker " WK_VERSION);
        return EXIT_SUCCESS;
    }
    const command_t *command = find_command(rest[0]);
    if (command == NULL) {
        usage(stderr);
        return WK_EXIT_USAGE;
    }
    optind = 0; /* getopt begins anew with the command's options */
    return run_command(command, config_path, argv, n_rest, rest);
}
