#include "worker/agent/tool_args.h"

#include "worker/agent/stored_word.h"
#include "worker/agent/words.h"

static const struct {
    const char *name;   /* JSON Schema's */
    const char *phrase; /* "… must be %s" */
} types[] = {
    [WK_ARG_TEXT] = {"string", "a text"},
    [WK_ARG_INTEGER] = {"integer", "a whole number"},
    [WK_ARG_NUMBER] = {"number", "a number"},
    [WK_ARG_BOOLEAN] = {"boolean", "true or false"},
    [WK_ARG_TEXTS] = {"array", "a list of texts"},
    [WK_ARG_OBJECT] = {"object", "an object"},
};

/* ---------------------------------------------------------------- schema */

static void put_property(va_json_writer_t *w, const wk_arg_t *arg)
{
    va_json_key(w, arg->name);
    va_json_object(w);
    va_json_add_c(w, "type", types[arg->type].name);
    va_json_add_c(w, "description", arg->description);
    if (arg->words != NULL) {
        va_json_key(w, "enum");
        va_json_array(w);
        for (const char *const *word = arg->words; *word != NULL; word++) {
            va_json_put_c(w, *word);
        }
        va_json_array_end(w);
    }
    if (arg->type == WK_ARG_TEXTS) {
        va_json_key(w, "items");
        va_json_object(w);
        va_json_add_c(w, "type", "string");
        va_json_object_end(w);
    }
    if ((arg->type == WK_ARG_INTEGER || arg->type == WK_ARG_NUMBER) && arg->max != 0) {
        va_json_add_int(w, "minimum", arg->min);
        va_json_add_int(w, "maximum", arg->max);
    }
    va_json_object_end(w);
}

void wk_args_schema(va_json_writer_t *w, const wk_arg_t *args)
{
    va_json_object(w);
    va_json_add_c(w, "type", "object");
    va_json_key(w, "properties");
    va_json_object(w);
    for (const wk_arg_t *arg = args; arg->name != NULL; arg++) {
        put_property(w, arg);
    }
    va_json_object_end(w);
    va_json_key(w, "required");
    va_json_array(w);
    for (const wk_arg_t *arg = args; arg->name != NULL; arg++) {
        if (arg->required) {
            va_json_put_c(w, arg->name);
        }
    }
    va_json_array_end(w);
    va_json_object_end(w);
}

/* ---------------------------------------------------------------- check */

static bool is_missing(const va_json_t *value)
{
    return value == NULL || va_json_is(value, VA_JSON_NULL) ||
           (va_json_is(value, VA_JSON_STRING) && wk_trim(value->text).len == 0);
}

#define MAX_NUMBER 31

/* Of a text that is a number, with the terminator that reading one needs. */
typedef struct {
    va_json_t value;
    char text[MAX_NUMBER + 1];
} number_t;

/* A number, also one within a text; NULL: it is none. */
static const va_json_t *as_number(const va_json_t *value, number_t *number)
{
    double d;
    va_str_t text = wk_trim(va_json_string(value));
    if (va_json_is(value, VA_JSON_NUMBER)) {
        return value;
    }
    if (text.len == 0 || text.len > MAX_NUMBER) {
        return NULL;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("0123456789+-.eE", text.data[i]) == NULL || text.data[i] == '\0') {
            return NULL; /* strtod() takes "inf" and "0x1f" too */
        }
        number->text[i] = text.data[i];
    }
    number->text[text.len] = '\0';
    number->value = (va_json_t){.type = VA_JSON_NUMBER, .text = va_str(number->text, text.len)};
    return va_json_double(&number->value, &d) ? &number->value : NULL;
}

static size_t characters(va_str_t s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        n += ((unsigned char)s.data[i] & 0xc0) != 0x80;
    }
    return n;
}

static bool fits_type(const wk_arg_t *arg, const va_json_t *value)
{
    int64_t n;
    double d;
    number_t number;
    switch (arg->type) {
    case WK_ARG_TEXT:
        return va_json_scalar(value).data != NULL;
    case WK_ARG_INTEGER:
        return va_json_int(as_number(value, &number), &n);
    case WK_ARG_NUMBER:
        return va_json_double(as_number(value, &number), &d);
    case WK_ARG_BOOLEAN:
        return va_json_is(value, VA_JSON_TRUE) || va_json_is(value, VA_JSON_FALSE) ||
               va_str_ieq(wk_trim(va_json_string(value)), VA_STR("true")) ||
               va_str_ieq(wk_trim(va_json_string(value)), VA_STR("false"));
    case WK_ARG_TEXTS:
        for (const va_json_t *item = va_json_is(value, VA_JSON_ARRAY) ? value->first : NULL;
             item != NULL; item = item->next) {
            if (va_json_scalar(item).data == NULL) {
                return false;
            }
        }
        return va_json_is(value, VA_JSON_ARRAY);
    case WK_ARG_OBJECT:
        return va_json_is(value, VA_JSON_OBJECT);
    }
    return false;
}

static va_str_t words_of(wk_arena_t *a, const wk_arg_t *arg)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 128);
    for (const char *const *word = arg->words; *word != NULL; word++) {
        va_buf_add_c(&text, word == arg->words ? "" : ", ");
        va_buf_add_c(&text, *word);
    }
    return va_buf_str(&text);
}

