#include "worker/agent/reception_services.h"

#include <string.h>

#include "worker/agent/booking.h"
#include "worker/agent/wording.h"

#define MOST_NAMES 32 /* of services in one message */

/* A phrase that names a service. */
typedef struct {
    va_str_t type;
    size_t at, len; /* its words */
} name_t;

typedef struct {
    const wk_words_t *words;
    name_t at[MOST_NAMES];
    size_t count;
} names_t;

/* ---------------------------------------------------------------- names */

static void note_names(void *ctx, va_str_t type, const wk_phrases_t *phrases)
{
    names_t *names = ctx;
    name_t name = {.type = type};
    for (size_t from = 0; names->count < MOST_NAMES &&
                          wk_phrases_find(phrases, names->words, from, &name.at, &name.len);
         from = name.at + name.len) {
        names->at[names->count++] = name;
    }
}

static bool is_within(const name_t *name, const name_t *other)
{
    return other->at <= name->at && name->at + name->len <= other->at + other->len &&
           name->len < other->len;
}

/* The next behind word from that is no part of a longer name; NULL: none is. */
static const name_t *next_name(const names_t *names, size_t from)
{
    const name_t *next = NULL;
    for (size_t i = 0; i < names->count; i++) {
        const name_t *name = &names->at[i];
        bool within = false;
        for (size_t k = 0; k < names->count && !within; k++) {
            within = is_within(name, &names->at[k]);
        }
        if (!within && name->at >= from && (next == NULL || name->at < next->at)) {
            next = name;
        }
    }
    return next;
}

/* "Appointment" is what many call all of them. */
static bool is_our_word(const wk_reception_turn_t *t, va_str_t name, va_str_t type)
{
    bool ours = false;
    for (size_t i = 0; i < wk_catalogue_count(t->c) && !ours; i++) {
        ours =
            va_str_eq(name, wk_word_for(t->a, wk_catalogue_at(t->c, i), "appointment", type));
    }
    return ours;
}

/* By the names that the shop has given them: "drain cleaning". */
static void note_own_names(const wk_reception_turn_t *t, names_t *names)
{
    const va_json_t *service = t->f->services != NULL ? t->f->services->first : NULL;
    for (; service != NULL; service = service->next) {
        const va_json_t *name = va_json_is(service, VA_JSON_OBJECT) ? service->first : NULL;
        for (; name != NULL; name = name->next) {
            wk_phrase_t phrase = wk_phrase(t->a, va_json_string(name));
            const wk_phrases_t one = {&phrase, phrase.words.count > 0};
            if (!is_our_word(t, va_json_string(name), service->name)) {
                note_names(names, service->name, &one);
            }
        }
    }
}

static names_t names_in(const wk_reception_turn_t *t)
{
    names_t names = {.words = &t->r->words};
    for (size_t i = 0; i < wk_catalogue_count(t->c); i++) {
        wk_word_lists(wk_catalogue_at(t->c, i), "service.", note_names, &names);
    }
    note_own_names(t, &names);
    return names;
}

va_str_t wk_turn_service(const wk_reception_turn_t *t)
{
    names_t own = {.words = &t->r->words};
    note_own_names(t, &own);
    const name_t *first = next_name(&own, 0);
    return first != NULL ? first->type : wk_read_service(t->c, &t->r->words);
}

/* ---------------------------------------------------------------- services */

static void add_service(wk_services_t *services, va_str_t type)
{
    size_t i = 0;
    while (i < services->count && !va_str_eq(services->at[i], type)) {
        i++;
    }
    if (i == services->count && i < WK_SERVICES_NAMED) {
        services->at[services->count++] = type;
    }
}

wk_services_t wk_services_named(const wk_reception_turn_t *t)
{
    names_t names = names_in(t);
    wk_services_t services = {.count = 0};
    const name_t *name = next_name(&names, 0);
    while (name != NULL) {
        add_service(&services, name->type);
        name = next_name(&names, name->at + name->len);
    }
    return services;
}

