#define _GNU_SOURCE /* dup3 */
#include "worker/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/json.h"

#define MAX_LINE  16384
#define MAX_VALUE 2048 /* longer ones are cut: a log is no place for bodies */

static struct {
    char path[4096];
    int fd;
    wk_level_t least;
} log_to = {.fd = STDERR_FILENO, .least = WK_INFO};

static _Thread_local struct {
    char job[72], type[72], trace[72], org[72];
} working_on;

/* Memory of one line: a piece of the stack, so that logging never allocates. */
typedef struct {
    size_t used;
    _Alignas(max_align_t) char bytes[3 * MAX_LINE];
} scratch_t;

static void *scratch_alloc(void *ctx, size_t size)
{
    scratch_t *s = ctx;
    size_t at = (s->used + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
    if (size > sizeof(s->bytes) - at) {
        return NULL;
    }
    s->used = at + size;
    return s->bytes + at;
}

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
}

static bool open_path(void)
{
    int fd = open_file(log_to.path);
    if (fd < 0) {
        return false;
    }
    if (log_to.fd == STDERR_FILENO) {
        log_to.fd = fd;
        return true;
    }
    /* In one step, so that no other thread ever writes to a closed file. */
    bool ok = dup3(fd, log_to.fd, O_CLOEXEC) >= 0;
    close(fd);
    return ok;
}

static bool fits(const char *path)
{
    errno = ENAMETOOLONG;
    return strlen(path) < sizeof(log_to.path);
}

bool wk_log_can_open(const char *path)
{
    if (path == NULL) {
        return true;
    }
    int fd = fits(path) ? open_file(path) : -1;
    return fd >= 0 && close(fd) == 0;
}

bool wk_log_open(const char *path, wk_level_t least)
{
    log_to.least = least;
    if (path == NULL) {
        return true;
    }
    if (!fits(path)) {
        return false;
    }
    memcpy(log_to.path, path, strlen(path) + 1);
    return open_path();
}

void wk_log_reopen(void)
{
    if (log_to.path[0] != '\0' && !open_path()) {
        wk_log(WK_ERROR, "log file cannot be opened again", WK_C("path", log_to.path),
               WK_C("error", strerror(errno)));
    }
}

static void remember(char *to, size_t size, va_str_t s)
{
    size_t n = s.len < size ? s.len : size - 1;
    if (n > 0) {
        memcpy(to, s.data, n);
    }
    to[n] = '\0';
}

void wk_log_context(va_str_t job, va_str_t type, va_str_t trace)
{
    remember(working_on.job, sizeof(working_on.job), job);
    remember(working_on.type, sizeof(working_on.type), type);
    remember(working_on.trace, sizeof(working_on.trace), trace);
    working_on.org[0] = '\0';
}

void wk_log_context_org(va_str_t org)
{
    remember(working_on.org, sizeof(working_on.org), org);
}

/* A log takes whatever bytes come: what is not UTF-8 becomes question marks. */
static void put_text(va_json_writer_t *w, const char *name, va_str_t s)
{
    char text[MAX_VALUE];
    size_t n = s.len < sizeof(text) ? s.len : sizeof(text);
    while (n > 0 && n < s.len && ((unsigned char)s.data[n] & 0xc0) == 0x80) {
        n--; /* not in the middle of a character */
    }
    va_str_t cut = va_str(s.data, n);
    if (n > 0 && !va_utf8_valid(cut)) {
        for (size_t i = 0; i < n; i++) {
            text[i] = (unsigned char)s.data[i] < 0x80 && s.data[i] != '\0' ? s.data[i] : '?';
        }
        cut = va_str(text, n);
    }
    va_json_add_str(w, name, n > 0 ? cut : VA_STR(""));
}

static void put_phone(va_json_writer_t *w, const char *name, va_str_t number)
{
    char text[] = "***????";
    size_t n = number.len < 4 ? 0 : 4; /* of a shorter one nothing is shown */
    if (n > 0) {
        memcpy(text + 3, number.data + number.len - n, n);
    }
    text[3 + n] = '\0';
    put_text(w, name, va_str_c(text));
}

static void put_time(va_json_writer_t *w)
{
    struct timespec now;
    struct tm utc;
    char text[40];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    n += (size_t)snprintf(text + n, sizeof(text) - n, ".%03ldZ", now.tv_nsec / 1000000);
    va_json_add_str(w, "time", va_str(text, n));
}

static void put_context(va_json_writer_t *w)
{
    const struct {
        const char *name, *value;
    } context[] = {{"job", working_on.job},
                   {"type", working_on.type},
                   {"trace", working_on.trace},
                   {"org", working_on.org}};
    for (size_t i = 0; i < sizeof(context) / sizeof(*context); i++) {
        if (context[i].value[0] != '\0') {
            put_text(w, context[i].name, va_str_c(context[i].value));
        }
    }
}

static void put_field(va_json_writer_t *w, const wk_field_t *f)
{
    switch (f->kind) {
    case WK_F_STR:
        put_text(w, f->name, f->str);
        break;
    case WK_F_INT:
        va_json_add_int(w, f->name, f->num);
        break;
    case WK_F_PHONE:
        put_phone(w, f->name, f->str);
        break;
    }
}

static const char *level_name(wk_level_t level)
{
    static const char *const names[] = {"debug", "info", "warn", "error", "alert"};
    return names[level];
}

/* One write a line: appends of different processes do not mix. */
static void put_line(const char *line, size_t len)
{
    ssize_t n;
    do {
        n = write(log_to.fd, line, len);
    } while (n < 0 && errno == EINTR);
}

void wk_log_fields(wk_level_t level, const char *message, const wk_field_t *fields, size_t n)
{
    if (level < log_to.least) {
        return;
    }
    int saved = errno;
    scratch_t scratch; /* its bytes need no beginning value */
    scratch.used = 0;
    va_alloc_t mem = {scratch_alloc, &scratch};
    va_buf_t line;
    va_buf_init(&line, &mem, MAX_LINE);
    va_json_writer_t *w = va_json_writer_new(&line);
    if (w == NULL) {
        errno = saved;
        return;
    }
    va_json_object(w);
    put_time(w);
    va_json_add_c(w, "level", level_name(level));
    put_text(w, "message", va_str_c(message));
    va_json_add_int(w, "pid", getpid());
    put_context(w);
    for (size_t i = 0; i < n; i++) {
        put_field(w, &fields[i]);
    }
    va_json_object_end(w);
    if (va_json_writer_end(w) == VA_OK) {
        va_buf_add_char(&line, '\n');
        put_line(line.data, line.len);
    } else {
        static const char lost[] =
            "{\"level\":\"error\",\"message\":\"a log line was too long\"}\n";
        put_line(lost, sizeof(lost) - 1);
    }
    errno = saved;
}
