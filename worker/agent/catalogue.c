#include "worker/agent/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/json.h"
#include "worker/file.h"
#include "worker/log.h"

#define MAX_TEXT_NAME 128
#define MAX_BYTES     (1 << 20)
#define MAX_LANGUAGES 32
#define DEFAULT       "en"

typedef struct {
    va_str_t name;
    va_str_t text;        /* of a text */
    va_str_t *written;    /* of a word list */
    wk_phrases_t phrases; /* likewise */
} entry_t;

/* Sorted by name. */
typedef struct {
    entry_t *at;
    size_t count;
} entries_t;

struct wk_language {
    const wk_catalogue_t *catalogue;
    va_str_t code;
    entries_t texts, words;
};

struct wk_catalogue {
    wk_arena_t *arena;
    wk_language_t at[MAX_LANGUAGES];
    size_t count;
    const wk_language_t *fallback;
};

/* ---------------------------------------------------------------- reading */

static int compare_names(va_str_t a, va_str_t b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.data, b.data, shorter);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_entries(const void *a, const void *b)
{
    return compare_names(((const entry_t *)a)->name, ((const entry_t *)b)->name);
}

static bool read_text(wk_arena_t *a, const va_json_t *value, entry_t *entry)
{
    (void)a;
    entry->text = va_json_string(value);
    return entry->text.data != NULL;
}

static bool read_words(wk_arena_t *a, const va_json_t *value, entry_t *entry)
{
    if (!va_json_is(value, VA_JSON_ARRAY)) {
        return false;
    }
    entry->written = wk_alloc(a, (value->count + 1) * sizeof(*entry->written));
    entry->phrases.at = wk_alloc(a, (value->count + 1) * sizeof(*entry->phrases.at));
    for (const va_json_t *word = value->first; word != NULL; word = word->next) {
        if (!va_json_is(word, VA_JSON_STRING)) {
            return false;
        }
        entry->written[entry->phrases.count] = word->text;
        entry->phrases.at[entry->phrases.count++] = wk_phrase(a, word->text);
    }
    return true;
}

typedef bool read_fn(wk_arena_t *a, const va_json_t *value, entry_t *entry);

static bool read_entries(wk_arena_t *a, const va_json_t *object, read_fn *read,
                         entries_t *entries, const char *path, wk_error_t *e)
{
    if (!va_json_is(object, VA_JSON_OBJECT)) {
        return wk_error(e, WK_INVALID, "%s: \"texts\" and \"words\" must be objects", path);
    }
    entries->at = wk_alloc(a, (object->count + 1) * sizeof(*entries->at));
    for (const va_json_t *m = object->first; m != NULL; m = m->next) {
        entry_t *entry = &entries->at[entries->count++];
        entry->name = m->name;
        if (!read(a, m, entry)) {
            return wk_error(e, WK_INVALID, "%s: \"%.*s\" is not of its kind", path,
                            (int)m->name.len, m->name.data);
        }
    }
    qsort(entries->at, entries->count, sizeof(*entries->at), compare_entries);
    return true;
}

static bool is_code(va_str_t code)
{
    return code.len == 2 && code.data[0] >= 'a' && code.data[0] <= 'z' && code.data[1] >= 'a' &&
           code.data[1] <= 'z';
}

static bool read_language(wk_catalogue_t *c, const char *path, wk_error_t *e)
{
    va_str_t text;
    const va_json_t *root;
    wk_language_t *l = &c->at[c->count];
    if (!wk_file_read(c->arena, path, MAX_BYTES, &text, e)) {
        return false;
    }
    if (va_json_parse(wk_mem(c->arena), text, &VA_JSON_LIMITS_DEFAULT, &root) != VA_OK) {
        return wk_error(e, WK_INVALID, "%s: not JSON", path);
    }
    *l = (wk_language_t){.catalogue = c, .code = va_json_get_string(root, "language")};
    if (!is_code(l->code) || wk_catalogue_find(c, l->code) != NULL) {
        return wk_error(e, WK_INVALID, "%s: \"language\" must be two letters, and new", path);
    }
    if (!read_entries(c->arena, va_json_get(root, "texts"), read_text, &l->texts, path, e) ||
        !read_entries(c->arena, va_json_get(root, "words"), read_words, &l->words, path, e)) {
        return false;
    }
    c->count++;
    return true;
}

static int is_catalogue(const struct dirent *file)
{
    size_t len = strlen(file->d_name);
    return file->d_name[0] != '.' && len > 5 && strcmp(file->d_name + len - 5, ".json") == 0;
}

