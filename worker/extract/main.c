#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/extract/extract.h"

static const struct {
    const char *name;
    ex_reader_fn *read;
} kinds[] = {
    {"text", ex_read_text}, {"markdown", ex_read_markdown}, {"html", ex_read_html},
    {"pdf", ex_read_pdf},   {"csv", ex_read_csv},           {"xlsx", ex_read_xlsx},
    {"page", ex_read_page},
};

static ex_reader_fn *reader_of(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return kinds[i].read;
        }
    }
    return NULL;
}

static va_str_t read_document(void)
{
    static char document[EX_MAX_DOCUMENT];
    size_t len = 0;
    for (;;) {
        ssize_t n = read(STDIN_FILENO, document + len, sizeof(document) - len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            ex_fail("The document cannot be read.");
        }
        if (n == 0) {
            return va_str(document, len);
        }
        len += (size_t)n;
    }
}

int main(int argc, char **argv)
{
    ex_reader_fn *reader = argc == 2 ? reader_of(argv[1]) : NULL;
    if (reader == NULL) {
        return 64; /* EX_USAGE */
    }
    ex_charsets_load();
    va_str_t document = read_document();
    if (!ex_limit()) {
        return 71; /* EX_OSERR */
    }
    reader(document);
    ex_finish();
    return EXIT_SUCCESS;
}
