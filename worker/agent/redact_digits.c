#include "worker/agent/redact_digits.h"

#include <stdlib.h>

#include "core/utf8.h"

/* ---------------------------------------------------------------- words */

static void add_number(wk_redactor_t *r, wk_number_words_t *list, wk_number_word_t number)
{
    if (list->count == list->room) {
        list->room = list->room > 0 ? list->room * 2 : 64;
        wk_number_word_t *more = wk_alloc(r->arena, list->room * sizeof(*more));
        if (list->count > 0) {
            memcpy(more, list->at, list->count * sizeof(*more));
        }
        list->at = more;
    }
    list->at[list->count++] = number;
}

/* For wk_word_lists(): "number.40" gives rest "40". */
static void collect(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    wk_redactor_t *r = ctx;
    long value = strtol(wk_strdup(r->arena, rest), NULL, 10);
    if (value < 0 || value > WK_NUMBER_MAX) {
        return;
    }
    r->has[r->language][value] = r->filling == &r->numbers;
    for (size_t i = 0; i < phrases->count; i++) {
        add_number(r, r->filling, (wk_number_word_t){&phrases->at[i], (int)value, r->language});
    }
}

static wk_phrases_t all_of(wk_arena_t *a, const wk_catalogue_t *c, const char *name)
{
    wk_phrases_t all = {.at = NULL};
    size_t n = 0;
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        n += wk_word_list(wk_catalogue_at(c, i), name)->count;
    }
    all.at = wk_alloc(a, (n + 1) * sizeof(*all.at));
    for (size_t i = 0; i < wk_catalogue_count(c); i++) {
        const wk_phrases_t *own = wk_word_list(wk_catalogue_at(c, i), name);
        for (size_t p = 0; p < own->count; p++) {
            all.at[all.count++] = own->at[p];
        }
    }
    return all;
}

const wk_redactor_t *wk_redactor(wk_arena_t *a, const wk_catalogue_t *c)
{
    wk_redactor_t *r = wk_alloc(a, sizeof(*r));
    r->arena = a;
    for (size_t i = 0; i < wk_catalogue_count(c) && i < WK_NUMBER_LANGUAGES; i++) {
        r->language = i;
        r->filling = &r->times;
        wk_word_lists(wk_catalogue_at(c, i), "number_times.", collect, r);
        memset(r->has[i], 0, sizeof(r->has[i]));
        r->filling = &r->numbers;
        wk_word_lists(wk_catalogue_at(c, i), "number.", collect, r);
    }
    r->joints = all_of(a, c, "number_joint");
    r->cards = all_of(a, c, "card");
    r->codes = all_of(a, c, "card_code");
    r->data = all_of(a, c, "card_data");
    r->others = all_of(a, c, "card_other");
    r->units = all_of(a, c, "number_unit");
    r->orders = all_of(a, c, "order_asked");
    return r;
}

/* The entry of the list with the longest phrase at word i; NULL: none. */
static const wk_number_word_t *number_at(const wk_number_words_t *list, const wk_words_t *words,
                                         size_t i)
{
    const wk_number_word_t *best = NULL;
    for (size_t n = 0; n < list->count; n++) {
        const wk_number_word_t *number = &list->at[n];
        if ((best == NULL || number->phrase->words.count > best->phrase->words.count) &&
            wk_phrase_at(number->phrase, words, i)) {
            best = number;
        }
    }
    return best;
}

/* "dix sept" is 17 in a language without a word for it; "ten seven" stays 10 and 7. */
static bool joins_teen(const wk_redactor_t *r, const wk_number_word_t *ten,
                       const wk_number_word_t *unit)
{
    return ten->value == 10 && unit->value >= 7 && unit->value <= 9 &&
           ten->language == unit->language && !r->has[ten->language][10 + unit->value];
}

/* What one entry, or "dix sept", says at word i, and the word behind it; false: nothing. */
static bool simple_number(const wk_redactor_t *r, const wk_words_t *words, size_t i, int *value,
                          size_t *next)
{
    const wk_number_word_t *first = number_at(&r->numbers, words, i);
    if (first == NULL) {
        return false;
    }
    *value = first->value;
    *next = i + first->phrase->words.count;
    const wk_number_word_t *second =
        first->value == 10 ? number_at(&r->numbers, words, *next) : NULL;
    if (second != NULL && joins_teen(r, first, second)) {
        *value += second->value;
        *next += second->phrase->words.count;
    }
    return true;
}

/*
 * The number spoken at word i ("vingt et un", "quatre vingt dix neuf"), its value, and the word
 * behind it; false when there is none.
 */
