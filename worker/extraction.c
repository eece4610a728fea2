#define _GNU_SOURCE /* memfd_create */
#include "worker/extraction.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/utf8.h"
#include "worker/clock.h"
#include "worker/log.h"

#define PROGRAM  "voiceagent-extract"
#define LEFT_MS  20000 /* it has 10 s of CPU; a busy machine makes them longer */
#define MAX_TEXT (2 << 20)
#define REFUSED  2 /* its exit status: the document's fault, and the output says which */

/* One run. Descriptors are -1 when not open. */
typedef struct {
    wk_arena_t *a;
    int document, text; /* memory of the kernel's, standard input and output of the program */
    int process;        /* readable when the program is gone, whatever it does to be not */
    pid_t pid;
} run_t;

static bool failed(wk_error_t *e, const char *what, int error)
{
    return wk_error(e, WK_UNAVAILABLE, "%s: %s: %s", PROGRAM, what, strerror(error));
}

static void close_all(run_t *r)
{
    int *const open_ones[] = {&r->document, &r->text, &r->process};
    for (size_t i = 0; i < sizeof(open_ones) / sizeof(*open_ones); i++) {
        if (*open_ones[i] >= 0) {
            close(*open_ones[i]);
            *open_ones[i] = -1;
        }
    }
}

static bool write_document(run_t *r, va_str_t document, wk_error_t *e)
{
    while (document.len > 0) {
        ssize_t n = write(r->document, document.data, document.len);
        if (n < 0 && errno != EINTR) {
            return failed(e, "memory", errno);
        }
        size_t done = n > 0 ? (size_t)n : 0;
        document = va_str(document.data + done, document.len - done);
    }
    return lseek(r->document, 0, SEEK_SET) == 0 || failed(e, "memory", errno);
}

static bool open_all(run_t *r, va_str_t document, wk_error_t *e)
{
    r->document = memfd_create("document", MFD_CLOEXEC);
    r->text = memfd_create("text", MFD_CLOEXEC);
    if (r->document < 0 || r->text < 0) {
        return failed(e, "memory", errno);
    }
    return write_document(r, document, e);
}

/* ---------------------------------------------------------------- the program */

/* Beside the worker's own, unless the settings say where. */
static const char *program(wk_ctx_t *ctx)
{
    char own[512];
    if (ctx->config->extract_program != NULL) {
        return ctx->config->extract_program;
    }
    ssize_t len = readlink("/proc/self/exe", own, sizeof(own));
    while (len > 0 && own[len - 1] != '/') {
        len--;
    }
    return wk_printf(ctx->arena, "%.*s%s", (int)(len > 0 ? len : 0), own, PROGRAM).data;
}

/* Nothing of ours goes along: no descriptor beside three, no environment, no blocked signal. */
static int spawn(run_t *r, const char *path, const char *kind)
{
    sigset_t none;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    char *const argv[] = {(char *)PROGRAM, (char *)kind, NULL};
    char *const environment[] = {NULL};
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0) {
        return error;
    }
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        sigemptyset(&none);
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        (void)posix_spawn_file_actions_adddup2(&files, r->document, STDIN_FILENO);
        (void)posix_spawn_file_actions_adddup2(&files, r->text, STDOUT_FILENO);
        (void)posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        (void)posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
        error = posix_spawn(&r->pid, path, &files, &attributes, argv, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static void reap(const run_t *r, int *status)
{
    while (waitpid(r->pid, status, 0) < 0 && errno == EINTR) {
    }
}

/* Its error, or 0: then it runs, and has to be awaited. */
static int start(run_t *r, const char *path, const char *kind)
{
    int status, error = spawn(r, path, kind);
    if (error == 0 && (r->process = pidfd_open(r->pid, 0)) < 0) {
        error = errno;
        kill(r->pid, SIGKILL);
        reap(r, &status);
    }
    return error;
}

/* True when it ended by itself in time; afterwards it is gone in any case. */
static bool await(const run_t *r, int *status)
{
    int64_t until_ms = wk_monotonic_ms() + LEFT_MS;
    struct pollfd end = {.fd = r->process, .events = POLLIN};
    int n = 0;
    for (int64_t left = LEFT_MS; n <= 0 && left > 0; left = until_ms - wk_monotonic_ms()) {
        n = poll(&end, 1, (int)left);
    }
    if (n <= 0) {
        kill(r->pid, SIGKILL);
    }
    reap(r, status);
    return n > 0;
}

/* ---------------------------------------------------------------- what it says */

static bool read_text(run_t *r, va_str_t *text, wk_error_t *e)
{
    struct stat about;
    if (fstat(r->text, &about) != 0 || about.st_size > MAX_TEXT) {
        return wk_error(e, WK_REFUSED, "The document holds too much text.");
    }
    size_t size = (size_t)about.st_size, len = 0;
    char *data = wk_alloc(r->a, size + 1);
    while (len < size) {
        ssize_t n = pread(r->text, data + len, size - len, (off_t)len);
        if (n <= 0 && errno != EINTR) {
            return failed(e, "memory", errno);
        }
        len += n > 0 ? (size_t)n : 0;
    }
    *text = va_str(data, len);
    /* Whatever became of the program: what it writes is as little trusted as the document. */
    return va_utf8_valid(*text) || wk_error(e, WK_REFUSED, "The document cannot be read.");
}

static bool judge(run_t *r, bool in_time, int status, va_str_t *text, wk_error_t *e)
{
    if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
        return read_text(r, text, e);
    }
    if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == REFUSED) {
        return read_text(r, text, e) &&
               wk_error(e, WK_REFUSED, "%.*s", (int)text->len, text->data);
    }
    wk_log(WK_WARN, "a document broke its reader", WK_I("status", status));
    if (in_time && WIFEXITED(status)) {
        return wk_error(e, WK_UNAVAILABLE, "%s: exit status %d", PROGRAM, WEXITSTATUS(status));
    }
    return wk_error(e, WK_REFUSED, "The document takes too much memory or time to be read.");
}

bool wk_extract(wk_ctx_t *ctx, const char *kind, va_str_t document, va_str_t *text,
                wk_error_t *e)
{
    int status = 0;
    run_t r = {.a = ctx->arena, .document = -1, .text = -1, .process = -1};
    if (!open_all(&r, document, e)) {
        close_all(&r);
        return false;
    }
    int error = start(&r, program(ctx), kind);
    bool in_time = error == 0 && await(&r, &status);
    bool ok =
        error == 0 ? judge(&r, in_time, status, text, e) : failed(e, "not started", error);
    close_all(&r);
    return ok;
}
