#include "worker/agent/redact_digits.h"

#define CODE_TURNS  2 /* messages behind a whole card number with its expiry, its code */
#define LEAST_PIECE 3 /* digits that go on with a number beside other words */

/* Digits in a row, without another word between them: all hidden, or none. */
typedef struct {
    const wk_digits_t *first;
    size_t groups;
    size_t digits;
    char known[WK_MAX_CARD + 1];
    size_t n_known;
    wk_naming_t named;
    bool dated; /* written as a date or a time is */
    bool alone; /* nothing else is said in its message */
} run_t;

/* What the messages before told of a card. */
typedef struct {
    bool cards;        /* one was spoken of */
    bool asked;        /* for the number of an order, just now */
    size_t open;       /* digits of a number that is not all there */
    bool may_begin;    /* open are digits that were left as they are: nobody spoke of cards */
    bool amex;         /* and begin a number of groups of 4, 6 and 5 */
    size_t since;      /* messages since a number was whole */
    wk_naming_t named; /* by the message before, which had no digits behind it */
} state_t;

/* ---------------------------------------------------------------- one row of digits */

static bool is_date_sign(char c)
{
    return c == '-' || c == '/' || c == '.' || c == ':';
}

/* One or two digits beside others, joined as in 30/12/2026 or 10:30. */
static bool looks_dated(va_str_t text, const wk_digits_t *group, size_t n)
{
    bool joined = false, longer = false;
    for (size_t i = 1; i < n; i++) {
        const wk_digits_t *left = &group[i - 1], *right = &group[i];
        bool shorter = left->len <= 2 || right->len <= 2;
        joined = joined || (right->begin == left->end + 1 && shorter &&
                            is_date_sign(text.data[left->end]));
        longer = longer || left->len > 1 || right->len > 1;
    }
    return joined && longer;
}

static run_t run_at(const wk_digit_groups_t *g, size_t i, va_str_t text,
                    const wk_words_t *words)
{
    run_t run = {.first = &g->at[i], .named = g->at[i].named};
    size_t behind = 0;
    for (size_t j = i;
         j < g->count && (j == i || g->at[j].gap == 0) &&
         (j == i || g->at[j].named != WK_NAMES_OTHER) && g->at[j].masked == run.first->masked;
         j++) {
        const wk_digits_t *group = &g->at[j];
        run.groups++;
        run.digits += group->len + group->hidden;
        for (size_t d = 0; d < group->len && run.n_known < WK_MAX_CARD; d++) {
            run.known[run.n_known++] = group->digits[d];
        }
        behind = group->behind;
    }
    run.dated = looks_dated(text, run.first, run.groups);
    run.alone = run.first->word == 0 && behind >= words->count;
    return run;
}

/* The parts of an American phone number, with or without its country's 1, or all of it. */
static bool looks_like_phone(const run_t *run)
{
    size_t one = run->digits == 11 && run->known[0] == '1';
    const wk_digits_t *group = run->first;
    if (run->digits != 10 + one) {
        return false;
    }
    const char *exchange = run->known + one + 3;
    bool apart = run->groups == 3 + one && group[one].len == 3 && group[one + 1].len == 3;
    return apart || (run->known[one] >= '2' && *exchange >= '2');
}

/* As cards are written, and said: by fours, or digit by digit; 4, 6 and 5 for some. */
static bool is_grouped_as_card(const run_t *run)
{
    bool fours = true, small = true;
    for (size_t i = 0; i < run->groups; i++) {
        size_t len = run->first[i].len;
        fours = fours && len % 4 == 0;
        small = small && (len <= 2 || run->first[i].spoken);
    }
    bool four = run->digits % 4 == 0 && run->digits <= 12 && (fours || small);
    bool american = run->groups == 2 && run->first[0].len == 4 && run->first[1].len == 6;
    return four || american;
}

static bool begins_card(const run_t *run)
{
    return run->n_known > 0 && wk_begins_card(run->known, run->n_known);
}

/* ---------------------------------------------------------------- what was said before */

static void whole(state_t *s)
{
    s->open = 0;
    s->may_begin = false;
    s->since = 0;
}

/* Digits of a card, hidden or about to be. */
static void follow_piece(state_t *s, size_t digits)
{
    bool trails = s->open == 0 && s->since <= CODE_TURNS && digits < WK_MAX_TRAILING;
    if (trails) {
        return;
    }
    s->open = s->open + digits > WK_MAX_CARD ? digits : s->open + digits;
    s->may_begin = false;
    if (s->open >= 15) {
        whole(s);
    }
}

/* Digits that were left as they are. */
static void follow_clear(state_t *s, const run_t *run)
{
    bool may = run->named != WK_NAMES_OTHER && !run->dated && run->digits <= WK_MIN_CARD &&
               begins_card(run) && is_grouped_as_card(run);
    if (run->digits == 1) {
        return; /* a key, a choice */
    }
    s->may_begin = may;
    s->open = may ? run->digits : 0;
    s->amex = may && run->known[0] == '3' && (run->known[1] == '4' || run->known[1] == '7');
}

/* ---------------------------------------------------------------- what is said now */

