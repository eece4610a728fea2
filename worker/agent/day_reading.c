#include "worker/agent/day_reading.h"

#include "worker/agent/day_distance.h"
#include "worker/agent/day_number.h"

typedef enum {
    NO_DAY,
    WEEKDAY,
    AHEAD,
    FEAST,
    MONTH,
    SPAN,
    NEXT,
    NEXT_BESIDE,
    NO_DAY_MEANT,
    PAST,
    VAGUE
} kind_t;

/* The longest phrase of a day that begins at a word. */
typedef struct {
    kind_t kind;
    size_t len;
    int number;    /* of a weekday or month, days ahead, or a wk_span_t */
    va_str_t name; /* of a feast: MM-DD */
} token_t;

typedef struct {
    const wk_language_t *l;
    wk_reading_t *r;
    token_t *tokens; /* by word, and none behind the last */
    kind_t kind;     /* of the lists that are looked at */
    int number;      /* -1: that of the list's name */
} search_t;

/* ---------------------------------------------------------------- phrases */

static int number_of(va_str_t digits)
{
    int value = wk_small_number(digits);
    return value > 0 ? value : 0;
}

static void note(void *ctx, va_str_t rest, const wk_phrases_t *phrases)
{
    search_t *s = ctx;
    bool numbered = s->number < 0; /* by the list's own name */
    for (size_t i = 0; i < s->r->words.count; i++) {
        size_t n = wk_phrases_at(phrases, &s->r->words, i);
        if (n > s->tokens[i].len) {
            s->tokens[i] = (token_t){.kind = s->kind,
                                     .len = n,
                                     .number = numbered ? number_of(rest) : s->number,
                                     .name = rest};
        }
    }
}

static void note_list(search_t *s, kind_t kind, const char *list, int number)
{
    s->kind = kind;
    s->number = number;
    note(s, VA_STR_NULL, wk_word_list(s->l, list));
}

static void note_lists(search_t *s, kind_t kind, const char *prefix)
{
    s->kind = kind;
    s->number = -1;
    wk_word_lists(s->l, prefix, note, s);
}

static void find_phrases(search_t *s)
{
    memset(s->tokens, 0, (s->r->words.count + 1) * sizeof(*s->tokens));
    note_lists(s, WEEKDAY, "weekday.");
    note_lists(s, FEAST, "feast.");
    note_lists(s, MONTH, "month.");
    note_list(s, AHEAD, "day.today", 0);
    note_list(s, AHEAD, "day.tomorrow", 1);
    note_list(s, AHEAD, "day.after_tomorrow", 2);
    note_lists(s, AHEAD, "day.ahead.");
    note_list(s, SPAN, "day.this_week", WK_SPAN_THIS_WEEK);
    note_list(s, SPAN, "day.weekend", WK_SPAN_WEEKEND);
    note_list(s, SPAN, "day.next_week", WK_SPAN_NEXT_WEEK);
    note_list(s, SPAN, "day.next_month", WK_SPAN_NEXT_MONTH);
    note_list(s, NEXT, "day.next", 0);
    note_list(s, NEXT_BESIDE, "day.next_beside", 0);
    note_list(s, NO_DAY, "time.am", 0); /* "de la mañana" is no tomorrow */
    note_list(s, NO_DAY, "time.pm", 0);
    note_list(s, NO_DAY_MEANT, "day.not_meant", 0);
    note_list(s, PAST, "day.past", 0);
    note_list(s, VAGUE, "day.vague", 0);
}

/* ---------------------------------------------------------------- dates */

static const wk_word_t *word_at(const wk_reading_t *r, size_t i)
{
    return i < r->words.count && !r->spent[i] ? &r->words.at[i] : NULL;
}

static void set_day(wk_arena_t *a, wk_reading_t *r, int month, int day)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_month = month >= 1 && month <= 12;
    if (!is_month || day < 1 || day > days[month - 1] || r->day.data != NULL) {
        r->impossible = r->impossible || (is_month && day > days[month - 1]);
        r->vague = true;
        return;
    }
    r->day = wk_printf(a, "%02d-%02d", month, day);
}

/* The number at word i, or one word further in that direction behind "of" or "the". */
static int day_number(const search_t *s, size_t i, int direction, size_t *at)
{
    bool ends;
    const wk_word_t *word = word_at(s->r, i);
    if (word != NULL && wk_phrases_at(wk_word_list(s->l, "date.joint"), &s->r->words, i) == 1) {
        i = direction > 0 ? i + 1 : i - 1; /* before the first word is beyond the last */
        word = word_at(s->r, i);
    }
    *at = i;
    return word != NULL ? wk_ordinal(s->l, word->text, &ends) : 0;
}