static bool read_files(wk_catalogue_t *c, const char *dir, struct dirent **files, int n,
                       wk_error_t *e)
{
    if (n > MAX_LANGUAGES) {
        return wk_error(e, WK_INVALID, "%s: more than %d languages", dir, MAX_LANGUAGES);
    }
    for (int i = 0; i < n; i++) {
        if (!read_language(c, wk_printf(c->arena, "%s/%s", dir, files[i]->d_name).data, e)) {
            return false;
        }
    }
    c->fallback = wk_catalogue_find(c, VA_STR(DEFAULT));
    return c->fallback != NULL ||
           wk_error(e, WK_INVALID, "%s: no catalogue for \"" DEFAULT "\"", dir);
}

/* In the order of their names: what a text means is the same on every machine. */
static bool read_folder(wk_catalogue_t *c, const char *dir, wk_error_t *e)
{
    struct dirent **files;
    int n = scandir(dir, &files, is_catalogue, alphasort);
    if (n < 0) {
        return wk_error(e, WK_INVALID, "%s: %s", dir, strerror(errno));
    }
    bool ok = read_files(c, dir, files, n, e);
    for (int i = 0; i < n; i++) {
        free(files[i]);
    }
    free(files);
    return ok;
}

wk_catalogue_t *wk_catalogue_load(const char *dir, wk_error_t *e)
{
    wk_arena_t *arena = wk_arena_new();
    wk_catalogue_t *c = wk_alloc(arena, sizeof(*c));
    c->arena = arena;
    if (!read_folder(c, dir, e)) {
        wk_arena_free(arena);
        return NULL;
    }
    return c;
}

void wk_catalogue_free(wk_catalogue_t *c)
{
    if (c != NULL) {
        wk_arena_free(c->arena);
    }
}

const wk_catalogue_t *wk_catalogue(const wk_config_t *config, wk_error_t *e)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static const wk_catalogue_t *loaded;
    pthread_mutex_lock(&mutex);
    if (loaded == NULL) {
        loaded = wk_catalogue_load(config->messages_dir, e);
    }
    const wk_catalogue_t *c = loaded;
    pthread_mutex_unlock(&mutex);
    return c;
}

/* ---------------------------------------------------------------- languages */

size_t wk_catalogue_count(const wk_catalogue_t *c)
{
    return c->count;
}

const wk_language_t *wk_catalogue_at(const wk_catalogue_t *c, size_t i)
{
    return &c->at[i];
}

const wk_language_t *wk_catalogue_find(const wk_catalogue_t *c, va_str_t code)
{
    if (code.len < 2 || (code.len > 2 && code.data[2] != '-' && code.data[2] != '_')) {
        return NULL;
    }
    for (size_t i = 0; i < c->count; i++) {
        if (va_str_ieq(c->at[i].code, va_str(code.data, 2))) {
            return &c->at[i];
        }
    }
    return NULL;
}

const wk_language_t *wk_catalogue_pick(const wk_catalogue_t *c, va_str_t first, va_str_t second)
{
    const wk_language_t *l = wk_catalogue_find(c, first);
    l = l != NULL ? l : wk_catalogue_find(c, second);
    return l != NULL ? l : c->fallback;
}

va_str_t wk_language_code(const wk_language_t *l)
{
    return l->code;
}

/* ---------------------------------------------------------------- entries */

static const entry_t *find(const entries_t *entries, const char *name)
{
    entry_t key = {.name = va_str_c(name)};
    return bsearch(&key, entries->at, entries->count, sizeof(key), compare_entries);
}

bool wk_has_text(const wk_language_t *l, const char *name)
{
    return find(&l->texts, name) != NULL;
}

void wk_texts(const wk_language_t *l, void (*fn)(void *ctx, va_str_t name, va_str_t text),
              void *ctx)
{
    for (size_t i = 0; i < l->texts.count; i++) {
        fn(ctx, l->texts.at[i].name, l->texts.at[i].text);
    }
}

va_str_t wk_text_if_any(const wk_language_t *l, const char *name)
{
    const entry_t *entry = find(&l->texts, name);
    if (entry == NULL) {
        entry = find(&l->catalogue->fallback->texts, name);
    }
    return entry != NULL ? entry->text : VA_STR_NULL;
}

va_str_t wk_text(const wk_language_t *l, const char *name)
{
    va_str_t text = wk_text_if_any(l, name);
    if (text.data == NULL) {
        wk_log(WK_ALERT, "no such text in the message catalogues", WK_C("text", name));
        return VA_STR("");
    }
    return text;
}

va_str_t wk_text_of_kind(const wk_language_t *l, const char *name, va_str_t kind)
{
    char own[MAX_TEXT_NAME];
    int len = snprintf(own, sizeof(own), "%s.%.*s", name, (int)kind.len,
                       kind.len > 0 ? kind.data : "");
    bool whole = kind.len > 0 && len > 0 && (size_t)len < sizeof(own);
    const entry_t *entry = whole ? find(&l->texts, own) : NULL;
    return entry != NULL ? entry->text : wk_text(l, name);
}

