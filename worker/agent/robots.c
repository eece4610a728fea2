#define _GNU_SOURCE /* memmem */
#include "worker/agent/robots.h"

#include <stdlib.h>
#include <string.h>

#define NORMAL_MAX (3 * WK_ROBOTS_PATH) /* each byte may become one that is encoded */

typedef struct {
    va_str_t name, value;
} line_t;

/* What of the text is said to somebody. */
typedef struct {
    va_str_t left;
    va_str_t agent;
    bool speaks;    /* the group at hand is the agent's */
    bool in_agents; /* the line before named an agent: a group may have several */
} groups_t;

/* ---------------------------------------------------------------- lines */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static va_str_t trimmed(va_str_t s)
{
    while (s.len > 0 && is_blank(s.data[0])) {
        s = va_str(s.data + 1, s.len - 1);
    }
    while (s.len > 0 && is_blank(s.data[s.len - 1])) {
        s.len--;
    }
    return s;
}

static va_str_t until(va_str_t s, const char *ends)
{
    size_t len = 0;
    while (len < s.len && strchr(ends, s.data[len]) == NULL) {
        len++;
    }
    return va_str(s.data, len);
}

static va_str_t behind(va_str_t s, size_t n)
{
    return n < s.len ? va_str(s.data + n, s.len - n) : va_str(s.data + s.len, 0);
}

/* The next "name: value"; false behind the last. */
static bool next_line(va_str_t *text, line_t *line)
{
    while (text->len > 0) {
        va_str_t whole = until(*text, "\r\n");
        *text = behind(*text, whole.len + 1);
        va_str_t said = until(whole, "#");
        va_str_t name = until(said, ":");
        if (name.len < said.len) {
            *line = (line_t){trimmed(name), trimmed(behind(said, name.len + 1))};
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------------- groups */

static bool is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* "*", or a product's name, whatever its version. */
static bool names(va_str_t value, va_str_t agent)
{
    size_t len = 0;
    while (len < value.len && is_token(value.data[len])) {
        len++;
    }
    return va_str_eq(agent, VA_STR("*")) ? va_str_eq(value, agent)
                                         : va_str_ieq(va_str(value.data, len), agent);
}

static groups_t groups_of(va_str_t text, va_str_t agent)
{
    if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        text = behind(text, 3);
    }
    text.len = text.len < WK_ROBOTS_BYTES ? text.len : WK_ROBOTS_BYTES;
    return (groups_t){.left = text, .agent = agent};
}

/* The next line that is said to the agent. */
static bool next_said(groups_t *g, line_t *line)
{
    while (next_line(&g->left, line)) {
        if (va_str_ieq(line->name, VA_STR("user-agent"))) {
            g->speaks = (g->in_agents && g->speaks) || names(line->value, g->agent);
            g->in_agents = true;
            continue;
        }
        bool is_rule = va_str_ieq(line->name, VA_STR("allow")) ||
                       va_str_ieq(line->name, VA_STR("disallow")) ||
                       va_str_ieq(line->name, VA_STR("crawl-delay"));
        if (is_rule) { /* a Sitemap among agents, which is nobody's, ends no list of them */
            g->in_agents = false;
            if (g->speaks) {
                return true;
            }
        }
    }
    return false;
}

/* A group for the agent by name, else '*'. */
static va_str_t whose(va_str_t text, va_str_t agent)
{
    line_t line;
    groups_t g = groups_of(text, agent);
    while (next_line(&g.left, &line)) {
        if (va_str_ieq(line.name, VA_STR("user-agent")) && names(line.value, agent)) {
            return agent;
        }
    }
    return VA_STR("*");
}

/* ---------------------------------------------------------------- paths */

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_unreserved(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && c < 128 && strchr("-._~", c) != NULL);
}

static size_t encode(char *to, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    to[0] = '%';
    to[1] = digits[c >> 4];
    to[2] = digits[c & 15];
    return 3;
}

/* The one way to write a path (2.2.2); false when it is too long. */
static bool normal(va_str_t path, char to[NORMAL_MAX], va_str_t *out)
{
    size_t len = 0;
    if (path.len > WK_ROBOTS_PATH) {
        return false;
    }
    for (size_t i = 0; i < path.len; i++) {
        int high = i + 2 < path.len && path.data[i] == '%' ? hex(path.data[i + 1]) : -1;
        int low = high >= 0 ? hex(path.data[i + 2]) : -1;
        if (low >= 0 && is_unreserved(high << 4 | low)) {
            to[len++] = (char)(high << 4 | low);
        } else if (low >= 0) {
            len += encode(to + len, (unsigned char)(high << 4 | low));
        } else if ((unsigned char)path.data[i] >= 128) {
            len += encode(to + len, (unsigned char)path.data[i]);
        } else {
            to[len++] = path.data[i];
        }
        i += low >= 0 ? 2 : 0;
    }
    *out = va_str(to, len);
    return true;
}

/*
 * '*' is any text, a '$' at the end the path's end; else a beginning is enough. What stands
 * between two '*' is taken where it comes first, which leaves most to what follows: so a path
 * is gone through once, however the rule is made.
 */
static bool matches(va_str_t pattern, va_str_t path)
{
    bool whole = pattern.len > 0 && pattern.data[pattern.len - 1] == '$', last = false;
    pattern.len -= whole;
    for (bool first = true; !last; first = false) {
        const char *star = memchr(pattern.data, '*', pattern.len);
        last = star == NULL;
        va_str_t part =
            va_str(pattern.data, last ? pattern.len : (size_t)(star - pattern.data));
        bool ends = last && whole;
        if (part.len > path.len || (first && ends && part.len < path.len)) {
            return false;
        }
        const char *at = first  ? path.data
                         : ends ? path.data + (path.len - part.len)
                                : memmem(path.data, path.len, part.data, part.len);
        if (at == NULL || memcmp(at, part.data, part.len) != 0) {
            return false;
        }
        path = behind(path, (size_t)(at - path.data) + part.len);
        pattern = behind(pattern, part.len + 1);
    }
    return true;
}

bool wk_robots_allows(va_str_t text, va_str_t agent, va_str_t path)
{
    char path_bytes[NORMAL_MAX], rule_bytes[NORMAL_MAX];
    va_str_t wanted, rule;
    line_t line;
    size_t longest = 0;
    bool allowed = true;
    groups_t g = groups_of(text, whose(text, agent));
    if (!normal(path, path_bytes, &wanted)) {
        return false;
    }
    while (next_said(&g, &line)) {
        bool allows = va_str_ieq(line.name, VA_STR("allow"));
        if (va_str_ieq(line.name, VA_STR("crawl-delay")) || line.value.len == 0 ||
            !normal(line.value, rule_bytes, &rule) || !matches(rule, wanted)) {
            continue;
        }
        if (rule.len > longest || (rule.len == longest && allows)) {
            longest = rule.len;
            allowed = allows;
        }
    }
    return allowed;
}

int wk_robots_delay_ms(va_str_t text, va_str_t agent, int max_ms)
{
    line_t line;
    groups_t g = groups_of(text, whose(text, agent));
    while (next_said(&g, &line)) {
        char number[16], *end;
        if (!va_str_ieq(line.name, VA_STR("crawl-delay")) || line.value.len >= sizeof(number)) {
            continue;
        }
        memcpy(number, line.value.data, line.value.len);
        number[line.value.len] = '\0';
        double seconds = strtod(number, &end);
        if (end != number && *end == '\0' && seconds >= 0) {
            return seconds * 1000 < max_ms ? (int)(seconds * 1000) : max_ms;
        }
    }
    return 0;
}