const bool *wk_service_words(const wk_reception_turn_t *t)
{
    names_t names = names_in(t);
    bool *are = wk_alloc(t->a, (t->r->words.count + 1) * sizeof(*are));
    for (size_t i = 0; i < names.count; i++) {
        wk_spend(are, names.at[i].at, names.at[i].len);
    }
    return are;
}

/* "and", "plus", a comma: between the end of one name and the next. */
static bool are_joined(const wk_reception_turn_t *t, size_t from, size_t to)
{
    const wk_words_t *words = &t->r->words;
    size_t begin = words->at[from - 1].end, len = words->at[to].begin - begin;
    const char *between = t->r->text.data + begin;
    bool joined = memchr(between, ',', len) != NULL || memchr(between, '+', len) != NULL ||
                  memchr(between, '&', len) != NULL;
    for (size_t i = from; i < to && !joined; i++) {
        joined = wk_word_list_at(t->c, "wish.joint", words, i) > 0;
    }
    return joined;
}

wk_services_t wk_services_wished(const wk_reception_turn_t *t)
{
    names_t names = names_in(t);
    wk_services_t services = {.count = 0};
    const name_t *name = next_name(&names, 0), *next;
    for (; name != NULL; name = next) {
        next = next_name(&names, name->at + name->len);
        bool other = next != NULL && !va_str_eq(next->type, name->type);
        add_service(&services, name->type);
        if (other && !are_joined(t, name->at + name->len, next->at)) {
            va_str_t one = wk_turn_service(t);
            return (wk_services_t){.at = {one}, .count = 1};
        }
    }
    return services;
}

/* ---------------------------------------------------------------- what else is wished for */

/* "and a new saddle": behind a service something that is none, nor whose or what it is for. */
static bool wishes_something_else(const wk_reception_turn_t *t)
{
    const wk_words_t *words = &t->r->words;
    names_t names = names_in(t);
    const name_t *first = next_name(&names, 0);
    for (size_t i = first != NULL ? first->at + first->len : words->count; i < words->count;
         i++) {
        size_t n = wk_word_list_at(t->c, "wish.second", words, i);
        const name_t *name = next_name(&names, i);
        bool told = i + n < words->count &&
                    (t->r->spent[i + n] || (name != NULL && name->at <= i + n + 1) ||
                     wk_word_list_at(t->c, "wish.filler", words, i + n) > 1 ||
                     wk_word_list_at(t->c, "wish.detail", words, i + n) > 0);
        if (n > 0 && i + n < words->count && !told) {
            return true;
        }
    }
    return false;
}

static va_str_t words_for(const wk_reception_turn_t *t, const wk_services_t *services,
                          va_str_t but)
{
    va_str_t words[WK_SERVICES_NAMED];
    size_t n = 0;
    for (size_t i = 0; i < services->count; i++) {
        if (!va_str_eq(services->at[i], but)) {
            words[n++] = wk_turn_service_word(t, services->at[i]);
        }
    }
    return wk_word_list_of(t->a, t->l, words, n);
}

static void pass_on(wk_reception_turn_t *t, va_str_t service, va_str_t others)
{
    wk_turn_add(t, wk_say(t->a, t->l, others.len > 0 ? "reply.one_service" : "reply.one_wish",
                          {"service", wk_turn_service_word(t, service)}, {"others", others}));
    t->out.task = "message";
}

void wk_pass_on(wk_reception_turn_t *t, va_str_t service, const wk_services_t *services)
{
    pass_on(t, service, words_for(t, services, service));
}

void wk_pass_on_the_rest(wk_reception_turn_t *t, va_str_t service)
{
    wk_services_t services = wk_services_wished(t);
    va_str_t others = words_for(t, &services, service);
    if (others.len > 0 || wishes_something_else(t) || wk_turn_has(t, "intent.order")) {
        pass_on(t, service, others);
    }
}
