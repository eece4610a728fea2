#include "worker/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "worker/clock.h"
#include "worker/handler.h"
#include "worker/log.h"
#include "worker/probe.h"
#include "worker/process.h"
#include "worker/scheduler.h"
#include "worker/stop.h"
#include "worker/turns.h"
#include "worker/voice_process.h"

#define MAX_CHILDREN  1024
#define LONG_LIFE_MS  10000 /* a death after that is no sign of a broken program */
#define MAX_DELAY_MS  10000
#define DEATHS        10 /* of them within DEATHS_MS end everything */
#define DEATHS_MS     60000
#define KILL_AFTER_MS 10000 /* beyond drain_ms, of calls voice_drain_ms */
#define INHERITED     "VA_INHERITED_PIDS"

typedef struct {
    const char *name;
    int (*run)(const wk_config_t *config);
    bool can_wait; /* beside calls: sound is late before an answer is */
} role_t;

static const role_t jobs = {"jobs", wk_job_process, true};
static const role_t voice = {"voice", wk_voice_process, false};
static const role_t scheduler = {"scheduler", wk_scheduler_process, false};
static const role_t former = {"former generation", NULL, false};

typedef struct {
    const role_t *role;
    pid_t pid;             /* 0: to be started at start_at_ms */
    bool leaving;          /* told to end; not started again */
    int64_t started_at_ms; /* all times are monotonic */
    int64_t start_at_ms;
    int64_t kill_at_ms; /* 0: never */
    int quick_deaths;   /* in a row */
} child_t;

typedef struct {
    const wk_supervised_t *with;
    char self[4096]; /* path of the program, which may be another one by then */
    child_t children[MAX_CHILDREN];
    size_t n;
    int64_t deaths_ms[DEATHS]; /* a ring */
    size_t n_deaths;
    bool stopping;
    int status;
} supervisor_t;

/* ---------------------------------------------------------------- starting */

