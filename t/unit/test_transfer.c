#include "worker/agent/transfer.h"

#include "t/unit/catalogue.h"

static const char all[] = "[{\"name\":\"general_support\",\"number\":\"+14165550001\"},"
                          " {\"name\":\"manager\",\"number\":\"+14165550002\"},"
                          " {\"name\":\"technical_support\",\"number\":\"(416) 555-0003\"},"
                          " {\"name\":\"sales_specialist\",\"number\":\"+14165550004\"},"
                          " {\"name\":\"wheels\",\"number\":\"+14165550005\",\"rules\":["
                          "\"spoke*\",\"true my wheel\"]}]";

static const va_json_t *json(const char *text)
{
    const va_json_t *value;

    assert_int_equal(
        va_json_parse(wk_mem(arena), va_str_c(text), &VA_JSON_LIMITS_DEFAULT, &value), VA_OK);
    return value;
}

static wk_destination_t choose(const char *named, const char *words)
{
    wk_transfer_wish_t wish = {.destinations = json(all),
                               .owner = VA_STR("+14165550009"),
                               .named = va_str_c(named),
                               .words = va_str_c(words)};
    return wk_transfer_choose(arena, catalogue, &wish);
}

static void who_is_meant(void **state)
{
    static const struct {
        const char *words, *name;
    } cases[] = {
        {"I want to talk to a human", "general_support"},
        {"0", "general_support"},
        {"I have a complaint about the repair", "manager"},
        {"je veux parler au gérant", "manager"},
        {"tengo una queja", "manager"},
        {"it is about my warranty", "technical_support"},
        {"c'est pour la garantie", "technical_support"},
        {"I would like a custom build", "technical_support"},
        {"do you take a trade in", "sales_specialist"},
        {"I want a refund of 600 dollars", "manager"},
        {"I want a refund of 500 dollars", "general_support"},
        {"I want to buy something for 2,500 dollars", "sales_specialist"},
        {"I want to buy something for 2,000 dollars", "general_support"},
        {"achat de 2 500 $", "sales_specialist"},
        {"two spokes broke", "wheels"},
        {"can somebody true my wheel", "wheels"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        assert_case(str_is(choose(NULL, cases[i].words).name, cases[i].name), cases[i].words);
    }
}

static void a_named_destination_comes_first(void **state)
{
    (void)state;
    assert_str(choose("manager", "it is about my warranty").name, "manager");
    assert_str(choose("Manager", "hello").number, "+14165550002");
    assert_str(choose("nobody of that name", "it is about my warranty").name,
               "technical_support");
}

static void numbers_are_dialled_as_e164(void **state)
{
    (void)state;
    assert_str(choose("technical_support", "x").number, "+14165550003");
}

/* Neither the caller nor the agent is put through to himself. */
static void who_is_in_the_call_is_left_out(void **state)
{
    wk_transfer_wish_t wish = {.destinations = json(all),
                               .words = VA_STR("hello"),
                               .caller = VA_STR("+14165550001"),
                               .own = json("[\"+14165550099\", \"+14165550002\"]")};

    (void)state;
    assert_str(wk_transfer_choose(arena, catalogue, &wish).name, "technical_support");
}

static void the_owner_is_last_and_may_be_missing(void **state)
{
    wk_transfer_wish_t wish = {.owner = VA_STR("+14165550009"), .words = VA_STR("hello")};

    (void)state;
    assert_str(wk_transfer_choose(arena, catalogue, &wish).number, "+14165550009");
    wish.destinations = json("[{\"name\":\"x\",\"number\":\"nonsense\"},{}, 7]");
    assert_str(wk_transfer_choose(arena, catalogue, &wish).name, "owner");
    wish.owner = VA_STR_NULL;
    assert_absent(wk_transfer_choose(arena, catalogue, &wish).number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_meant),
        TEST(a_named_destination_comes_first),
        TEST(numbers_are_dialled_as_e164),
        TEST(who_is_in_the_call_is_left_out),
        TEST(the_owner_is_last_and_may_be_missing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("transfer", tests, set_up, tear_down);
}
