/* The registry of tools: whoever offers them, by whatever way, finds each complete. */
#include "worker/agent/tools.h"

#include "t/unit/catalogue.h"

static void each_is_found_by_its_names_and_by_no_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < wk_tools_count(); i++) {
        const wk_tool_t *tool = wk_tool_at(i);
        assert_ptr_equal(wk_tool_find(va_str_c(tool->name)), tool);
        if (tool->also != NULL) {
            assert_ptr_equal(wk_tool_find(va_str_c(tool->also)), tool);
        }
    }
    assert_null(wk_tool_find(VA_STR("no_such_tool")));
    assert_null(wk_tool_find(VA_STR_NULL));
}

/* As "tool.<name>" of the catalogues, in English if need be. */
static void each_is_described_for_models(void **state)
{
    (void)state;
    for (size_t i = 0; i < wk_tools_count(); i++) {
        const wk_tool_t *tool = wk_tool_at(i);
        for (size_t k = 0; k < wk_catalogue_count(catalogue); k++) {
            const wk_language_t *l = wk_catalogue_at(catalogue, k);
            assert_case(wk_tool_description(arena, l, tool).len > 0, tool->name);
        }
    }
}

static void each_says_what_it_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < wk_tools_count(); i++) {
        const wk_tool_t *tool = wk_tool_at(i);
        for (const wk_arg_t *arg = tool->args; arg->name != NULL; arg++) {
            assert_case(arg->description != NULL && arg->description[0] != '\0', arg->name);
            for (const wk_arg_t *other = tool->args; other < arg; other++) {
                assert_case(strcmp(other->name, arg->name) != 0, tool->name);
            }
        }
        assert_case(tool->run != NULL, tool->name);
    }
}

/* Those of an agent that is made at a sign-up. */
static void the_templates_name_tools_that_there_are(void **state)
{
    static const char *const templates[] = {"conf/agents/general.json",
                                            "conf/agents/bike_shop.json"};
    (void)state;
    for (size_t i = 0; i < sizeof(templates) / sizeof(*templates); i++) {
        const va_json_t *names = need(read_json(templates[i]), "tools");
        assert_true(va_json_is(names, VA_JSON_ARRAY) && names->count > 0);
        for (const va_json_t *name = names->first; name != NULL; name = name->next) {
            assert_case(wk_tool_find(va_json_string(name)) != NULL,
                        wk_strdup(arena, name->text));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_found_by_its_names_and_by_no_others),
        cmocka_unit_test(each_is_described_for_models),
        cmocka_unit_test(each_says_what_it_takes),
        cmocka_unit_test(the_templates_name_tools_that_there_are),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
