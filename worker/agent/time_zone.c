#include "worker/agent/time_zone.h"

#include <string.h>

#include "worker/file.h"

#define ZONES      "/usr/share/zoneinfo/zone.tab"  /* country, place, zone, … */
#define LINKS      "/usr/share/zoneinfo/tzdata.zi" /* and: L, zone, an older name of it */
#define TABLES_MAX (1 << 20)

/* The line of the file in which words stand, up to the end of a field; NULL: none. */
static const char *line_with(wk_arena_t *a, const char *path, va_str_t words)
{
    va_str_t text;
    wk_error_t e;
    if (!wk_file_read(a, path, TABLES_MAX, &text, &e)) {
        return NULL;
    }
    const char *at = text.data;
    while ((at = strstr(at, words.data)) != NULL) {
        const char *line = at;
        at += words.len;
        while (line > text.data && line[-1] != '\n') {
            line--;
        }
        if (*line != '#' && (*at == '\n' || *at == '\t' || *at == '\0')) {
            return line;
        }
    }
    return NULL;
}

va_str_t wk_zone_country(wk_arena_t *a, va_str_t name)
{
    va_str_t words = wk_printf(a, "\t%.*s", (int)name.len, name.data);
    const char *line = line_with(a, ZONES, words);
    return line != NULL ? va_str(line, 2) : VA_STR_NULL;
}

/* No abbreviation (EST has a zone too, that of Panama), and no more than a word of a line. */
static bool is_area_and_place(const char *name)
{
    return strchr(name, '/') != NULL && strpbrk(name, " \t\n") == NULL;
}

va_str_t wk_zone_present_name(wk_arena_t *a, va_str_t name)
{
    va_str_t words = wk_printf(a, " %.*s", (int)name.len, name.data);
    if (!is_area_and_place(words.data + 1) || wk_zone_country(a, name).data != NULL) {
        return name;
    }
    const char *line = line_with(a, LINKS, words);
    if (line == NULL || strncmp(line, "L ", 2) != 0) {
        return name;
    }
    va_str_t present = va_str(line + 2, strcspn(line + 2, " "));
    return wk_zone_country(a, present).data != NULL ? present : name;
}
