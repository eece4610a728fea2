#define _GNU_SOURCE
#include "program.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

void t_program_defaults(const t_redis_t *redis, const t_postgres_t *postgres)
{
    const char *const settings[][2] = {
        {"REDIS_URL", redis->url},
        {"APP_DATABASE_URL", postgres->app_url},
        {"VA_WORKERS", "1"},
        {"VA_THREADS", "4"},
        {"VA_LEASE_MS", "30000"},
        {"VA_DRAIN_MS", "5000"},
        {"VA_LANE_CAP", "0"},
        {"VA_MAX_STALLS", "3"},
        {"VA_PUBLIC_URL", "https://agent.example.com"},
        {"JWT_SECRET", "0123456789abcdef0123456789abcdef"},
        {"VA_INTERNAL_SECRET", "fedcba9876543210fedcba9876543210"},
        {"ENCRYPTION_KEY", "k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="},
        {"VA_VOICE_LISTEN", t_folder()},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        setenv(settings[i][0], settings[i][1], 1);
    }
    unsetenv("VA_CRASH_AT");
    unsetenv("VA_VOICE_PROCESSES");
}

void t_program_start(t_program_t *p)
{
    t_program_start_part(p, NULL);
}

void t_program_start_part(t_program_t *p, const char *part)
{
    static int n;
    snprintf(p->log, sizeof(p->log), "%s/worker-%d.jsonl", t_folder(), ++n);
    setenv("VA_LOG_FILE", p->log, 1);
    p->pid = t_spawn("worker", (const char *const[]){t_worker_program(), "run", part, NULL});
}

int t_program_stop(t_program_t *p, int ms)
{
    int status;
    t_kill(p->pid, SIGTERM);
    if (!t_wait(p->pid, ms, &status)) {
        t_end(p->pid);
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Name and parent of a process; false when there is no such (or it is a zombie). */
static bool read_process(const char *pid, char name[32], int *parent)
{
    char path[300], state;
    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return false;
    }
    int n = fscanf(f, "%*d (%31[^)]) %c %d", name, &state, parent);
    fclose(f);
    return n == 3 && state != 'Z';
}

size_t t_program_children(const t_program_t *p, const char *role, pid_t *pids, size_t max)
{
    size_t n = 0;
    DIR *dir = opendir("/proc");
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL && n < max;) {
        char name[32];
        int parent;
        if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name) &&
            read_process(entry->d_name, name, &parent) && parent == p->pid &&
            strcmp(name, role) == 0) {
            pids[n++] = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    }
    closedir(dir);
    return n;
}

int t_program_logged(const t_program_t *p, const char *text)
{
    char line[20000];
    int n = 0;
    FILE *f = fopen(p->log, "re");
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        n += strstr(line, text) != NULL;
    }
    if (f != NULL) {
        fclose(f);
    }
    return n;
}
