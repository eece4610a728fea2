#include "worker/file.h"

#include <errno.h>
#include <stdio.h>

static bool read_stream(wk_arena_t *a, FILE *f, size_t max, va_buf_t *buf)
{
    char piece[16384];
    size_t n;
    va_buf_init(buf, wk_mem(a), 0);
    buf->max = max + 1; /* and a terminator */
    while ((n = fread(piece, 1, sizeof(piece), f)) > 0) {
        va_buf_add(buf, piece, n);
    }
    va_buf_add_char(buf, '\0');
    return !ferror(f);
}

bool wk_file_read(wk_arena_t *a, const char *path, size_t max, va_str_t *text, wk_error_t *e)
{
    va_buf_t buf;
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return wk_error(e, WK_INVALID, "%s: %s", path, strerror(errno));
    }
    bool ok = read_stream(a, f, max, &buf);
    int failure = errno;
    fclose(f);
    if (!ok) {
        return wk_error(e, WK_INVALID, "%s: %s", path, strerror(failure));
    }
    if (buf.status != VA_OK) {
        return wk_error(e, WK_INVALID, "%s: larger than %zu bytes", path, max);
    }
    *text = va_str(buf.data, buf.len - 1);
    return true;
}
