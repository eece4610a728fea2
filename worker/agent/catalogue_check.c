#include "worker/agent/catalogue_check.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    const char *name;
    const char *params; /* in their braces, one behind the other */
} known_text_t;

#include "texts.h"

#define KNOWN     (sizeof(known_texts) / sizeof(*known_texts))
#define OF_MODELS "prompt." /* they are told what to do in English, whatever they speak */

typedef struct {
    const wk_language_t *language;
    bool is_english;
    wk_report_fn report;
    void *ctx;
    bool ok;
} findings_t;

/* what: behind the text's name. */
static void found(findings_t *f, bool fatal, va_str_t name, const char *what)
{
    char line[400];
    va_str_t code = wk_language_code(f->language);
    snprintf(line, sizeof(line), "message catalogue \"%.*s\": text \"%.*s\" %s", (int)code.len,
             code.data, (int)name.len, name.data, what);
    f->report(f->ctx, fatal, line);
    f->ok = f->ok && !fatal;
}

/* ---------------------------------------------------------------- what is lacking */

static bool is_of_models(const char *name)
{
    return strncmp(name, OF_MODELS, sizeof(OF_MODELS) - 1) == 0;
}

static void check_lacking(findings_t *f)
{
    for (size_t i = 0; i < KNOWN; i++) {
        const char *name = known_texts[i].name;
        if (wk_has_text(f->language, name)) {
            continue;
        }
        if (f->is_english) {
            found(f, true, va_str_c(name), "is missing: nothing would be said in its place");
        } else if (!is_of_models(name)) {
            found(f, false, va_str_c(name), "is missing: it is said in English");
        }
    }
}

/* ---------------------------------------------------------------- what is there */

static int compare(const void *key, const void *known)
{
    const va_str_t *name = key;
    const char *other = ((const known_text_t *)known)->name;
    int order = strncmp(name->data, other, name->len);
    return order != 0 ? order : -(other[name->len] != '\0');
}

/* That of the name, or the one that it is a kind of: "reply.ready" of "reply.ready.bike_shop".
 */
static const known_text_t *known_as(va_str_t name)
{
    const known_text_t *known = NULL;
    while (known == NULL && name.len > 0) {
        known = bsearch(&name, known_texts, KNOWN, sizeof(*known_texts), compare);
        do {
            name.len--;
        } while (name.len > 0 && name.data[name.len] != '.');
    }
    return known;
}

static bool is_filled_in(const known_text_t *known, va_str_t braces)
{
    char text[64];
    snprintf(text, sizeof(text), "%.*s", (int)braces.len, braces.data);
    return braces.len < sizeof(text) && strstr(known->params, text) != NULL;
}

static void check_braces(findings_t *f, const known_text_t *known, va_str_t name, va_str_t text)
{
    const char *p = text.data, *end = text.data + text.len;
    while ((p = memchr(p, '{', (size_t)(end - p))) != NULL) {
        char what[160];
        const char *close = memchr(p, '}', (size_t)(end - p));
        size_t len = close != NULL ? (size_t)(close + 1 - p) : (size_t)(end - p);
        if (close == NULL || !is_filled_in(known, va_str(p, len))) {
            snprintf(what, sizeof(what), "has %.*s, which would be said as it stands",
                     len < 64 ? (int)len : 64, p);
            found(f, true, name, what);
        }
        p += len;
    }
}

static void check_text(void *ctx, va_str_t name, va_str_t text)
{
    findings_t *f = ctx;
    const known_text_t *known = known_as(name);
    if (known == NULL) {
        found(f, false, name, "is none that this version says");
    } else if (text.len > 0) {
        check_braces(f, known, name, text);
    }
}

bool wk_catalogue_check(const wk_catalogue_t *c, wk_report_fn report, void *ctx)
{
    bool ok = true;
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_language_t *l = wk_catalogue_at(c, i);
        findings_t f = {.language = l,
                        .is_english = va_str_eq(wk_language_code(l), VA_STR("en")),
                        .report = report,
                        .ctx = ctx,
                        .ok = true};
        check_lacking(&f);
        wk_texts(l, check_text, &f);
        ok = ok && f.ok;
    }
    return ok;
}