static void read_year(wk_reading_t *r, size_t i)
{
    const wk_word_t *word = word_at(r, i);
    if (word != NULL && word->text.len == 4 && memcmp(word->text.data, "20", 2) == 0 &&
        wk_small_number(va_str(word->text.data + 2, 2)) >= 0) {
        r->year = 2000 + wk_small_number(va_str(word->text.data + 2, 2));
        wk_spend(r->spent, i, 1);
    }
}

/* "December 3", "3 décembre", "3 de diciembre de 2026"; a month alone is no day. */
static void take_month(wk_arena_t *a, search_t *s, size_t i, const token_t *token)
{
    size_t ahead, behind;
    wk_reading_t *r = s->r;
    if (wk_phrases_at(wk_word_list(s->l, "date.month_verb"), &r->words, i) > 0) {
        return; /* "the 1st may work" */
    }
    int after = day_number(s, i + token->len, 1, &behind);
    int before = day_number(s, i - 1, -1, &ahead);
    if ((after > 0) == (before > 0)) {
        const wk_phrases_t *other = wk_word_list(s->l, "month.ambiguous");
        r->vague = r->vague || after > 0 || wk_phrases_at(other, &r->words, i) == 0;
        return;
    }
    set_day(a, r, token->number, after > 0 ? after : before);
    size_t end = after > 0 ? behind + 1 : i + token->len;
    size_t begin = after > 0 ? i : ahead;
    wk_spend(r->spent, begin, end - begin);
    size_t joint = word_at(r, end) != NULL &&
                   wk_phrases_at(wk_word_list(s->l, "date.joint"), &r->words, end) == 1;
    read_year(r, end + joint);
}

static bool joined(const wk_reading_t *r, size_t i, char sign)
{
    const wk_word_t *word = word_at(r, i), *next = word_at(r, i + 1);
    return word != NULL && next != NULL && word->end + 1 == next->begin &&
           r->text.data[word->end] == sign;
}

/* "12/3" is another day in another country; "12/15" is not. */
static void read_slash(wk_arena_t *a, wk_reading_t *r, int first, int second)
{
    bool one_is_no_month = (first > 12) != (second > 12);
    if (one_is_no_month) {
        set_day(a, r, first > 12 ? second : first, first > 12 ? first : second);
    } else {
        r->vague = true;
    }
}

/* "2026-12-03", "12/15" */
static void read_digits(wk_arena_t *a, wk_reading_t *r)
{
    for (size_t i = 0; i + 1 < r->words.count; i++) {
        va_str_t first = r->words.at[i].text;
        if (first.len == 4 && joined(r, i, '-') && joined(r, i + 1, '-')) {
            int month = wk_small_number(r->words.at[i + 1].text);
            int day = wk_small_number(r->words.at[i + 2].text);
            read_year(r, i);
            set_day(a, r, month, day);
            wk_spend(r->spent, i, 3);
        } else if (wk_small_number(first) >= 0 && joined(r, i, '/') &&
                   wk_small_number(r->words.at[i + 1].text) >= 0) {
            read_slash(a, r, wk_small_number(first), wk_small_number(r->words.at[i + 1].text));
            wk_spend(r->spent, i, 2);
        }
    }
}

/* "the 15th", "le 15", "el 15": of the month whose it can be; 0: word i is none. */
static int day_of_month(const search_t *s, size_t i, size_t *lead)
{
    return word_at(s->r, i) != NULL ? wk_day_number(s->l, &s->r->words, i, lead) : 0;
}

static void read_ordinals(wk_arena_t *a, const search_t *s)
{
    for (size_t i = 0; i < s->r->words.count; i++) {
        size_t lead;
        wk_reading_t *r = s->r;
        int n = day_of_month(s, i, &lead);
        if (n > 0) {
            r->vague = r->vague || r->day.data != NULL;
            r->day = wk_printf(a, "%02d", n);
            wk_spend(r->spent, i - lead, lead + 1);
        }
    }
}

/* ---------------------------------------------------------------- days */

/* "The following Tuesday", "mardi suivant", not "the following: a tune-up". */
static bool is_beside_weekday(const search_t *s, size_t i)
{
    return s->tokens[i + 1].kind == WEEKDAY || (i > 0 && s->tokens[i - 1].kind == WEEKDAY);
}