const wk_phrases_t *wk_word_list(const wk_language_t *l, const char *name)
{
    static const wk_phrases_t none;
    const entry_t *entry = find(&l->words, name);
    return entry != NULL ? &entry->phrases : &none;
}

va_str_t wk_word_at(const wk_language_t *l, const char *name, size_t i)
{
    const entry_t *entry = find(&l->words, name);
    return entry != NULL && i < entry->phrases.count ? entry->written[i] : VA_STR_NULL;
}

void wk_word_lists(const wk_language_t *l, const char *prefix,
                   void (*fn)(void *ctx, va_str_t rest, const wk_phrases_t *words), void *ctx)
{
    size_t len = strlen(prefix);
    for (size_t i = 0; i < l->words.count; i++) {
        const entry_t *entry = &l->words.at[i];
        if (entry->name.len > len && memcmp(entry->name.data, prefix, len) == 0) {
            fn(ctx, va_str(entry->name.data + len, entry->name.len - len), &entry->phrases);
        }
    }
}

/* For wk_word_lists(): the list of the longest match, by what follows its prefix. */
typedef struct {
    const wk_words_t *words;
    va_str_t found;
    size_t longest;
} search_t;

static void search(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    search_t *s = ctx;
    size_t at, len;
    if (wk_phrases_find(phrases, s->words, 0, &at, &len) && len > s->longest) {
        s->longest = len;
        s->found = rest;
    }
}

va_str_t wk_word_list_named_in_any(const wk_catalogue_t *c, const char *prefix,
                                   const wk_words_t *words)
{
    search_t s = {.words = words};
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        wk_word_lists(wk_catalogue_at(c, i), prefix, search, &s);
    }
    return s.found;
}

bool wk_word_list_in(const wk_catalogue_t *c, const char *list, const wk_words_t *words)
{
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        if (wk_phrases_in(wk_word_list(wk_catalogue_at(c, i), list), words)) {
            return true;
        }
    }
    return false;
}

bool wk_word_list_is_all(const wk_catalogue_t *c, const char *list, const wk_words_t *words)
{
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        if (wk_phrases_all(wk_word_list(wk_catalogue_at(c, i), list), words)) {
            return true;
        }
    }
    return false;
}

size_t wk_word_list_at(const wk_catalogue_t *c, const char *list, const wk_words_t *words,
                       size_t i)
{
    size_t longest = 0;
    for (size_t k = 0; k < wk_catalogue_count(c) && i < words->count; k++) {
        size_t n = wk_phrases_at(wk_word_list(wk_catalogue_at(c, k), list), words, i);
        longest = n > longest ? n : longest;
    }
    return longest;
}

bool wk_word_list_find(const wk_catalogue_t *c, const char *list, const wk_words_t *words,
                       size_t from, size_t *at, size_t *len)
{
    bool found = false;
    for (size_t k = 0; k < wk_catalogue_count(c); k++) {
        size_t i, n;
        if (wk_phrases_find(wk_word_list(wk_catalogue_at(c, k), list), words, from, &i, &n) &&
            (!found || i < *at || (i == *at && n > *len))) {
            *at = i;
            *len = n;
            found = true;
        }
    }
    return found;
}

bool wk_word_list_ends_at(const wk_catalogue_t *c, const char *list, const wk_words_t *words,
                          size_t at)
{
    bool ends = false;
    for (size_t k = 0; k < wk_catalogue_count(c) && !ends; k++) {
        ends = wk_phrases_end_at(wk_word_list(wk_catalogue_at(c, k), list), words, at);
    }
    return ends;
}

/* ---------------------------------------------------------------- filling in */

static const wk_param_t *find_param(const wk_param_t *params, va_str_t name)
{
    for (; params->name != NULL; params++) {
        if (va_str_eq(name, va_str_c(params->name))) {
            return params;
        }
    }
    return NULL;
}

va_str_t wk_fill(wk_arena_t *a, va_str_t text, const wk_param_t *params)
{
    va_buf_t out;
    const char *p = text.data, *end = text.data + text.len;
    va_buf_init(&out, wk_mem(a), text.len + 64);
    while (p < end) {
        const char *open = memchr(p, '{', (size_t)(end - p));
        const char *close = open != NULL ? memchr(open, '}', (size_t)(end - open)) : NULL;
        if (close == NULL) {
            break;
        }
        const wk_param_t *param =
            find_param(params, va_str(open + 1, (size_t)(close - open - 1)));
        if (param == NULL) {
            va_buf_add(&out, p,
                       (size_t)(close + 1 - p)); /* seen in the answer, and in the tests */
        } else {
            va_buf_add(&out, p, (size_t)(open - p));
            va_buf_add_str(&out, param->value);
        }
        p = close + 1;
    }
    va_buf_add(&out, p, (size_t)(end - p));
    return out.len > 0 ? va_buf_str(&out) : VA_STR("");
}