static void run_child(const role_t *role, const wk_config_t *config, pid_t parent)
{
    /* Told before it is asked, so that a death in between is not missed. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) {
        _exit(EXIT_FAILURE);
    }
    prctl(PR_SET_NAME, role->name);
    if (role->can_wait && config->voice_processes > 0) {
        wk_turns_wait();
    }
    if (!wk_stop_init()) {
        wk_log(WK_ERROR, "not started", WK_C("error", strerror(errno)));
        _exit(EXIT_FAILURE);
    }
    exit(role->run(config));
}

static void start(supervisor_t *s, child_t *c)
{
    pid_t parent = getpid();
    c->started_at_ms = wk_monotonic_ms();
    pid_t pid = fork();
    if (pid == 0) {
        run_child(c->role, s->with->config, parent);
    }
    if (pid < 0) {
        wk_log(WK_ERROR, "fork failed", WK_C("error", strerror(errno)));
        c->start_at_ms = c->started_at_ms + 1000;
        return;
    }
    c->pid = pid;
    wk_log(WK_INFO, "process started", WK_C("role", c->role->name), WK_I("child", pid));
}

static void start_due(supervisor_t *s)
{
    for (size_t i = 0; i < s->n && !s->stopping; i++) {
        child_t *c = &s->children[i];
        if (c->pid == 0 && !c->leaving && wk_monotonic_ms() >= c->start_at_ms) {
            start(s, c);
        }
    }
}

static void add(supervisor_t *s, const role_t *role, pid_t pid)
{
    if (s->n < MAX_CHILDREN) {
        s->children[s->n++] = (child_t){.role = role, .pid = pid};
    }
}

/* The processes of the generation whose place this program took by exec. */
static void adopt_former(supervisor_t *s)
{
    const char *p = getenv(INHERITED);
    while (p != NULL && *p != '\0') {
        char *end;
        long pid = strtol(p, &end, 10);
        if (end == p) {
            break;
        }
        if (pid > 1) {
            add(s, &former, (pid_t)pid);
        }
        p = *end == ',' ? end + 1 : end;
    }
    unsetenv(INHERITED);
}

/* ---------------------------------------------------------------- ending */

/* Calls last longer than jobs; what a former generation was doing is not known. */
static int drain_ms(const supervisor_t *s, const role_t *role)
{
    const wk_config_t *config = s->with->config;
    bool carried = wk_run_carries_calls(s->with->part, config);
    bool calls = role == &voice || (role == &former && carried);
    return calls && config->voice_drain_ms > config->drain_ms ? config->voice_drain_ms
                                                              : config->drain_ms;
}

static void tell_to_leave(supervisor_t *s, child_t *c)
{
    c->leaving = true;
    if (c->pid != 0 && c->kill_at_ms == 0) {
        c->kill_at_ms = wk_monotonic_ms() + drain_ms(s, c->role) + KILL_AFTER_MS;
        kill(c->pid, SIGTERM);
    }
}

static void stop_all(supervisor_t *s, int status)
{
    if (!s->stopping) {
        s->status = status;
    }
    s->stopping = true;
    for (size_t i = 0; i < s->n; i++) {
        tell_to_leave(s, &s->children[i]);
    }
}

static void kill_overdue(supervisor_t *s)
{
    for (size_t i = 0; i < s->n; i++) {
        child_t *c = &s->children[i];
        if (c->pid != 0 && c->kill_at_ms != 0 && wk_monotonic_ms() >= c->kill_at_ms) {
            wk_log(WK_ERROR, "process did not end, is killed", WK_I("child", c->pid));
            kill(c->pid, SIGKILL);
            c->kill_at_ms = wk_monotonic_ms() + KILL_AFTER_MS;
        }
    }
}

static bool too_many_deaths(supervisor_t *s)
{
    int64_t now = wk_monotonic_ms();
    int64_t *oldest = &s->deaths_ms[s->n_deaths++ % DEATHS];
    bool many = s->n_deaths > DEATHS && now - *oldest < DEATHS_MS;
    *oldest = now;
    return many;
}

static void plan_restart(child_t *c)
{
    int64_t now = wk_monotonic_ms();
    int64_t delay = 0;
    if (now - c->started_at_ms < LONG_LIFE_MS) {
        delay = c->quick_deaths < 7 ? INT64_C(100) << c->quick_deaths : MAX_DELAY_MS;
        c->quick_deaths++;
    } else {
        c->quick_deaths = 0;
    }
    c->start_at_ms = now + delay;
}

static void bury(supervisor_t *s, child_t *c, int status)
{
    bool expected = c->leaving || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
    wk_log(expected ? WK_INFO : WK_ERROR, "process ended", WK_C("role", c->role->name),
           WK_I("child", c->pid), WK_I("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
           WK_I("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    c->pid = 0;
    c->kill_at_ms = 0;
    if (c->leaving) {
        return;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == WK_EXIT_CONFIG) {
        stop_all(s, WK_EXIT_CONFIG);
    } else if (!expected && too_many_deaths(s)) {
        wk_log(WK_ALERT, "processes die again and again: giving up");
        stop_all(s, EXIT_FAILURE);
    } else {
        plan_restart(c);
    }
}

static void collect_dead(supervisor_t *s)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (size_t i = 0; i < s->n; i++) {
            if (s->children[i].pid == pid) {
                bury(s, &s->children[i], status);
            }
        }
    }
}

static bool any_left(const supervisor_t *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->children[i].pid != 0) {
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------------- signals */

static void refuse(void *ctx, bool fatal, const char *text)
{
    (void)ctx;
    if (fatal) {
        wk_log(WK_ERROR, "configuration not taken", WK_C("error", text));
    }
}

static bool refuse_path(const char *path)
{
    wk_log(WK_ERROR, "configuration not taken", WK_C("path", path),
           WK_C("error", strerror(errno)));
    return false;
}

/* A folder for the sockets of voice processes; an address is looked at by them. */
static bool can_listen_in(const char *folder)
{
    return *folder != '/' || access(folder, W_OK | X_OK) == 0 || refuse_path(folder);
}

/* What the next generation would end of at once, and the calls of this one with it. */
static bool can_begin_with(const supervisor_t *s, const wk_config_t *config)
{
    wk_error_t e;
    bool voice_too = wk_run_carries_calls(s->with->part, config);
    if (!wk_config_check(config, voice_too, refuse, NULL)) {
        return false;
    }
    if (!wk_handlers_ready(config, &e)) {
        refuse(NULL, true, e.text);
        return false;
    }
    return (wk_log_can_open(config->log_file) || refuse_path(config->log_file)) &&
           (!voice_too || can_listen_in(config->voice_listen));
}

static bool configuration_is_good(const supervisor_t *s)
{
    wk_error_t e;
    wk_config_t *config = wk_config_load(s->with->config_path, &e);
    if (config == NULL) {
        refuse(NULL, true, e.text);
        return false;
    }
    bool good = can_begin_with(s, config);
    wk_config_free(config);
    return good;
}

/* Becomes the program that is on disk now; the processes stay this process' children. */
static void renew(supervisor_t *s)
{
    char pids[MAX_CHILDREN * 12] = "";
    size_t len = 0;
    if (!configuration_is_good(s)) {
        return;
    }
    if (!wk_program_begins(s->self)) {
        wk_log(WK_ERROR, "program not taken: it does not begin", WK_C("path", s->self));
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->children[i].pid != 0) {
            len += (size_t)snprintf(pids + len, sizeof(pids) - len, "%d,",
                                    (int)s->children[i].pid);
        }
    }
    wk_log(WK_INFO, "starting a new generation");
    if (setenv(INHERITED, pids, 1) == 0) {
        execv(s->self, s->with->argv);
    }
    wk_log(WK_ERROR, "program not started anew", WK_C("path", s->self),
           WK_C("error", strerror(errno)));
    unsetenv(INHERITED);
}

static void reopen_logs(supervisor_t *s)
{
    wk_log_reopen();
    for (size_t i = 0; i < s->n; i++) {
        if (s->children[i].pid != 0) {
            kill(s->children[i].pid, SIGUSR1);
        }
    }
}

static void on_signal(supervisor_t *s, int signal)
{
    switch (signal) {
    case SIGTERM:
    case SIGINT:
        wk_log(WK_INFO, "stopping");
        stop_all(s, EXIT_SUCCESS);
        break;
    case SIGHUP:
        if (!s->stopping) {
            renew(s);
        }
        break;
    case SIGUSR1:
        reopen_logs(s);
        break;
    default: /* SIGCHLD, or nothing in time: looked at in any case */
        break;
    }
}

/* When something is to be done without a signal; at most a minute. */
static struct timespec next_timer(const supervisor_t *s)
{
    int64_t now = wk_monotonic_ms(), next = now + 60000;
    for (size_t i = 0; i < s->n; i++) {
        const child_t *c = &s->children[i];
        int64_t at = c->pid != 0 ? c->kill_at_ms : c->leaving ? 0 : c->start_at_ms;
        if (at != 0 && at < next) {
            next = at;
        }
    }
    int64_t ms = next > now ? next - now : 0;
    return (struct timespec){ms / 1000, (long)(ms % 1000) * 1000000};
}

static void watch(supervisor_t *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    while (!s->stopping || any_left(s)) {
        start_due(s);
        struct timespec limit = next_timer(s);
        on_signal(s, sigtimedwait(&set, NULL, &limit));
        collect_dead(s);
        kill_overdue(s);
    }
}

static void add_generation(supervisor_t *s)
{
    const wk_supervised_t *with = s->with;
    bool with_jobs = (with->part & WK_RUN_JOBS) != 0;
    bool with_voice = (with->part & WK_RUN_VOICE) != 0;
    for (int i = 0; with_jobs && i < with->config->processes; i++) {
        add(s, &jobs, 0);
    }
    for (int i = 0; with_voice && i < with->config->voice_processes; i++) {
        add(s, &voice, 0);
    }
    if (with_jobs) {
        add(s, &scheduler, 0);
    }
}

int wk_supervise(const wk_supervised_t *with)
{
    static supervisor_t s; /* large */
    s.with = with;
    ssize_t len = readlink("/proc/self/exe", s.self, sizeof(s.self) - 1);
    if (len <= 0) {
        wk_log(WK_ERROR, "/proc/self/exe", WK_C("error", strerror(errno)));
        return EXIT_FAILURE;
    }
    wk_stop_block_signals();
    adopt_former(&s);
    size_t n_former = s.n;
    add_generation(&s);
    start_due(&s);
    for (size_t i = 0; i < n_former; i++) {
        tell_to_leave(&s, &s.children[i]);
    }
    watch(&s);
    return s.status;
}