static void take(wk_arena_t *a, search_t *s, size_t i, const token_t *token)
{
    wk_reading_t *r = s->r;
    switch (token->kind) {
    case WEEKDAY:
        r->vague = r->vague || (r->weekday != 0 && r->weekday != token->number);
        r->weekday = token->number;
        r->weekdays |= 1U << token->number;
        break;
    case AHEAD:
        r->vague = r->vague || (r->ahead >= 0 && r->ahead != token->number);
        r->ahead = token->number;
        break;
    case FEAST:
        set_day(a, r, wk_small_number(va_str(token->name.data, 2)),
                wk_small_number(va_str(token->name.data + 3, 2)));
        break;
    case MONTH:
        take_month(a, s, i, token);
        return;
    case SPAN:
        r->vague = r->vague || (r->span != WK_SPAN_NONE && r->span != (wk_span_t)token->number);
        r->span = (wk_span_t)token->number;
        break;
    case NEXT_BESIDE:
        if (!is_beside_weekday(s, i)) {
            return;
        }
        r->next = true;
        break;
    case NEXT:
        r->next = true;
        break;
    case VAGUE:
        r->vague = true;
        break;
    case NO_DAY_MEANT:
        r->unmeant = true;
        break;
    case PAST:
        r->unmeant = r->past = true;
        break;
    case NO_DAY:
        return;
    }
    wk_spend(r->spent, i, token->len);
}

/* ---------------------------------------------------------------- days that do not suit */

/* How many words at i are a day of any kind, or of a month's; 0: none are. */
static size_t any_day_at(const search_t *s, size_t i)
{
    bool ends;
    if (i >= s->r->words.count) {
        return 0;
    }
    const token_t *token = &s->tokens[i];
    int number = wk_ordinal(s->l, s->r->words.at[i].text, &ends);
    size_t lead;
    bool dated = (i + 1 < s->r->words.count && s->tokens[i + 1].kind == MONTH) ||
                 (i > 0 && s->tokens[i - 1].kind == MONTH);
    if (token->kind != NO_DAY && token->kind != NO_DAY_MEANT && token->kind != PAST) {
        return token->len;
    }
    return number > 0 && (dated || wk_day_number(s->l, &s->r->words, i, &lead) > 0) ? 1 : 0;
}

bool wk_words_are_cut(const wk_reading_t *r, size_t i, const char *signs)
{
    bool cut = false;
    bool between = i > 0 && i < r->words.count;
    size_t end = between ? r->words.at[i].begin : 0;
    for (size_t k = between ? r->words.at[i - 1].end : 0; k < end && !cut; k++) {
        cut = memchr(signs, r->text.data[k], strlen(signs)) != NULL;
    }
    return cut;
}

/* A sentence ends before word i; "Dec. 15" is one. */
static bool is_sentence_end(const search_t *s, size_t i)
{
    bool month = i > 0 && s->tokens[i - 1].kind == MONTH;
    return wk_words_are_cut(s->r, i, month ? ";!?\n" : ".;!?\n");
}

/*
 * Where the days that stand at i with no sign between end; i: none do. *joined: "and" or "or"
 * stands before one.
 */
static size_t end_of_days(const search_t *s, size_t i, bool *joined)
{
    bool joint = false;
    size_t begin = i, end = i, n = 1;
    const wk_reading_t *r = s->r;
    *joined = false;
    while (n > 0 && i < r->words.count && !r->spent[i] &&
           (i == begin || !(is_sentence_end(s, i) || wk_words_are_cut(r, i, ",")))) {
        joint = joint || wk_phrases_at(wk_word_list(s->l, "date.and"), &r->words, i) > 0;
        n = any_day_at(s, i);
        if (n > 0) {
            *joined = joint;
            end = i + n;
        } else {
            n = wk_phrases_at(wk_word_list(s->l, "date.between"), &r->words, i);
        }
        i += n;
    }
    return end;
}

/* "At 10" or "10 h" stands at i. */
static bool is_time_at(const search_t *s, size_t i)
{
    const wk_reading_t *r = s->r;
    size_t lead = wk_phrases_at(wk_word_list(s->l, "time.at"), &r->words, i);
    size_t at = i + lead;
    bool written = r->time.hour >= 0 && at >= r->time.begin && at < r->time.end;
    return at < r->words.count &&
           (written || (lead > 0 && wk_small_number(r->words.at[at].text) >= 0));
}

/* "Friday, December 15": i is behind the comma. */
static bool is_date_of_weekday(const search_t *s, size_t i)
{
    return s->tokens[i - 1].kind == WEEKDAY &&
           (s->tokens[i].kind == MONTH || s->tokens[i + 1].kind == MONTH);
}

/*
 * Where the days that do not suit end: behind a comma the list goes on to its "and"; a day with
 * a time of its own is a wish. "Except Monday, Tuesday and Friday", "except Friday, Tuesday at
 * 10".
 */
static size_t end_of_excepted(const search_t *s, size_t i)
{
    bool joined;
    const wk_reading_t *r = s->r;
    size_t excepted = end_of_days(s, i, &joined), end = excepted, next = 0;
    while (end > i && end < r->words.count && !is_sentence_end(s, end) &&
           wk_words_are_cut(r, end, ",")) {
        bool date = is_date_of_weekday(s, end);
        next = end_of_days(s, end, &joined);
        if (next == end || is_time_at(s, next)) {
            break;
        }
        excepted = joined || date ? next : excepted;
        end = next;
    }
    return excepted;
}

