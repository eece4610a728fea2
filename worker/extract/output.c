#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/utf8.h"
#include "worker/extract/extract.h"

/* Nothing is written before the end, so that a failure can take its place. */
static struct {
    char text[EX_MAX_TEXT];
    size_t len;
    bool in_line, blank;
    char mark; /* of the line that comes; '\0': none */
} out;

static void write_all(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, data, len);
        if (n < 0 && errno != EINTR) {
            _exit(74); /* EX_IOERR */
        }
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

void ex_fail(const char *sentence)
{
    write_all(sentence, strlen(sentence));
    _exit(EX_REFUSED);
}

static void add(const char *data, size_t len)
{
    if (len > sizeof(out.text) - out.len) {
        ex_fail("The document holds too much text: 2 MB at most.");
    }
    memcpy(out.text + out.len, data, len);
    out.len += len;
}

/* What a page of text shows nothing of: controls, blanks, soft hyphens, marks of direction. */
static bool is_blank(uint32_t c)
{
    return c <= ' ' || (c >= 0x7f && c <= 0xa0) || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x3000 || c == 0xfeff;
}

static bool is_invisible(uint32_t c)
{
    return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f);
}

static void begin_line(void)
{
    if (out.mark != '\0') {
        add(&out.mark, 1);
    }
    out.in_line = true;
    out.blank = false;
}

void ex_put(va_str_t words)
{
    while (words.len > 0) {
        uint32_t c;
        va_str_t bytes = va_utf8_take(&words, &c);
        if (is_invisible(c)) {
            continue;
        }
        if (is_blank(c)) {
            out.blank = out.in_line;
            continue;
        }
        if (!out.in_line) {
            begin_line();
        }
        if (out.blank) {
            add(" ", 1);
            out.blank = false;
        }
        add(bytes.data, bytes.len);
    }
}

void ex_line(void)
{
    if (out.in_line) {
        add("\n", 1);
    }
    out.in_line = out.blank = false;
    out.mark = '\0';
}

void ex_paragraph(void)
{
    ex_line();
    if (out.len > 1 && out.text[out.len - 2] != '\n') {
        add("\n", 1);
    }
}

void ex_heading(void)
{
    ex_paragraph();
    out.mark = EX_HEADING;
}

void ex_marked(char mark, va_str_t words)
{
    ex_line();
    out.mark = mark;
    ex_put(words);
    ex_line();
}

void ex_finish(void)
{
    ex_line();
    while (out.len > 0 && out.text[out.len - 1] == '\n') {
        out.len--;
    }
    if (out.len == 0) {
        ex_fail("The document holds no text. A scanned page is a picture, not text.");
    }
    write_all(out.text, out.len);
}
