/* What a model is told: within the limit, the newest first, and no order. */
#define _GNU_SOURCE /* memmem */
#include "worker/agent/context.h"

#include "t/unit/catalogue.h"

static const wk_language_t *english;

static int set_up_english(void **state)
{
    if (set_up(state) != 0) {
        return -1;
    }
    english = wk_catalogue_find(catalogue, VA_STR("en"));
    return 0;
}

static const va_json_t *json(const char *text)
{
    const va_json_t *value = NULL;
    assert_int_equal(
        va_json_parse(wk_mem(arena), va_str_c(text), &VA_JSON_LIMITS_DEFAULT, &value), VA_OK);
    return value;
}

static const va_json_t *told(const wk_context_t *context, const char *text, size_t tokens)
{
    va_str_t inner =
        wk_context_messages(arena, catalogue, english, context, "sms", va_str_c(text), tokens);
    return json(wk_printf(arena, "[%.*s]", (int)inner.len, inner.data).data);
}

static va_str_t content(const va_json_t *messages, size_t i)
{
    const va_json_t *m = messages->first;
    while (m != NULL && i-- > 0) {
        m = m->next;
    }
    return va_json_get_string(m, "content");
}

static bool holds(va_str_t text, const char *part)
{
    return text.data != NULL && memmem(text.data, text.len, part, strlen(part)) != NULL;
}

/* n messages, newest first, each of the given text. */
static const va_json_t *thread(size_t n, const char *text)
{
    va_buf_t out;
    va_buf_init(&out, wk_mem(arena), 1024);
    va_buf_add_char(&out, '[');
    for (size_t i = 0; i < n; i++) {
        va_buf_add_str(&out,
                       wk_printf(arena, "%s[\"2026-11-25 10:00\",\"%s\",\"%s\",\"%zu %s\"]",
                                 i > 0 ? "," : "", i % 2 ? "agent" : "customer",
                                 i % 2 ? "voice" : "sms", i, text));
    }
    va_buf_add_char(&out, ']');
    return json(wk_strdup(arena, va_buf_str(&out)));
}

static void the_last_eight_of_all_channels_are_told_in_order(void **state)
{
    wk_context_t x = {.messages = thread(50, "words")};
    (void)state;
    const va_json_t *m = told(&x, "and now?", WK_CONTEXT_TOKENS);
    assert_int_equal(m->count, 1 + WK_CONTEXT_MESSAGES + 1);
    assert_true(holds(content(m, 1), "[call] 7 words"));
    assert_true(va_str_eq(content(m, 8), VA_STR("0 words")));
    assert_true(va_str_eq(content(m, 9), VA_STR("and now?")));
}

static void what_does_not_fit_is_left_out_oldest_first(void **state)
{
    char longer[1001];
    (void)state;
    memset(longer, 'x', 1000);
    longer[1000] = '\0';
    wk_context_t x = {.messages = thread(8, longer)};
    const va_json_t *all = told(&x, "hi", WK_CONTEXT_TOKENS);
    size_t system = wk_tokens(content(all, 0));
    const va_json_t *some = told(&x, "hi", system + 900);
    assert_true(some->count > 2 && some->count < all->count);
    assert_true(holds(content(some, some->count - 2), "0 xxx"));
    const va_json_t *none = told(&x, "hi", 0);
    assert_int_equal(none->count, 2);
    assert_true(va_str_eq(content(none, 1), VA_STR("hi")));
}

static void a_promise_is_told_until_it_is_kept(void **state)
{
    wk_context_t x = {.commitments =
                          json("[{\"text\":\"Call back about the wheels\",\"done\":false},"
                               " {\"text\":\"Send the invoice\",\"done\":true}]")};
    (void)state;
    va_str_t system = content(told(&x, "hi", WK_CONTEXT_TOKENS), 0);
    assert_true(holds(system, "Call back about the wheels"));
    assert_false(holds(system, "invoice"));
}

static void orders_and_numbers_of_people_are_not_told(void **state)
{
    wk_context_t x = {
        .destinations = json("[{\"name\":\"manager\",\"number\":\"+14165550010\"}]"),
        .facts = {.orders =
                      json("[[\"1042\",\"shipped\",\"10.00\",\"CAD\",\"1Z999\",\"UPS\"]]")}};
    (void)state;
    va_str_t system = content(told(&x, "hi", WK_CONTEXT_TOKENS), 0);
    assert_true(holds(system, "manager"));
    assert_false(holds(system, "+14165550010"));
    assert_false(holds(system, "1Z999"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_eight_of_all_channels_are_told_in_order),
        cmocka_unit_test(what_does_not_fit_is_left_out_oldest_first),
        cmocka_unit_test(a_promise_is_told_until_it_is_kept),
        cmocka_unit_test(orders_and_numbers_of_people_are_not_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up_english, tear_down);
}
