#include "worker/agent/reception_turn.h"

#include <string.h>

#include "worker/agent/wording.h"

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
    return t->r->asked;
}

/* ---------------------------------------------------------------- the answer */

va_str_t wk_turn_service_word(const wk_reception_turn_t *t, va_str_t type)
{
    const va_json_t *names = va_json_get(t->f->services, wk_strdup(t->a, type));
    return wk_word_service(t->a, t->l, names, type);
}

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
