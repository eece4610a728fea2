#include "worker/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/clock.h"

#define WAIT_MS 5000
#define STEP_MS 10

extern char **environ;

static int spawn(const char *path, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    char *const argv[] = {(char *)path, "version", NULL};
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0) {
        return error;
    }
    error = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (error == 0) {
        error = posix_spawn(pid, path, &files, NULL, argv, environ);
    }
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static bool ends_well(pid_t pid)
{
    int status;
    for (int ms = 0; ms < WAIT_MS; ms += STEP_MS) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
        }
        wk_pause_ms(STEP_MS);
    }
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return false;
}

bool wk_program_begins(const char *path)
{
    pid_t pid;
    return spawn(path, &pid) == 0 && ends_well(pid);
}