static void note_excepted(const search_t *s, size_t begin, size_t end)
{
    wk_reading_t *r = s->r;
    r->excepted = true;
    r->excepted_end = end;
    for (size_t i = begin; i < end; i++) {
        const token_t *token = &s->tokens[i];
        r->not_weekdays |= token->kind == WEEKDAY ? 1U << token->number : 0;
        r->not_ahead |= token->kind == AHEAD ? 1U << token->number : 0;
    }
}

/* What may stand before "pas vendredi", where a refusal is also that of the verb before it. */
static bool may_be_refused(const search_t *s, size_t i)
{
    const wk_phrases_t *wishes = wk_word_list(s->l, "day.refused_behind_wish");
    return wishes->count == 0 || s->r->spent[i - 1] || s->tokens[i - 1].len == 1 ||
           wk_words_are_cut(s->r, i, ",;:") || wk_phrases_end_at(wishes, &s->r->words, i);
}

/* "A tune-up not Friday", but not "why not Friday"; what begins with it answers something, and
 * "no, el viernes" names the day. */
static size_t refusal_at(const search_t *s, size_t i)
{
    const wk_words_t *words = &s->r->words;
    size_t n = wk_phrases_at(wk_word_list(s->l, "day.refused"), words, i);
    bool cut = false;
    for (size_t k = 1; k <= n && !cut; k++) {
        cut = wk_words_are_cut(s->r, i + k, WK_CLAUSE_SIGNS);
    }
    bool refuses = n > 0 && i > 0 && !cut && any_day_at(s, i + n) > 0 &&
                   !wk_phrases_end_at(wk_word_list(s->l, "day.suggested"), words, i + n);
    return refuses && may_be_refused(s, i) ? n : 0;
}

/* "…, el viernes no": the refusal that ends a clause behind the days that begin at i; where it
 * ends, i: there is none. */
static size_t end_of_refused(const search_t *s, size_t i)
{
    bool joined;
    const wk_words_t *words = &s->r->words;
    size_t end = i > 0 && any_day_at(s, i) > 0 ? end_of_days(s, i, &joined) : i;
    size_t n =
        end > i ? wk_phrases_at(wk_word_list(s->l, "day.refusal_behind"), words, end) : 0;
    bool ends = end + n == words->count || wk_words_are_cut(s->r, end + n, WK_CLAUSE_SIGNS);
    bool refused =
        n > 0 && ends && !wk_words_are_cut(s->r, end, WK_CLAUSE_SIGNS) && !s->r->asked;
    return refused ? end + n : i;
}

/* "Any day except Monday and the 15th" names neither. */
static void pass_over_excepted(const search_t *s)
{
    const wk_words_t *words = &s->r->words;
    const wk_phrases_t *except = wk_word_list(s->l, "day.except");
    for (size_t i = 0; i < words->count;) {
        size_t n = wk_phrases_at(except, words, i);
        n = n > 0 ? n : refusal_at(s, i);
        size_t end = n > 0 ? end_of_excepted(s, i + n) : end_of_refused(s, i);
        if (end > i + n) {
            note_excepted(s, i + n, end);
            wk_spend(s->r->spent, i, end - i);
        }
        i = end > i + n ? end : i + 1; /* "any day but not Friday" begins a phrase twice */
    }
}

static void read_in(wk_arena_t *a, search_t *s, const wk_language_t *l)
{
    s->l = l;
    find_phrases(s);
    pass_over_excepted(s);
    wk_read_day_distance(a, l, s->r);
    for (size_t i = 0; i < s->r->words.count;) {
        const token_t *token = &s->tokens[i];
        bool free_word = token->len > 0 && !s->r->spent[i];
        if (free_word) {
            take(a, s, i, token);
        }
        i += free_word ? token->len : 1;
    }
    read_ordinals(a, s);
    s->r->vague = s->r->vague || (s->r->next && s->r->weekday == 0);
}

void wk_read_days(wk_arena_t *a, const wk_catalogue_t *c, const wk_language_t *spoken,
                  wk_reading_t *r)
{
    search_t s = {.r = r};
    s.tokens = wk_alloc(a, (r->words.count + 1) * sizeof(*s.tokens));
    read_digits(a, r);
    if (spoken != NULL) {
        read_in(a, &s, spoken);
    }
    for (size_t i = 0; i < wk_catalogue_count(c) && !wk_reading_names_a_day(r); i++) {
        if (wk_catalogue_at(c, i) != spoken) {
            read_in(a, &s, wk_catalogue_at(c, i));
        }
    }
}
