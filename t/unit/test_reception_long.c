/*
 * What a message may cost that is as long as one can be: the memory that it takes stands for
 * the work, as every reading of a part of it takes some.
 */
#include <malloc.h>

#include "worker/agent/receptionist.h"

#include "t/unit/reception.h"

#define LONGEST 4000                       /* bytes of a chat's message */
#define MOST    ((size_t)10 * 1024 * 1024) /* bytes */

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

/* The beginning, and again and again what follows. */
static char *long_text(const char *begin, const char *again)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(arena), LONGEST + 1);
    va_buf_add_c(&text, begin);
    while (text.len + strlen(again) <= LONGEST) {
        va_buf_add_c(&text, again);
    }
    return wk_strdup(arena, va_buf_str(&text));
}

static void check_cost(const wk_dialog_t *dialog, const char *language, const char *begin,
                       const char *again)
{
    wk_reception_facts_t f = facts();
    const char *text = long_text(begin, again);
    size_t before = in_use();
    (void)receive(&f, dialog, language, text);
    size_t cost = in_use() - before;
    if (cost > MOST) {
        fail_msg("%s%s...: %zu bytes", begin, again, cost);
    }
    wk_arena_reset(arena);
}

static void a_long_message_is_read_a_few_times(void **state)
{
    static const struct {
        const char *language, *begin, *again;
    } texts[] = {
        {"en", "", "a tune-up "},
        {"en", "are you open Monday", ", Tuesday"},
        {"en", "are you open Monday", " and Tuesday"},
        {"en", "where are you? are you open Monday", " and Tuesday? are you open Monday"},
        {"en", "", "are you open? "},
        {"en", "", "move it to Monday "},
        {"en", "move Monday", " to to Tuesday"},
        {"en", "move my appointment", " from Monday to Tuesday"},
        {"fr", "d\xc3\xa9placer lundi", " \xc3\xa0"},
        {"fr", "d\xc3\xa9placer", " lundi \xc3\xa0"},
        {"es", "cambiar el lunes", " a"},
        {"en", "instead of", " Monday"},
        {"en", "Thursday instead of", " Monday Tuesday"},
        {"en", "", "Thursday instead of Tuesday, "},
        {"en", "", "move Thursday to Tuesday instead of Monday, "},
        {"en", "move it move change changer cambiar deplacer mover Monday", " a to para pour"},
        {"en", "416 555 0199, jo@x.example", " move Monday to Tuesday, and"},
    };
    wk_dialog_t dialogs[] = {{.expected = WK_EXPECT_NOTHING}, number_asked(), three_times()};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        for (size_t k = 0; k < sizeof(dialogs) / sizeof(*dialogs); k++) {
            check_cost(&dialogs[k], texts[i].language, texts[i].begin, texts[i].again);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_long_message_is_read_a_few_times),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
