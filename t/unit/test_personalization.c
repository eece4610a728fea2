/* What nginx answers when no worker does is what a worker answers when it knows nothing. */
#include "worker/agent/personalization.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/file.h"

static const char *const by_nginx[] = {"current_date", "current_time"};

static bool nginx_fills_in(va_str_t name)
{
    for (size_t i = 0; i < sizeof(by_nginx) / sizeof(*by_nginx); i++) {
        if (va_str_eq(name, va_str_c(by_nginx[i]))) {
            return true;
        }
    }
    return false;
}

static const va_json_t *variables_of(wk_arena_t *a, va_str_t answer)
{
    static const va_json_limits_t limits = {1 << 20, 8, 1000};
    const va_json_t *root = NULL;
    assert_int_equal(va_json_parse(wk_mem(a), answer, &limits, &root), VA_OK);
    return va_json_get(root, "dynamic_variables");
}

static void the_fallback_holds_every_variable(void **state)
{
    wk_error_t e;
    wk_personalization_t p;
    wk_arena_t *a = wk_arena_new();
    wk_caller_facts_t nothing = {.error = "Could not load full context"};
    wk_catalogue_t *c = wk_catalogue_load("conf/messages", &e);
    (void)state;
    assert_non_null(c);
    assert_true(wk_personalize(a, c, &nothing, &p, &e));
    const va_json_t *worker = variables_of(a, p.answer);
    va_str_t file;
    assert_true(wk_file_read(a, "conf/fallback/personalization.json", 1 << 16, &file, &e));
    const va_json_t *nginx = variables_of(a, file);
    assert_int_equal(nginx->count, worker->count);
    for (const va_json_t *v = worker->first; v != NULL; v = v->next) {
        const va_json_t *twin = va_json_get(nginx, wk_strdup(a, v->name));
        assert_non_null(twin);
        if (!nginx_fills_in(v->name)) {
            assert_int_equal(twin->type, v->type);
            assert_true(va_str_eq(va_json_scalar(twin), va_json_scalar(v)));
        }
    }
    wk_catalogue_free(c);
    wk_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fallback_holds_every_variable),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