static bool is_word(wk_arena_t *a, const wk_catalogue_t *c, const wk_arg_t *arg,
                    const va_json_t *value)
{
    va_str_t said = va_json_scalar(value);
    return wk_stored_word(arg->words, said).data != NULL ||
           (arg->meant != NULL && arg->meant(a, c, said).data != NULL);
}

static bool in_range(const wk_arg_t *arg, const va_json_t *value)
{
    double d = 0;
    number_t number;
    switch (arg->type) {
    case WK_ARG_INTEGER:
    case WK_ARG_NUMBER:
        (void)va_json_double(as_number(value, &number), &d);
        return arg->max == 0 || (d >= (double)arg->min && d <= (double)arg->max);
    case WK_ARG_TEXT:
        return characters(va_json_scalar(value)) <=
               (size_t)(arg->max != 0 ? arg->max : WK_ARG_TEXT_MAX);
    default:
        return true;
    }
}

static bool check_value(wk_arena_t *a, const wk_catalogue_t *c, const wk_arg_t *arg,
                        const va_json_t *value, va_str_t *problem)
{
    if (!fits_type(arg, value)) {
        *problem = wk_printf(a, "%s must be %s.", arg->name, types[arg->type].phrase);
        return false;
    }
    if (arg->words != NULL && !is_word(a, c, arg, value)) {
        va_str_t words = words_of(a, arg);
        *problem =
            wk_printf(a, "%s must be one of: %.*s.", arg->name, (int)words.len, words.data);
        return false;
    }
    if (arg->email && !wk_is_email(wk_trim(va_json_scalar(value)))) {
        *problem = wk_printf(a, "%s must be an e-mail address.", arg->name);
        return false;
    }
    if (!in_range(arg, value)) {
        *problem = arg->type == WK_ARG_TEXT
                       ? wk_printf(a, "%s is too long.", arg->name)
                       : wk_printf(a, "%s must be from %lld to %lld.", arg->name,
                                   (long long)arg->min, (long long)arg->max);
        return false;
    }
    return true;
}

bool wk_args_check(wk_arena_t *a, const wk_catalogue_t *c, const wk_arg_t *args,
                   const va_json_t *object, va_str_t *problem)
{
    for (const wk_arg_t *arg = args; arg->name != NULL; arg++) {
        const va_json_t *value = va_json_get(object, arg->name);
        if (is_missing(value)) {
            if (arg->required) {
                *problem = wk_printf(a, "%s is missing: %s", arg->name, arg->description);
                return false;
            }
        } else if (!check_value(a, c, arg, value, problem)) {
            return false;
        }
    }
    return true;
}

bool wk_args_have(const wk_arg_t *args, va_str_t name)
{
    while (args->name != NULL && !va_str_eq(name, va_str_c(args->name))) {
        args++;
    }
    return args->name != NULL;
}

/* ---------------------------------------------------------------- forms */

/* Texts stay texts: wk_args_check() and the readers below take numbers as such too. */
const va_json_t *wk_args_of_form(wk_arena_t *a, const wk_arg_t *args, const va_form_t *form)
{
    va_json_t *object = wk_alloc(a, sizeof(*object));
    va_json_t **next = &object->first;
    *object = (va_json_t){.type = VA_JSON_OBJECT};
    for (const wk_arg_t *arg = args; arg->name != NULL; arg++) {
        va_str_t text = va_form_get(form, arg->name);
        if (text.len > 0) {
            va_json_t *member = wk_alloc(a, sizeof(*member));
            *member =
                (va_json_t){.type = VA_JSON_STRING, .name = va_str_c(arg->name), .text = text};
            *next = member;
            next = &member->next;
            object->count++;
        }
    }
    return object;
}

/* ---------------------------------------------------------------- reading */

va_str_t wk_arg_text(const va_json_t *object, const char *name)
{
    const va_json_t *value = va_json_get(object, name);
    return is_missing(value) ? VA_STR_NULL : wk_trim(va_json_scalar(value));
}

va_str_t wk_arg_word(const va_json_t *object, const char *name, const char *const *words)
{
    va_str_t said = wk_arg_text(object, name);
    return said.data != NULL ? wk_stored_word(words, said) : VA_STR_NULL;
}

int64_t wk_arg_int(const va_json_t *object, const char *name, int64_t fallback)
{
    int64_t n;
    number_t number;
    const va_json_t *value = va_json_get(object, name);
    return !is_missing(value) && va_json_int(as_number(value, &number), &n) ? n : fallback;
}

double wk_arg_number(const va_json_t *object, const char *name, double fallback)
{
    double d;
    number_t number;
    const va_json_t *value = va_json_get(object, name);
    return !is_missing(value) && va_json_double(as_number(value, &number), &d) ? d : fallback;
}

bool wk_arg_bool(const va_json_t *object, const char *name, bool fallback)
{
    const va_json_t *value = va_json_get(object, name);
    if (!is_missing(value) && va_json_is(value, VA_JSON_STRING)) {
        return va_str_ieq(wk_trim(value->text), VA_STR("true"));
    }
    return va_json_bool(value, fallback);
}
