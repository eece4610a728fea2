#include "worker/agent/redact_digits.h"

#define CODE_REACH   8 /* words between "security code" and the code */
#define CODE_TURNS   2 /* and turns */
#define TRAILING_GAP 2 /* words before each of them: "expires", "the code" */

/* ---------------------------------------------------------------- card numbers */

/* The usual length first: behind a number of 16 digits its code is no part of it. */
static int rank(size_t len)
{
    return len <= 16 ? (int)(16 - len) : (int)(WK_MAX_CARD - len) + 8;
}

/* 13 digits that begin as "416 555 1212" does are no card's. */
static bool begins_with_phone(const wk_digit_groups_t *g, size_t i)
{
    return i + 2 < g->count && g->at[i].len == 3 && g->at[i + 1].len == 3 &&
           g->at[i + 2].len == 4;
}

/* How many groups from i on are together a card number; 0: none are. */
static size_t card_from(const wk_digit_groups_t *g, size_t i)
{
    char digits[WK_MAX_CARD];
    size_t len = 0, best = wk_leads_with_card(g->at[i].digits, g->at[i].len);
    int best_rank = 0;
    for (size_t j = i; j < g->count && (j == i || g->at[j].gap <= WK_MAX_GAP); j++) {
        const wk_digits_t *group = &g->at[j];
        if (len + group->len > WK_MAX_CARD) {
            break;
        }
        memcpy(digits + len, group->digits, group->len);
        len += group->len;
        bool phone = len == 13 && begins_with_phone(g, i);
        if (!phone && wk_is_card(digits, len) && (best == 0 || rank(len) < best_rank)) {
            best = j - i + 1;
            best_rank = rank(len);
        }
    }
    return best;
}

/* What follows in the same breath: the expiry date, the code. */
static void mask_trailing(wk_digit_groups_t *g, size_t from)
{
    size_t digits = 0, end = from;
    while (digits <= WK_MAX_TRAILING && end < g->count &&
           g->at[end].turn == g->at[from - 1].turn && g->at[end].gap <= TRAILING_GAP &&
           g->at[end].named != WK_NAMES_OTHER) {
        digits += g->at[end++].len;
    }
    for (; digits <= WK_MAX_TRAILING && from < end; from++) {
        g->at[from].masked = true;
    }
}

static void mask_cards(wk_digit_groups_t *g)
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
static bool mask_code(wk_digit_groups_t *g, size_t turn, size_t word, size_t reach)
{
    size_t i = wk_digits_from(g, turn, word), digits = 0, end;
    if (i == g->count || g->at[i].turn != turn || g->at[i].word > word + reach) {
        return false;
    }
    for (end = i; digits <= 4 && end < g->count && g->at[end].turn == turn &&
                  (end == i || g->at[end].gap == 0);
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
    wk_words_t *words;         /* by turn */
    wk_digit_groups_t *groups; /* by speaker's number in speakers */
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
    wk_digits_reader_t *readers = wk_alloc(a, (n + 1) * sizeof(*readers));
    for (size_t i = 0; i < n; i++) {
        size_t s = speaker_of(t, turns[i].speaker);
        if (s == t->n_speakers) {
            readers[s] = (wk_digits_reader_t){.r = r, .a = a};
            t->speakers[t->n_speakers++] = turns[i].speaker;
        }
        t->words[i] = wk_words(a, turns[i].text);
        wk_digits_read(&readers[s], turns[i].text, &t->words[i], i, &t->groups[s]);
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

static void mask_turns(wk_arena_t *a, wk_turn_t *turns, size_t n, const talk_t *t)
{
    for (size_t i = 0; i < n; i++) {
        const wk_digit_groups_t *own = &t->groups[speaker_of(t, turns[i].speaker)];
        turns[i].text = wk_digits_hide(a, turns[i].text, own, i);
    }
}

static void mark_talk(const wk_redactor_t *r, wk_arena_t *a, const wk_turn_t *turns, size_t n,
                      talk_t *t)
{
    read_talk(r, a, turns, n, t);
    for (size_t s = 0; s < t->n_speakers; s++) {
        mask_cards(&t->groups[s]);
    }
    for (size_t i = 0; i < n; i++) {
        mask_codes_of(r, t, i, n);
    }
}

wk_digit_groups_t wk_digits_mark(const wk_redactor_t *r, wk_arena_t *a, const wk_turn_t *turns,
                                 size_t n)
{
    talk_t t = {.n_speakers = 0};
    mark_talk(r, a, turns, n, &t);
    return t.groups[speaker_of(&t, turns[n - 1].speaker)];
}

void wk_redact_turns(const wk_redactor_t *r, wk_arena_t *a, wk_turn_t *turns, size_t n)
{
    talk_t t = {.n_speakers = 0};
    mark_talk(r, a, turns, n, &t);
    mask_turns(a, turns, n, &t);
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
