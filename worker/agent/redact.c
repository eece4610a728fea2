#include "worker/agent/redact.h"

#include <stdlib.h>

#include "core/utf8.h"

#define MIN_CARD      12
#define MAX_CARD      19
#define MAX_GAP       5 /* other words between two parts of one number */
#define CODE_REACH    8 /* words between "security code" and the code */
#define CODE_TURNS    2 /* and turns */
#define MAX_TRAILING  8 /* digits behind a card number: expiry and code */
#define TRAILING_GAP  2 /* words before each of them: "expires", "the code" */
#define MAX_VALUE     99
#define MAX_LANGUAGES 64

/* ---------------------------------------------------------------- words */

typedef struct {
    const wk_phrase_t *phrase;
    int value;
    size_t language;
} number_t;

typedef struct {
    number_t *at;
    size_t count, room;
} numbers_t;

struct wk_redactor {
    wk_arena_t *arena;
    numbers_t numbers, times;
    wk_phrases_t joints, cards, codes;      /* of all languages */
    bool has[MAX_LANGUAGES][MAX_VALUE + 1]; /* by language: a word of its own for the value */
    size_t language;                        /* while it is filled */
    numbers_t *filling;
};

static void add_number(wk_redactor_t *r, numbers_t *list, number_t number)
{
    if (list->count == list->room) {
        list->room = list->room > 0 ? list->room * 2 : 64;
        number_t *more = wk_alloc(r->arena, list->room * sizeof(*more));
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
    if (value < 0 || value > MAX_VALUE) {
        return;
    }
    r->has[r->language][value] = r->filling == &r->numbers;
    for (size_t i = 0; i < phrases->count; i++) {
        add_number(r, r->filling, (number_t){&phrases->at[i], (int)value, r->language});
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
    for (size_t i = 0; i < wk_catalogue_count(c) && i < MAX_LANGUAGES; i++) {
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
    return r;
}

/* The entry of the list with the longest phrase at word i; NULL: none. */
static const number_t *number_at(const numbers_t *list, const wk_words_t *words, size_t i)
{
    const number_t *best = NULL;
    for (size_t n = 0; n < list->count; n++) {
        const number_t *number = &list->at[n];
        if ((best == NULL || number->phrase->words.count > best->phrase->words.count) &&
            wk_phrase_at(number->phrase, words, i)) {
            best = number;
        }
    }
    return best;
}

/* "dix sept" is 17 in a language without a word for it; "ten seven" stays 10 and 7. */
static bool joins_teen(const wk_redactor_t *r, const number_t *ten, const number_t *unit)
{
    return ten->value == 10 && unit->value >= 7 && unit->value <= 9 &&
           ten->language == unit->language && !r->has[ten->language][10 + unit->value];
}

/*
 * The number spoken at word i ("vingt et un", "quatre vingt dix neuf"), its value, and the word
 * behind it; false when there is none.
 */
static bool spoken_number(const wk_redactor_t *r, const wk_words_t *words, size_t i, int *value,
                          size_t *next)
{
    const number_t *first = number_at(&r->numbers, words, i);
    if (first == NULL) {
        return false;
    }
    *value = first->value;
    *next = i + first->phrase->words.count;
    const number_t *second = number_at(&r->numbers, words, *next);
    if (second != NULL && joins_teen(r, first, second)) {
        *value += second->value;
        *next += second->phrase->words.count;
        return true;
    }
    bool tens = *value >= 20 && *value % 10 == 0;
    int more;
    size_t behind;
    if (tens && spoken_number(r, words, *next + wk_phrases_at(&r->joints, words, *next), &more,
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

/* Digits that were written, or spoken as one number, together. */
typedef struct {
    size_t turn, begin, end; /* bytes of the turn's text */
    size_t word;             /* the first of them */
    char digits[MAX_CARD + 1];
    size_t len;
    size_t gap; /* other words since the group before, of the same speaker */
    bool masked;
    bool behind_hash;
} group_t;

typedef struct {
    group_t *at;
    size_t count, room;
} groups_t;

static void add_group(wk_arena_t *a, groups_t *g, const group_t *group)
{
    if (g->count == g->room) {
        g->room = g->room > 0 ? g->room * 2 : 32;
        group_t *more = wk_alloc(a, g->room * sizeof(*more));
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
static bool put_value(group_t *group, int value, int times)
{
    while (times-- > 0) {
        size_t need = value >= 10 ? 2 : 1;
        if (group->len + need > MAX_CARD) {
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
 * word. A written number of more than 19 digits is no card's: it is one too.
 */
static bool group_at(const wk_redactor_t *r, const wk_words_t *words, size_t i, group_t *group,
                     size_t *next)
{
    const number_t *times = number_at(&r->times, words, i);
    size_t at = times != NULL ? i + times->phrase->words.count : i;
    int value;
    group->len = 0;
    *next = at + 1;
    if (at < words->count && all_digits(words->at[at].text)) {
        va_str_t text = words->at[at].text;
        if (times != NULL && text.len == 1) {
            return put_value(group, text.data[0] - '0', times->value);
        }
        if (text.len > MAX_CARD) {
            return false;
        }
        memcpy(group->digits, text.data, text.len);
        group->len = text.len;
        return true;
    }
    return spoken_number(r, words, at, &value, next) &&
           put_value(group, value, times != NULL ? times->value : 1);
}

/* Within a word of letters ("card4111…") as many digits as a card number has, the first such.
 */
static bool glued_at(va_str_t text, const wk_word_t *word, group_t *group)
{
    size_t len = 0;
    va_str_t rest = va_str(text.data + word->begin, word->end - word->begin);
    while (rest.len > 0) {
        uint32_t c;
        size_t at = (size_t)(rest.data - text.data);
        (void)va_utf8_take(&rest, &c);
        int digit = wk_digit(c);
        if (digit >= 0) {
            group->begin = len == 0 ? at : group->begin;
            group->end = (size_t)(rest.data - text.data);
            group->digits[len < MAX_CARD ? len : MAX_CARD] = (char)('0' + digit);
            len++;
        }
        if ((digit < 0 || rest.len == 0) && len >= MIN_CARD && len <= MAX_CARD) {
            group->len = len;
            return true;
        }
        len = digit < 0 ? 0 : len;
    }
    return false;
}

/* The digits that begin at word i, and their place; false: there are none. */
static bool digits_at(const wk_redactor_t *r, va_str_t text, const wk_words_t *words, size_t i,
                      group_t *group, size_t *next)
{
    if (group_at(r, words, i, group, next)) {
        group->begin = words->at[i].begin;
        group->end = words->at[*next - 1].end;
        return true;
    }
    *next = i + 1;
    return glued_at(text, &words->at[i], group);
}

static bool is_behind_hash(va_str_t text, size_t begin)
{
    while (begin > 0 && text.data[begin - 1] == ' ') {
        begin--;
    }
    return begin > 0 && text.data[begin - 1] == '#';
}

/* Adds the groups of one turn; *gap goes on from the speaker's turn before. */
static void read_turn(const wk_redactor_t *r, wk_arena_t *a, va_str_t text,
                      const wk_words_t *words, size_t turn, size_t *gap, groups_t *groups)
{
    for (size_t i = 0, next; i < words->count; i = next) {
        group_t group = {.turn = turn, .word = i};
        size_t joint = wk_phrases_at(&r->joints, words, i);
        if (digits_at(r, text, words, i, &group, &next)) {
            group.gap = *gap;
            group.behind_hash = is_behind_hash(text, group.begin);
            add_group(a, groups, &group);
            *gap = 0;
        } else if (joint > 0) {
            next = i + joint;
        } else {
            next = i + 1;
            *gap += words->at[i].text.len > MAX_CARD ? MAX_GAP + 1 : 1;
        }
    }
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

static bool is_card(const char *digits, size_t len)
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

/* The usual length first: behind a number of 16 digits its code is no part of it. */
static int rank(size_t len)
{
    return len <= 16 ? (int)(16 - len) : (int)(MAX_CARD - len) + 8;
}

/* How many groups from i on are together a card number; 0: none are. */
static size_t card_from(const groups_t *g, size_t i)
{
    char digits[MAX_CARD];
    size_t len = 0, best = 0;
    int best_rank = 0;
    for (size_t j = i; j < g->count && (j == i || g->at[j].gap <= MAX_GAP); j++) {
        const group_t *group = &g->at[j];
        if (len + group->len > MAX_CARD) {
            break;
        }
        memcpy(digits + len, group->digits, group->len);
        len += group->len;
        if (is_card(digits, len) && (best == 0 || rank(len) < best_rank)) {
            best = j - i + 1;
            best_rank = rank(len);
        }
    }
    return best;
}

/* What follows in the same breath: the expiry date, the code. */
static void mask_trailing(groups_t *g, size_t from)
{
    size_t digits = 0, end = from;
    while (end < g->count && g->at[end].turn == g->at[from - 1].turn &&
           g->at[end].gap <= TRAILING_GAP) {
        digits += g->at[end++].len;
    }
    for (; digits <= MAX_TRAILING && from < end; from++) {
        g->at[from].masked = true;
    }
}

static void mask_cards(groups_t *g)
{
    for (size_t i = 0; i < g->count;) {
        size_t n = card_from(g, i);
        for (size_t j = i; j < i + n; j++) {
            g->at[j].masked = true;
        }
        i += n > 0 ? n : 1;
        if (n > 0) {
            mask_trailing(g, i);
        }
    }
}

/* ---------------------------------------------------------------- security codes */

/* The first digits from word on in that turn, when three or four: masked. True: there were any.
 */
static bool mask_code(groups_t *g, size_t turn, size_t word, size_t reach)
{
    size_t i = 0, digits = 0, end;
    while (i < g->count && (g->at[i].turn != turn || g->at[i].word < word)) {
        i++;
    }
    if (i == g->count || g->at[i].word > word + reach) {
        return false;
    }
    for (end = i;
         end < g->count && g->at[end].turn == turn && (end == i || g->at[end].gap == 0);
         end++) {
        digits += g->at[end].len;
    }
    for (; (digits == 3 || digits == 4) && i < end; i++) {
        g->at[i].masked = true;
    }
    return true;
}

/* ---------------------------------------------------------------- turns */

typedef struct {
    wk_words_t *words; /* by turn */
    groups_t *groups;  /* by speaker's number in speakers */
    int *speakers;
    size_t n_speakers;
} talk_t;

static size_t speaker_of(const talk_t *t, int speaker)
{
    size_t i = 0;
    while (i < t->n_speakers && t->speakers[i] != speaker) {
        i++;
    }
    return i;
}

static void read_talk(const wk_redactor_t *r, wk_arena_t *a, const wk_turn_t *turns, size_t n,
                      talk_t *t)
{
    t->words = wk_alloc(a, (n + 1) * sizeof(*t->words));
    t->groups = wk_alloc(a, (n + 1) * sizeof(*t->groups));
    t->speakers = wk_alloc(a, (n + 1) * sizeof(*t->speakers));
    size_t *gaps = wk_alloc(a, (n + 1) * sizeof(*gaps));
    for (size_t i = 0; i < n; i++) {
        size_t s = speaker_of(t, turns[i].speaker);
        if (s == t->n_speakers) {
            t->speakers[t->n_speakers++] = turns[i].speaker;
        }
        t->words[i] = wk_words(a, turns[i].text);
        read_turn(r, a, turns[i].text, &t->words[i], i, &gaps[s], &t->groups[s]);
    }
}

/* Behind words that ask for the code: in that turn, or in the next ones. */
static void mask_codes_of(const wk_redactor_t *r, talk_t *t, size_t turn, size_t n)
{
    size_t at = 0, len;
    const wk_words_t *words = &t->words[turn];
    for (size_t from = 0; wk_phrases_find(&r->codes, words, from, &at, &len); from = at + len) {
        bool found = false;
        for (size_t i = turn; !found && i < n && i <= turn + CODE_TURNS; i++) {
            size_t word = i == turn ? at + len : 0;
            for (size_t s = 0; s < t->n_speakers; s++) {
                found =
                    mask_code(&t->groups[s], i, word, i == turn ? CODE_REACH : SIZE_MAX / 2) ||
                    found;
            }
        }
    }
}

/* Digits become '*'; of a spoken number the words. */
static void mask_text(char *text, const group_t *group)
{
    bool written = false;
    va_str_t rest = va_str(text + group->begin, group->end - group->begin);
    while (rest.len > 0) {
        uint32_t c;
        va_str_t character = va_utf8_take(&rest, &c);
        if (wk_digit(c) >= 0) {
            memset((char *)(uintptr_t)character.data, '*', character.len);
            written = true;
        }
    }
    for (size_t i = group->begin; !written && i < group->end; i++) {
        text[i] = text[i] == ' ' ? ' ' : '*';
    }
}

static void mask_turns(wk_arena_t *a, wk_turn_t *turns, const talk_t *t)
{
    size_t copied = SIZE_MAX;
    for (size_t s = 0; s < t->n_speakers; s++) {
        for (size_t i = 0; i < t->groups[s].count; i++) {
            const group_t *group = &t->groups[s].at[i];
            if (!group->masked) {
                continue;
            }
            if (group->turn != copied) {
                turns[group->turn].text = wk_copy(a, turns[group->turn].text);
                copied = group->turn;
            }
            mask_text((char *)(uintptr_t)turns[group->turn].text.data, group);
        }
    }
}

void wk_redact_turns(const wk_redactor_t *r, wk_arena_t *a, wk_turn_t *turns, size_t n)
{
    talk_t t = {.n_speakers = 0};
    read_talk(r, a, turns, n, &t);
    for (size_t s = 0; s < t.n_speakers; s++) {
        mask_cards(&t.groups[s]);
    }
    for (size_t i = 0; i < n; i++) {
        mask_codes_of(r, &t, i, n);
    }
    mask_turns(a, turns, &t);
}

va_str_t wk_redact(const wk_redactor_t *r, wk_arena_t *a, va_str_t text)
{
    wk_turn_t turn = {.text = text};
    wk_redact_turns(r, a, &turn, 1);
    return turn.text;
}

static void put_masked(va_json_writer_t *w, wk_arena_t *a, const wk_redactor_t *r,
                       const va_json_t *value)
{
    bool object = va_json_is(value, VA_JSON_OBJECT);
    if (object || va_json_is(value, VA_JSON_ARRAY)) {
        object ? va_json_object(w) : va_json_array(w);
        for (const va_json_t *m = value->first; m != NULL; m = m->next) {
            if (object) {
                va_json_key_n(w, wk_clean_text(a, m->name));
            }
            put_masked(w, a, r, m);
        }
        object ? va_json_object_end(w) : va_json_array_end(w);
        return;
    }
    bool number = va_json_is(value, VA_JSON_NUMBER);
    va_str_t text = wk_redact(r, a, wk_clean_text(a, va_json_scalar(value)));
    if (va_json_is(value, VA_JSON_STRING) || (number && !va_str_eq(text, value->text))) {
        va_json_put_str(w, text);
    } else {
        va_json_put_value(w, value);
    }
}

va_str_t wk_redact_json(const wk_redactor_t *r, wk_arena_t *a, const va_json_t *value)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    put_masked(w, a, r, value);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR_NULL;
}

/* ---------------------------------------------------------------- as it is spoken */

static size_t digits_in(const groups_t *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->count; i++) {
        n += g->at[i].len;
    }
    return n;
}

static bool looks_like_phone(size_t digits)
{
    return digits == 10 || digits == 11;
}

/* Digits, masked ones included, of the messages just before, until one has none, or there are
 * more of them than of one number: the number was said before already. */
static size_t digits_before(const wk_redactor_t *r, wk_arena_t *a, const va_str_t *before,
                            size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        size_t gap = 0, masked = 0;
        groups_t groups = {.at = NULL};
        wk_words_t words = wk_words(a, before[i]);
        read_turn(r, a, before[i], &words, 0, &gap, &groups);
        for (size_t j = 0; j < before[i].len; j++) {
            masked += before[i].data[j] == '*';
        }
        size_t digits = digits_in(&groups);
        if (digits + masked == 0 || (masked == 0 && looks_like_phone(digits)) ||
            (sum > 0 && sum + digits + masked > MAX_CARD)) {
            break;
        }
        sum += digits + masked;
    }
    return sum;
}

static bool speaks_of_cards(const wk_redactor_t *r, wk_arena_t *a, va_str_t text,
                            const va_str_t *before, size_t n)
{
    wk_words_t words = wk_words(a, text);
    bool found = wk_phrases_in(&r->cards, &words);
    for (size_t i = 0; i < n && !found; i++) {
        words = wk_words(a, before[i]);
        found = wk_phrases_in(&r->cards, &words);
    }
    return found;
}

/*
 * Whether a run of digits could be a piece of a card number that is not all there. Without
 * any talk of cards a run of ten or eleven digits is a phone number, a short one anything.
 */
static bool may_be_piece(const groups_t *g, size_t from, size_t digits, size_t carried,
                         bool cards)
{
    char first = g->at[from].digits[0];
    bool begins = first >= '2' && first <= '6' && !g->at[from].behind_hash;
    if (carried > 0 && carried + digits <= MAX_CARD + MAX_TRAILING) {
        return carried + digits >= 8;
    }
    if (cards) {
        return begins && digits >= 4;
    }
    return begins && digits >= 8 && digits <= MAX_CARD && !looks_like_phone(digits);
}

static void mask_pieces(groups_t *g, size_t carried, bool cards)
{
    for (size_t i = 0, end; i < g->count; i = end) {
        size_t digits = g->at[i].len;
        for (end = i + 1; end < g->count && g->at[end].gap <= MAX_GAP; end++) {
            digits += g->at[end].len;
        }
        bool piece = may_be_piece(g, i, digits, i == 0 ? carried : 0, cards);
        for (size_t j = i; piece && j < end; j++) {
            g->at[j].masked = true;
        }
    }
}

va_str_t wk_redact_live(const wk_redactor_t *r, wk_arena_t *a, va_str_t text,
                        const va_str_t *before, size_t n)
{
    wk_turn_t *turns = wk_alloc(a, (n + 1) * sizeof(*turns));
    for (size_t i = 0; i < n; i++) {
        turns[i].text = before[n - 1 - i];
    }
    turns[n].text = text;
    wk_redact_turns(r, a, turns, n + 1);

    talk_t t = {.n_speakers = 0};
    read_talk(r, a, &turns[n], 1, &t);
    mask_pieces(&t.groups[0], digits_before(r, a, before, n),
                speaks_of_cards(r, a, text, before, n));
    mask_turns(a, &turns[n], &t);
    return turns[n].text;
}
