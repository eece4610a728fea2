#include "worker/agent/transfer.h"

#include "core/phone.h"

/* The usual rules: a list of words in every language, and an amount that must be named. */
static const struct {
    const char *words;
    int64_t above; /* 0: no amount */
    const char *destination;
} rules[] = {
    {"transfer.refund", WK_LARGE_REFUND, "manager"},
    {"transfer.purchase", WK_LARGE_PURCHASE, "sales_specialist"},
    {"transfer.manager", 0, "manager"},
    {"transfer.technical", 0, "technical_support"},
    {"transfer.sales", 0, "sales_specialist"},
};

/* ---------------------------------------------------------------- what was said */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "2,500" and "2 500" are one number: three digits follow. */
static bool groups_on(va_str_t text, size_t i)
{
    bool separator = text.data[i] == ',' || text.data[i] == ' ';
    return separator && i + 3 < text.len && is_digit(text.data[i + 1]) &&
           is_digit(text.data[i + 2]) && is_digit(text.data[i + 3]) &&
           (i + 4 == text.len || !is_digit(text.data[i + 4]));
}

/* The largest whole number in the text; 0: none. */
static int64_t largest_amount(va_str_t text)
{
    int64_t most = 0, n = 0;
    bool within = false;
    for (size_t i = 0; i < text.len; i++) {
        if (is_digit(text.data[i])) {
            n = within && n < INT64_C(1000000000) ? n * 10 + (text.data[i] - '0')
                                                  : (within ? n : text.data[i] - '0');
            within = true;
        } else if (!within || !groups_on(text, i)) {
            within = false;
            n = 0;
        }
        most = n > most ? n : most;
    }
    return most;
}

/* ---------------------------------------------------------------- destinations */

bool wk_transfer_is_own(const va_json_t *own, va_str_t number)
{
    const va_json_t *n = own != NULL && number.data != NULL ? own->first : NULL;
    while (n != NULL && !va_str_eq(va_json_string(n), number)) {
        n = n->next;
    }
    return n != NULL;
}

static bool may_be_called(const wk_transfer_wish_t *wish, va_str_t number)
{
    char e164[VA_PHONE_MAX + 1];
    if (!va_phone_normalize(e164, number)) {
        return false;
    }
    bool caller = wish->caller.data != NULL && va_str_eq(va_str_c(e164), wish->caller);
    return !caller && !wk_transfer_is_own(wish->own, va_str_c(e164));
}

static wk_destination_t destination(wk_arena_t *a, const wk_transfer_wish_t *wish,
                                    const va_json_t *entry)
{
    char e164[VA_PHONE_MAX + 1];
    va_str_t number = va_json_get_string(entry, "number");
    if (!may_be_called(wish, number) || !va_phone_normalize(e164, number)) {
        return (wk_destination_t){.number = VA_STR_NULL};
    }
    return (wk_destination_t){va_json_get_string(entry, "name"), wk_copy(a, va_str_c(e164))};
}

static wk_destination_t by_name(wk_arena_t *a, const wk_transfer_wish_t *wish, va_str_t name)
{
    const va_json_t *d = wish->destinations != NULL ? wish->destinations->first : NULL;
    for (; d != NULL && name.len > 0; d = d->next) {
        if (va_str_ieq(va_json_get_string(d, "name"), name)) {
            return destination(a, wish, d);
        }
    }
    return (wk_destination_t){.number = VA_STR_NULL};
}

/* "rules": ["words", "of the shop's own"] */
static bool own_rule_matches(wk_arena_t *a, const va_json_t *entry, const wk_words_t *words)
{
    const va_json_t *rule = va_json_get(entry, "rules");
    rule = va_json_is(rule, VA_JSON_ARRAY) ? rule->first : NULL;
    for (; rule != NULL; rule = rule->next) {
        wk_phrase_t phrase = wk_phrase(a, va_json_string(rule));
        for (size_t i = 0; i < words->count; i++) {
            if (phrase.words.count > 0 && wk_phrase_at(&phrase, words, i)) {
                return true;
            }
        }
    }
    return false;
}

static wk_destination_t by_own_rules(wk_arena_t *a, const wk_transfer_wish_t *wish,
                                     const wk_words_t *words)
{
    const va_json_t *d = wish->destinations != NULL ? wish->destinations->first : NULL;
    for (; d != NULL; d = d->next) {
        wk_destination_t found = destination(a, wish, d);
        if (found.number.data != NULL && own_rule_matches(a, d, words)) {
            return found;
        }
    }
    return (wk_destination_t){.number = VA_STR_NULL};
}

static wk_destination_t by_usual_rules(wk_arena_t *a, const wk_catalogue_t *c,
                                       const wk_transfer_wish_t *wish, const wk_words_t *words)
{
    int64_t amount = largest_amount(wish->words);
    for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        bool enough = rules[i].above == 0 || amount > rules[i].above;
        if (!enough || !wk_word_list_in(c, rules[i].words, words)) {
            continue;
        }
        wk_destination_t found = by_name(a, wish, va_str_c(rules[i].destination));
        if (found.number.data != NULL) {
            return found;
        }
    }
    return (wk_destination_t){.number = VA_STR_NULL};
}

static wk_destination_t anybody(wk_arena_t *a, const wk_transfer_wish_t *wish)
{
    char e164[VA_PHONE_MAX + 1];
    wk_destination_t found = by_name(a, wish, VA_STR("general_support"));
    const va_json_t *d = wish->destinations != NULL ? wish->destinations->first : NULL;
    for (; d != NULL && found.number.data == NULL; d = d->next) {
        found = destination(a, wish, d);
    }
    if (found.number.data == NULL && may_be_called(wish, wish->owner) &&
        va_phone_normalize(e164, wish->owner)) {
        found = (wk_destination_t){VA_STR("owner"), wk_copy(a, va_str_c(e164))};
    }
    return found;
}

wk_destination_t wk_transfer_choose(wk_arena_t *a, const wk_catalogue_t *c,
                                    const wk_transfer_wish_t *wish)
{
    wk_words_t words = wk_words(a, wish->words.data != NULL ? wish->words : VA_STR(""));
    wk_destination_t found = by_name(a, wish, wish->named);
    if (found.number.data == NULL) {
        found = by_own_rules(a, wish, &words);
    }
    if (found.number.data == NULL) {
        found = by_usual_rules(a, c, wish, &words);
    }
    return found.number.data != NULL ? found : anybody(a, wish);
}