static bool spoken_number(const wk_redactor_t *r, const wk_words_t *words, size_t i, int *value,
                          size_t *next)
{
    if (!simple_number(r, words, i, value, next)) {
        return false;
    }
    bool tens = *value >= 20 && *value % 10 == 0;
    int more;
    size_t behind;
    if (tens && simple_number(r, words, *next + wk_phrases_at(&r->joints, words, *next), &more,
                              &behind)) {
        bool unit = more >= 1 && more <= 9;
        bool teen = (*value == 60 || *value == 80) && more >= 10 && more <= 19;
        if (unit || teen) {
            *value += more;
            *next = behind;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- groups of digits */

static void add_group(wk_arena_t *a, wk_digit_groups_t *g, const wk_digits_t *group)
{
    if (g->count == g->room) {
        g->room = g->room > 0 ? g->room * 2 : 32;
        wk_digits_t *more = wk_alloc(a, g->room * sizeof(*more));
        if (g->count > 0) {
            memcpy(more, g->at, g->count * sizeof(*more));
        }
        g->at = more;
    }
    g->at[g->count++] = *group;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool all_digits(va_str_t word)
{
    for (size_t i = 0; i < word.len; i++) {
        if (!is_digit(word.data[i])) {
            return false;
        }
    }
    return word.len > 0;
}

/* Appends value, times times, as decimal digits; false when there is no room. */
static bool put_value(wk_digits_t *group, int value, int times)
{
    while (times-- > 0) {
        size_t need = value >= 10 ? 2 : 1;
        if (group->len + need > WK_MAX_CARD) {
            return false;
        }
        if (value >= 10) {
            group->digits[group->len++] = (char)('0' + value / 10);
        }
        group->digits[group->len++] = (char)('0' + value % 10);
    }
    return true;
}

/*
 * The digits at word i, written or spoken, and the word behind them. False: it is another
 * word. A written number of more than 19 digits is no card's, if no card's begins it.
 */
static bool group_at(const wk_redactor_t *r, const wk_words_t *words, size_t i,
                     wk_digits_t *group, size_t *next)
{
    const wk_number_word_t *times = number_at(&r->times, words, i);
    size_t at = times != NULL ? i + times->phrase->words.count : i;
    int value;
    group->len = 0;
    *next = at + 1;
    if (at < words->count && all_digits(words->at[at].text)) {
        va_str_t text = words->at[at].text;
        if (times != NULL && text.len == 1) {
            return put_value(group, text.data[0] - '0', times->value);
        }
        if (text.len > WK_MAX_CARD) {
            return false;
        }
        memcpy(group->digits, text.data, text.len);
        group->len = text.len;
        return true;
    }
    return spoken_number(r, words, at, &value, next) &&
           put_value(group, value, times != NULL ? times->value : 1);
}

/* As many digits in a row as a card number has, or one with its expiry and code behind it. */
static bool is_row(const wk_digits_t *group, size_t len)
{
    return len >= WK_MIN_CARD && (len <= WK_MAX_CARD || wk_leads_with_card(group->digits, len));
}

/* The first such row within a word ("card4111…"), from a byte of the text on. */
static bool glued_at(va_str_t text, const wk_word_t *word, size_t from, wk_digits_t *group)
{
    size_t len = 0;
    va_str_t rest = va_str(text.data + from, word->end - from);
    while (rest.len > 0) {
        uint32_t c;
        size_t at = (size_t)(rest.data - text.data);
        (void)va_utf8_take(&rest, &c);
        int digit = wk_digit(c);
        if (digit >= 0) {
            group->begin = len == 0 ? at : group->begin;
            group->end = (size_t)(rest.data - text.data);
            group->digits[len < WK_MAX_ROW ? len : WK_MAX_ROW] = (char)('0' + digit);
            len++;
        }
        if ((digit < 0 || rest.len == 0) && is_row(group, len)) {
            group->len = len;
            return true;
        }
        len = digit < 0 ? 0 : len;
    }
    return false;
}

/* The digits that begin at word i, and their place; false: there are none. */
static bool digits_at(const wk_redactor_t *r, va_str_t text, const wk_words_t *words, size_t i,
                      wk_digits_t *group)
{
    if (group_at(r, words, i, group, &group->behind)) {
        group->begin = words->at[i].begin;
        group->end = words->at[group->behind - 1].end;
        return true;
    }
    group->behind = i + 1;
    return glued_at(text, &words->at[i], words->at[i].begin, group);
}

/* What the words at word i name, and how many they are. */
static wk_naming_t naming_at(const wk_redactor_t *r, const wk_words_t *words, size_t i,
                             size_t *len)
{
    const struct {
        const wk_phrases_t *phrases;
        wk_naming_t named;
    } kinds[] = {{&r->others, WK_NAMES_OTHER},
                 {&r->codes, WK_NAMES_CARD_DATA},
                 {&r->data, WK_NAMES_CARD_DATA},
                 {&r->cards, WK_NAMES_CARD}};
    wk_naming_t named = WK_NAMES_NOTHING;
    *len = 0;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
        size_t n = wk_phrases_at(kinds[k].phrases, words, i);
        if (n > *len) {
            *len = n;
            named = kinds[k].named;
        }
    }
    return named;
}

/* The last character but blanks before byte at; '\0': there is none. */
static char sign_before(va_str_t text, size_t at)
{
    while (at > 0 && text.data[at - 1] == ' ') {
        at--;
    }
    return at > 0 ? text.data[at - 1] : '\0';
}

/* A number behind "#", "+" or "$", or one before "dollars". */
static bool is_marked_other(const wk_redactor_t *r, va_str_t text, const wk_words_t *words,
                            const wk_digits_t *group)
{
    char sign = sign_before(text, group->begin);
    return sign == '#' || sign == '+' || sign == '$' ||
           (group->end < text.len && text.data[group->end] == '$') ||
           wk_phrases_at(&r->units, words, group->behind) > 0;
}

static void add_digits(wk_digits_reader_t *reader, wk_digits_t *group,
                       wk_digit_groups_t *groups)
{
    group->gap = reader->gap;
    add_group(reader->a, groups, group);
    reader->gap = 0;
    reader->named = WK_NAMES_NOTHING;
}

/* Digits that begin at word i, and those further on in the same word; false: none do. */
static bool read_digits(wk_digits_reader_t *reader, va_str_t text, const wk_words_t *words,
                        size_t i, size_t turn, wk_digit_groups_t *groups, size_t *next)
{
    const wk_word_t *word = &words->at[i];
    wk_digits_t group = {.turn = turn, .word = i};
    bool any = digits_at(reader->r, text, words, i, &group);
    for (bool more = any; more;
         more = group.end < word->end && glued_at(text, word, group.end, &group)) {
        bool other = is_marked_other(reader->r, text, words, &group);
        group.spoken = !all_digits(word->text);
        group.named = other ? WK_NAMES_OTHER : reader->named;
        add_digits(reader, &group, groups);
    }
    *next = group.behind;
    return any;
}

/*
 * The stars between two words that stand for digits. Those that stick to a word are somebody's
 * own ("*really*", "5*"), but for a whole number's, and so is a single one: "* two tubes".
 */
static size_t hidden_between(va_str_t text, size_t from, size_t to)
{
    size_t stars = 0;
    for (size_t i = from, n; i < to; i += n) {
        n = 1;
        if (text.data[i] != '*') {
            continue;
        }
        while (i + n < to && text.data[i + n] == '*') {
            n++;
        }
        bool sticks = (i == from && from > 0) || (i + n == to && to < text.len);
        stars += !sticks || (n >= WK_MIN_CARD && n <= WK_MAX_ROW) ? n : 0;
    }
    return stars > 1 ? stars : 0;
}

static void read_stars(wk_digits_reader_t *reader, va_str_t text, size_t from, size_t to,
                       size_t turn, size_t word, wk_digit_groups_t *groups)
{
    wk_digits_t group = {.turn = turn, .word = word, .behind = word, .masked = true};
    group.named = reader->named;
    group.hidden = hidden_between(text, from, to);
    if (group.hidden > 0) {
        add_digits(reader, &group, groups);
    }
}

/* A word that is no number; how many words it is. */
static size_t read_word(wk_digits_reader_t *reader, const wk_words_t *words, size_t i)
{
    size_t len;
    size_t joint = wk_phrases_at(&reader->r->joints, words, i);
    wk_naming_t named = naming_at(reader->r, words, i, &len);
    if (named != WK_NAMES_NOTHING) {
        reader->named = named;
    } else if (joint > 0) {
        return joint;
    }
    reader->gap += words->at[i].text.len > WK_MAX_CARD ? WK_MAX_GAP + 1 : len > 0 ? len : 1;
    return len > 0 ? len : 1;
}

void wk_digits_read(wk_digits_reader_t *reader, va_str_t text, const wk_words_t *words,
                    size_t turn, wk_digit_groups_t *groups)
{
    size_t behind = 0;
    reader->named = WK_NAMES_NOTHING;
    for (size_t i = 0, next; i < words->count; i = next) {
        if (reader->stars) {
            read_stars(reader, text, behind, words->at[i].begin, turn, i, groups);
        }
        if (!read_digits(reader, text, words, i, turn, groups, &next)) {
            next = i + read_word(reader, words, i);
        }
        behind = words->at[next - 1].end;
    }
    if (reader->stars) {
        read_stars(reader, text, behind, text.len, turn, words->count, groups);
    }
}

size_t wk_digits_from(const wk_digit_groups_t *g, size_t turn, size_t word)
{
    size_t low = 0, high = g->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const wk_digits_t *group = &g->at[middle];
        if (group->turn < turn || (group->turn == turn && group->word < word)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

va_str_t wk_digits_hide(wk_arena_t *a, va_str_t text, const wk_digit_groups_t *groups,
                        size_t turn)
{
    va_buf_t out;
    size_t done = 0;
    va_buf_init(&out, wk_mem(a), text.len + 1);
    for (size_t i = wk_digits_from(groups, turn, 0);
         i < groups->count && groups->at[i].turn == turn; i++) {
        const wk_digits_t *group = &groups->at[i];
        if (!group->masked || group->len == 0) {
            continue;
        }
        va_buf_add_str(&out, va_str(text.data + done, group->begin - done));
        for (size_t d = 0; d < group->len; d++) {
            va_buf_add_char(&out, '*');
        }
        done = group->end;
    }
    if (done == 0) {
        return text;
    }
    va_buf_add_str(&out, va_str(text.data + done, text.len - done));
    return va_buf_str(&out);
}

/* ---------------------------------------------------------------- card numbers */

static bool luhn(const char *digits, size_t len)
{
    int sum = 0;
    for (size_t i = 0; i < len; i++) {
        int d = digits[len - 1 - i] - '0';
        d = i % 2 == 1 ? d * 2 : d;
        sum += d > 9 ? d - 9 : d;
    }
    return sum % 10 == 0;
}

/* Issuers by the first digits of their numbers, and how long these are. */
static const struct {
    int first, last; /* of the leading digits, as many as they have */
    size_t min, max;
} issuers[] = {
    {4, 4, 13, 19},       /* Visa: 13, 16, 19 */
    {51, 55, 16, 16},     /* Mastercard */
    {2221, 2720, 16, 16}, /* Mastercard */
    {34, 34, 15, 15},     /* American Express */
    {37, 37, 15, 15},     /* American Express */
    {300, 305, 14, 19},   /* Diners Club */
    {36, 36, 14, 19},     /* Diners Club */
    {38, 39, 14, 19},     /* Diners Club */
    {3528, 3589, 16, 19}, /* JCB */
    {6011, 6011, 16, 19}, /* Discover */
    {644, 659, 16, 19},   /* Discover */
    {62, 62, 16, 19},     /* UnionPay */
    {50, 50, 12, 19},     /* Maestro */
    {56, 61, 12, 19},     /* Maestro */
    {63, 69, 12, 19},     /* Maestro */
};

static size_t decimals(int n)
{
    return n >= 1000 ? 4 : n >= 100 ? 3 : n >= 10 ? 2 : 1;
}

bool wk_is_card(const char *digits, size_t len)
{
    for (size_t i = 0; i < sizeof(issuers) / sizeof(*issuers); i++) {
        int lead = 0;
        if (len < issuers[i].min || len > issuers[i].max ||
            (issuers[i].first == 4 && len != 13 && len != 16 && len != 19)) {
            continue;
        }
        for (size_t d = 0; d < decimals(issuers[i].first); d++) {
            lead = lead * 10 + (digits[d] - '0');
        }
        if (lead >= issuers[i].first && lead <= issuers[i].last && luhn(digits, len)) {
            return true;
        }
    }
    return false;
}

bool wk_leads_with_card(const char *digits, size_t len)
{
    return len > 16 &&
           ((len <= 16 + WK_MAX_TRAILING && wk_is_card(digits, 16)) ||
            (len <= 15 + WK_MAX_TRAILING && digits[0] == '3' && wk_is_card(digits, 15)));
}

bool wk_begins_card(const char *digits, size_t len)
{
    for (size_t i = 0; i < sizeof(issuers) / sizeof(*issuers); i++) {
        int lead = 0, first = issuers[i].first, last = issuers[i].last;
        size_t known = 0;
        for (; known < decimals(issuers[i].first) && known < len; known++) {
            lead = lead * 10 + (digits[known] - '0');
        }
        for (size_t d = decimals(issuers[i].first); d > known; d--) {
            first /= 10;
            last /= 10;
        }
        if (lead >= first && lead <= last) {
            return true;
        }
    }
    return false;
}
