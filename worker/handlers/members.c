#include "worker/handlers/members.h"

#include "worker/agent/words.h"

#include <string.h>

#include "core/phone.h"
#include "worker/handlers/list.h"
#include "worker/handlers/reply.h"

#define MAX_ID     100 /* bytes */
#define MAX_PHRASE 60

/* ---------------------------------------------------------------- one value */

static bool is_blank(va_str_t text)
{
    size_t i = 0;
    while (i < text.len && memchr(" \t\r\n", text.data[i], 4) != NULL) {
        i++;
    }
    return i == text.len;
}

static bool is_text(const va_json_t *value, double min, double max)
{
    va_str_t text = va_json_string(value);
    return !is_blank(text) && (double)text.len >= min && (double)text.len <= max;
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits and what is in more. */
static bool is_made_of(va_str_t text, const char *more)
{
    bool ok = text.len > 0 && is_alnum(text.data[0]);
    for (size_t i = 0; ok && i < text.len; i++) {
        ok = is_alnum(text.data[i]) || memchr(more, text.data[i], strlen(more)) != NULL;
    }
    return ok;
}

bool wk_member_text(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                    const va_json_t *value)
{
    (void)c;
    return is_text(value, rule->min, rule->max);
}

bool wk_member_line(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                    const va_json_t *value)
{
    return wk_member_text(rule, c, value) && wk_is_line(va_json_string(value));
}

bool wk_member_number(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                      const va_json_t *value)
{
    double number;
    (void)c;
    return va_json_double(value, &number) && number >= rule->min && number <= rule->max;
}

bool wk_member_whole(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                     const va_json_t *value)
{
    int64_t n;
    (void)c;
    return va_json_int(value, &n) && (double)n >= rule->min && (double)n <= rule->max;
}

bool wk_member_bool(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                    const va_json_t *value)
{
    (void)rule;
    (void)c;
    return va_json_is(value, VA_JSON_TRUE) || va_json_is(value, VA_JSON_FALSE);
}

bool wk_member_word(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                    const va_json_t *value)
{
    (void)c;
    return wk_list_has(rule->of, va_json_string(value));
}

bool wk_member_stored_word(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                           const va_json_t *value)
{
    va_str_t word = va_json_string(value);
    (void)c;
    return wk_list_word(rule->of, &word);
}

bool wk_member_id(const wk_member_rule_t *rule, const wk_catalogue_t *c, const va_json_t *value)
{
    va_str_t id = va_json_string(value);
    (void)rule;
    (void)c;
    return id.len <= MAX_ID && is_made_of(id, "_-.:/");
}

bool wk_member_uuid(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                    const va_json_t *value)
{
    (void)rule;
    (void)c;
    return wk_is_uuid(va_json_string(value));
}

bool wk_member_email(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                     const va_json_t *value)
{
    va_str_t text = va_json_string(value);
    (void)c;
    return wk_is_email(text) && (double)text.len <= rule->max;
}

bool wk_member_phone(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                     const va_json_t *value)
{
    (void)rule;
    (void)c;
    return va_phone_is_e164(va_json_string(value));
}

bool wk_member_website(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                       const va_json_t *value)
{
    va_str_t url = va_json_string(value);
    size_t scheme = strlen("http://") + (url.len > 4 && url.data[4] == 's');
    bool ok = url.len > scheme && (double)url.len <= rule->max &&
              memcmp(url.data, scheme == 7 ? "http://" : "https://", scheme) == 0;
    (void)c;
    for (size_t i = scheme; ok && i < url.len; i++) {
        ok = url.data[i] > ' ' && url.data[i] <= '~';
    }
    return ok;
}

/* As the check of agent_configs.twilio_language: two or three small letters, then parts. */
bool wk_member_locale(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                      const va_json_t *value)
{
    va_str_t text = va_json_string(value);
    size_t i = 0;
    (void)rule;
    (void)c;
    while (i < text.len && text.data[i] >= 'a' && text.data[i] <= 'z') {
        i++;
    }
    bool ok = (i == 2 || i == 3) && text.len <= 16 && is_made_of(text, "-") &&
              is_alnum(text.data[text.len - 1]) && (i == text.len || text.data[i] == '-');
    for (; ok && i + 1 < text.len; i++) {
        ok = text.data[i] != '-' || text.data[i + 1] != '-';
    }
    return ok;
}

/* ---------------------------------------------------------------- languages */

/* As the catalogue writes it: "fr", not "FR" nor "fr-CA". */
static bool is_language(const wk_catalogue_t *c, va_str_t code)
{
    const wk_language_t *l = wk_catalogue_find(c, code);
    return l != NULL && va_str_eq(wk_language_code(l), code);
}

bool wk_member_language(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                        const va_json_t *value)
{
    (void)rule;
    return is_language(c, va_json_string(value));
}

bool wk_members_repeat(const va_json_t *element)
{
    const va_json_t *next = element->next;
    while (next != NULL && !va_str_eq(va_json_string(next), va_json_string(element))) {
        next = next->next;
    }
    return next != NULL;
}

bool wk_member_languages(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                         const va_json_t *value)
{
    bool ok = va_json_is(value, VA_JSON_ARRAY) && (double)value->count >= rule->min &&
              (double)value->count <= rule->max;
    for (const va_json_t *l = ok ? value->first : NULL; ok && l != NULL; l = l->next) {
        ok = is_language(c, va_json_string(l)) && !wk_members_repeat(l);
    }
    return ok;
}

static bool are_by_language(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                            const va_json_t *value, wk_member_check_fn *check)
{
    bool ok = va_json_is(value, VA_JSON_OBJECT);
    for (const va_json_t *m = ok ? value->first : NULL; ok && m != NULL; m = m->next) {
        ok = is_language(c, m->name) && check(rule, c, m);
    }
    return ok;
}

bool wk_member_translations(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                            const va_json_t *value)
{
    return are_by_language(rule, c, value, wk_member_text);
}

static bool is_one_of(va_str_t word, const char *const *words)
{
    while (*words != NULL && !va_str_eq(word, va_str_c(*words))) {
        words++;
    }
    return *words != NULL;
}

static bool is_template(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                        const va_json_t *value)
{
    const char *open;
    va_str_t text = va_json_string(value);
    if (!wk_member_text(rule, c, value)) {
        return false;
    }
    const char *end = text.data + text.len;
    while ((open = memchr(text.data, '{', text.len)) != NULL) {
        const char *close = memchr(open, '}', (size_t)(end - open));
        if (close == NULL ||
            !is_one_of(va_str(open + 1, (size_t)(close - open - 1)), rule->of)) {
            return false;
        }
        text = va_str(close + 1, (size_t)(end - close - 1));
    }
    return true;
}

bool wk_member_templates_by_language(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                                     const va_json_t *value)
{
    return are_by_language(rule, c, value, is_template);
}

bool wk_member_templates(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                         const va_json_t *value)
{
    return is_template(rule, c, value) || wk_member_templates_by_language(rule, c, value);
}

bool wk_member_ids(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                   const va_json_t *value)
{
    return are_by_language(rule, c, value, wk_member_id);
}

bool wk_member_list(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                    const va_json_t *value)
{
    bool ok = va_json_is(value, VA_JSON_ARRAY) && (double)value->count <= rule->max;
    (void)c;
    for (const va_json_t *p = ok ? value->first : NULL; ok && p != NULL; p = p->next) {
        ok = is_text(p, 1, MAX_PHRASE);
    }
    return ok;
}

bool wk_member_phrases(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                       const va_json_t *value)
{
    return are_by_language(rule, c, value, wk_member_list);
}

/* ---------------------------------------------------------------- a body */

static const wk_member_rule_t *rule_of(const wk_member_rule_t *rules, size_t n, va_str_t name)
{
    for (size_t i = 0; i < n; i++) {
        if (va_str_eq(name, va_str_c(rules[i].name)) ||
            (rules[i].also != NULL && va_str_eq(name, va_str_c(rules[i].also)))) {
            return &rules[i];
        }
    }
    return NULL;
}

static bool is_allowed(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                       const va_json_t *value)
{
    return va_json_is(value, VA_JSON_NULL) ? rule->nullable : rule->check(rule, c, value);
}

/* Under its own name or the other one. */
static bool is_there_again(const wk_member_rule_t *rules, size_t n, const va_json_t *member)
{
    const wk_member_rule_t *rule = rule_of(rules, n, member->name);
    const va_json_t *next = member->next;
    while (next != NULL && rule_of(rules, n, next->name) != rule) {
        next = next->next;
    }
    return next != NULL;
}

const va_json_t *wk_members_wrong(const wk_catalogue_t *c, const wk_member_rule_t *rules,
                                  size_t n, const va_json_t *object)
{
    for (const va_json_t *m = object->first; m != NULL; m = m->next) {
        const wk_member_rule_t *rule = rule_of(rules, n, m->name);
        if (rule == NULL || !is_allowed(rule, c, m) || is_there_again(rules, n, m)) {
            return m;
        }
    }
    return NULL;
}

static bool refuse_names(wk_arena_t *a, const wk_member_rule_t *rules, size_t n, wk_error_t *e)
{
    va_buf_t names;
    va_buf_init(&names, wk_mem(a), 256);
    for (size_t i = 0; i < n; i++) {
        va_buf_add_c(&names, i == 0 ? "" : i + 1 < n ? ", " : " and ");
        va_buf_add_c(&names, rules[i].name);
    }
    return wk_refuse(e, WK_R_BAD_REQUEST, "Members are %.*s, each once.",
                     (int)va_buf_str(&names).len, va_buf_str(&names).data);
}

static bool refuse_member(wk_arena_t *a, const wk_member_rule_t *rules, size_t n,
                          const wk_catalogue_t *c, const va_json_t *wrong, wk_error_t *e)
{
    const wk_member_rule_t *rule = rule_of(rules, n, wrong->name);
    if (rule == NULL || is_allowed(rule, c, wrong)) {
        return refuse_names(a, rules, n, e);
    }
    return wk_refuse(e, WK_R_BAD_REQUEST, "%s must be %s.", rule->name, rule->must);
}

/* Numbers as the statements' casts read them: JSON has 6.0 and 6e0 for 6, and 1e-999999. */
static void put_value(wk_arena_t *a, va_json_writer_t *w, const wk_member_rule_t *rule,
                      const va_json_t *value)
{
    int64_t n;
    double number;
    va_str_t word = va_json_string(value);
    if (rule->check == wk_member_stored_word && wk_list_word(rule->of, &word)) {
        va_json_put_str(w, word);
    } else if (va_json_int(value, &n)) {
        va_json_put_int(w, n);
    } else if (va_json_double(value, &number)) {
        va_json_put_number(w, wk_printf(a, "%.3f", number));
    } else {
        va_json_put_value(w, value);
    }
}

bool wk_members_read(wk_arena_t *a, const wk_catalogue_t *c, const wk_member_rule_t *rules,
                     size_t n, const va_json_t *body, va_str_t *json, wk_error_t *e)
{
    va_buf_t text;
    const va_json_t *wrong = wk_members_wrong(c, rules, n, body);
    if (body->count == 0) {
        return refuse_names(a, rules, n, e);
    }
    if (wrong != NULL) {
        return refuse_member(a, rules, n, c, wrong, e);
    }
    va_buf_init(&text, wk_mem(a), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    for (const va_json_t *m = body->first; m != NULL; m = m->next) {
        const wk_member_rule_t *rule = rule_of(rules, n, m->name);
        va_json_key(w, rule->name);
        put_value(a, w, rule, m);
    }
    va_json_object_end(w);
    *json = va_buf_str(&text);
    return va_json_writer_end(w) == VA_OK ||
           wk_error(e, WK_INTERNAL, "members that cannot be written");
}