/* The expiry or the code of a number that is there, or nearly. */
static bool trails(const state_t *s, const run_t *run)
{
    bool near = s->since <= CODE_TURNS || (s->open > 0 && !s->may_begin);
    bool bare = run->alone && (run->digits == 3 || is_grouped_as_card(run)); /* or once more */
    return near && run->digits > 1 && run->digits <= WK_MIN_CARD &&
           (run->named == WK_NAMES_CARD_DATA ||
            (run->named != WK_NAMES_OTHER && (bare || (run->alone && run->dated))));
}

static bool goes_on(const state_t *s, const run_t *run)
{
    size_t all = s->open + run->digits;
    if (s->open == 0 || run->named == WK_NAMES_OTHER || run->dated) {
        return false;
    }
    if (s->may_begin) {
        return is_grouped_as_card(run) || (s->amex && run->digits == 6);
    }
    if (looks_like_phone(run) && all != 15 && all != 16) {
        return run->named == WK_NAMES_CARD;
    }
    return run->alone || run->digits >= LEAST_PIECE;
}

static bool begins(const state_t *s, const run_t *run)
{
    bool phone = looks_like_phone(run) && run->named != WK_NAMES_CARD;
    if (run->named == WK_NAMES_OTHER || run->dated || phone) {
        return false;
    }
    if (s->cards || run->named == WK_NAMES_CARD) {
        return run->digits >= 8 || (run->digits >= 4 && begins_card(run));
    }
    return run->digits >= 8 && begins_card(run) && is_grouped_as_card(run);
}

static bool is_piece(const state_t *s, const run_t *run)
{
    return run->digits > 1 && run->digits <= WK_MAX_CARD &&
           (trails(s, run) || goes_on(s, run) || begins(s, run));
}

/*
 * All the digits of an answer to a question for it. No whole card number is, nor what may be
 * the better part of one: more than half of it, in pieces.
 */
static bool is_order(const state_t *s, const wk_digit_groups_t *groups, const run_t *run)
{
    bool fits = run->digits <= (run->groups == 1 ? WK_MIN_CARD : WK_MIN_CARD - 4);
    return s->asked && !s->cards && s->open == 0 && s->since > CODE_TURNS &&
           run->named == WK_NAMES_NOTHING && fits && run->groups == groups->count;
}

/* ---------------------------------------------------------------- message by message */

/* "My order number is" names the digits that begin the next message, too. */
static void inherit(const state_t *s, wk_naming_t before, run_t *run)
{
    bool next = before == WK_NAMES_NOTHING && s->named != WK_NAMES_CARD;
    if (run->named == WK_NAMES_NOTHING) {
        run->named = next ? s->named : before;
    }
}

/* A message and its groups: those to be masked in it are marked, more so in one that is new. */
static void follow(state_t *s, va_str_t text, bool old, const wk_words_t *words,
                   wk_digit_groups_t *groups)
{
    wk_naming_t named = WK_NAMES_NOTHING;
    s->since += s->since < SIZE_MAX;
    for (size_t i = 0; i < groups->count;) {
        run_t run = run_at(groups, i, text, words);
        inherit(s, named, &run);
        named = run.named;
        bool piece =
            run.first->masked || (!old && is_piece(s, &run) && !is_order(s, groups, &run));
        if (piece) {
            follow_piece(s, run.digits);
        } else {
            follow_clear(s, &run);
        }
        for (size_t end = i + run.groups; i < end; i++) {
            groups->at[i].masked = piece;
        }
    }
}

static void follow_old(const wk_redactor_t *r, wk_arena_t *a, state_t *s, va_str_t text)
{
    wk_digit_groups_t groups = {.at = NULL};
    wk_words_t words = wk_words(a, text);
    wk_digits_reader_t reader = {.r = r, .a = a, .stars = true};
    wk_digits_read(&reader, text, &words, 0, &groups);
    s->cards = s->cards || wk_phrases_in(&r->cards, &words);
    follow(s, text, true, &words, &groups);
    s->named = reader.named != WK_NAMES_NOTHING || groups.count > 0 ? reader.named : s->named;
}

/* marked: the groups of all messages, of which the last is the turn. */
static void follow_new(const wk_redactor_t *r, wk_arena_t *a, state_t *s, va_str_t text,
                       size_t turn, const wk_digit_groups_t *marked)
{
    wk_words_t words = wk_words(a, text);
    size_t first = marked->count;
    while (first > 0 && marked->at[first - 1].turn == turn) {
        first--;
    }
    wk_digit_groups_t own = {.at = first < marked->count ? &marked->at[first] : NULL,
                             .count = marked->count - first};
    s->cards = s->cards || wk_phrases_in(&r->cards, &words);
    follow(s, text, false, &words, &own);
}

va_str_t wk_redact_live(const wk_redactor_t *r, wk_arena_t *a, va_str_t text, va_str_t asked,
                        const va_str_t *before, size_t n)
{
    wk_words_t question = wk_words(a, asked.data != NULL ? asked : VA_STR(""));
    state_t state = {.since = SIZE_MAX};
    wk_turn_t *turns = wk_alloc(a, (n + 1) * sizeof(*turns));
    for (size_t i = 0; i < n; i++) {
        turns[i].text = before[n - 1 - i];
        follow_old(r, a, &state, turns[i].text);
    }
    state.asked = wk_phrases_in(&r->orders, &question);
    turns[n].text = text;
    wk_digit_groups_t marked = wk_digits_mark(r, a, turns, n + 1);
    follow_new(r, a, &state, text, n, &marked);
    return wk_digits_hide(a, text, &marked, n);
}
