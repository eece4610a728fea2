#include "worker/agent/reception_turn.h"

#include <string.h>

/* ---------------------------------------------------------------- facts */

const va_json_t *wk_fact_at(const va_json_t *list, size_t i)
{
    const va_json_t *e = list != NULL ? list->first : NULL;
    while (e != NULL && i-- > 0) {
        e = e->next;
    }
    return e;
}

va_str_t wk_fact_text(const va_json_t *row, size_t i)
{
    return va_json_scalar(wk_fact_at(row, i));
}

/* ---------------------------------------------------------------- words */

bool wk_turn_has(const wk_reception_turn_t *t, const char *list)
{
    return wk_reading_has(t->c, t->r, list);
}

bool wk_turn_is_all(const wk_reception_turn_t *t, const char *list)
{
    return wk_word_list_is_all(t->c, list, &t->r->words);
}

bool wk_turn_is_letter(const wk_reception_turn_t *t, const char *letter)
{
    const char *const lists[] = {letter, "courtesy", NULL};
    return wk_turn_has(t, letter) && wk_reading_is_only(t->a, t->c, t->r, lists, false);
}

bool wk_turn_is_question(const wk_reception_turn_t *t)
{
    return t->r->text.len > 0 && memchr(t->r->text.data, '?', t->r->text.len) != NULL;
}

/* ---------------------------------------------------------------- days */

const va_json_t *wk_turn_day(const wk_reception_turn_t *t)
{
    if (t->r->day.data != NULL) {
        return t->f->day;
    }
    if (t->r->weekday != 0) {
        const va_json_t *row = t->f->week != NULL ? t->f->week->first : NULL;
        va_str_t wanted = wk_printf(t->a, "%d", t->r->weekday);
        while (row != NULL && !va_str_eq(wk_fact_text(row, 1), wanted)) {
            row = row->next;
        }
        return row;
    }
    return t->r->ahead >= 1 ? wk_fact_at(t->f->week, (size_t)t->r->ahead) : NULL;
}

/* The year that was said, and the weekday, are those of the date. */
static bool is_that_date(const wk_reception_turn_t *t, const va_json_t *day)
{
    int64_t weekday = 0;
    int year = 0;
    va_str_t date = wk_fact_text(day, 0);
    (void)va_json_int(wk_fact_at(day, 1), &weekday);
    for (size_t i = 0; i < 4 && i < date.len; i++) {
        year = year * 10 + (date.data[i] - '0');
    }
    return (t->r->year == 0 || t->r->year == year) &&
           (t->r->weekday == 0 || t->r->weekday == weekday);
}

wk_named_day_t wk_turn_date(const wk_reception_turn_t *t, va_str_t *date)
{
    const wk_reading_t *r = t->r;
    const va_json_t *day = r->day.data == NULL && r->ahead >= 0
                               ? wk_fact_at(t->f->week, (size_t)r->ahead)
                               : wk_turn_day(t);
    bool clear = day != NULL && !r->vague && is_that_date(t, day) &&
                 (r->day.data == NULL || r->ahead < 0);
    *date = clear ? wk_fact_text(day, 0) : VA_STR_NULL;
    return clear ? WK_DAY_ONE : wk_reading_names_a_day(r) ? WK_DAY_UNCLEAR : WK_DAY_NONE;
}

bool wk_turn_names_a_moment(const wk_reception_turn_t *t)
{
    return wk_reading_names_a_day(t->r) || t->r->time.hour >= 0;
}

/* ---------------------------------------------------------------- the answer */

void wk_turn_add(wk_reception_turn_t *t, va_str_t sentence)
{
    if (t->text.len > 0 && sentence.len > 0) {
        va_buf_add_char(&t->text, ' ');
    }
    va_buf_add_str(&t->text, sentence);
}

void wk_turn_add_text(wk_reception_turn_t *t, const char *name)
{
    wk_turn_add(t, wk_text(t->l, name));
}

void wk_turn_expect_callback(wk_reception_turn_t *t)
{
    t->out.dialog.expected = WK_EXPECT_CALLBACK;
}

va_json_writer_t *wk_turn_args(wk_reception_turn_t *t, va_buf_t *text)
{
    va_buf_init(text, wk_mem(t->a), 128);
    va_json_writer_t *w = va_json_writer_new(text);
    va_json_object(w);
    return w;
}

void wk_turn_wish(wk_reception_turn_t *t, const char *tool, va_json_writer_t *w,
                  const va_buf_t *args)
{
    va_json_object_end(w);
    if (va_json_writer_end(w) == VA_OK) {
        t->out.tool = tool;
        t->out.tool_args = va_buf_str(args);
    }
}
