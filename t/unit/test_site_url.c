/* The addresses of a site's pages, as they stand in it. */
#include "worker/site_url.h"

#include "t/unit/support.h"

static void pages(void **state)
{
    static const struct {
        const char *base, *text, *url, *host; /* url NULL: refused */
    } cases[] = {
        {"", "https://Shop.Example", "https://shop.example/", "shop.example"},
        {"", "HTTP://shop.example:80/a/../b?x=1#top", "http://shop.example/b?x=1",
         "shop.example"},
        {"", "https://shop.example:443/", "https://shop.example/", "shop.example"},
        {"", "https://shop.example:8443/", "https://shop.example:8443/", "shop.example:8443"},
        {"", "http://2130706433/", "http://127.0.0.1/", "127.0.0.1"},
        {"https://shop.example/a/b", "c", "https://shop.example/a/c", "shop.example"},
        {"https://shop.example/a/b", "/c#d", "https://shop.example/c", "shop.example"},
        {"https://shop.example/a/b", "//other.example/c", "https://other.example/c",
         "other.example"},
        {"https://shop.example/a/", "../../x", "https://shop.example/x", "shop.example"},
        {"https://shop.example/a", "?q=2", "https://shop.example/a?q=2", "shop.example"},
        {"https://shop.example/a", "caf\xc3\xa9 x", "https://shop.example/caf%c3%a9%20x",
         "shop.example"},
        {"https://shop.example/a", "mailto:a@b.example", NULL, NULL},
        {"https://shop.example/a", "javascript:void(0)", NULL, NULL},
        {"https://shop.example/a", "tel:+14165550100", NULL, NULL},
        {"", "https://user:secret@shop.example/", NULL, NULL},
        {"", "https://user@shop.example/", NULL, NULL},
        {"", "file:///etc/passwd", NULL, NULL},
        {"", "ftp://shop.example/", NULL, NULL},
        {"", "gopher://shop.example/", NULL, NULL},
        {"", "/about", NULL, NULL},
        {"", "https://", NULL, NULL},
        {"", "", NULL, NULL},
        {"", "http://shop.example:99999/", NULL, NULL},
    };
    (void)state;
    wk_arena_t *a = wk_arena_new();
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        wk_site_url_t url;
        bool is = wk_site_url(a, va_str_c(cases[i].base), va_str_c(cases[i].text), &url);
        if (is != (cases[i].url != NULL)) {
            fail_msg("%s: %s", cases[i].text, is ? url.url.data : "refused");
        }
        if (is) {
            assert_string_equal(wk_strdup(a, url.url), cases[i].url);
            assert_string_equal(wk_strdup(a, url.host), cases[i].host);
        }
    }
    wk_arena_free(a);
}

static void paths_have_their_query(void **state)
{
    (void)state;
    wk_site_url_t url;
    wk_arena_t *a = wk_arena_new();
    assert_true(wk_site_url(a, VA_STR_NULL, VA_STR("http://a.example/p?q=1"), &url));
    assert_string_equal(wk_strdup(a, url.path), "/p?q=1");
    assert_true(url.plain_port);
    assert_true(wk_site_url(a, VA_STR_NULL, VA_STR("http://a.example:81"), &url));
    assert_string_equal(wk_strdup(a, url.path), "/");
    assert_false(url.plain_port);
    wk_arena_free(a);
}

static void long_ones_are_refused(void **state)
{
    (void)state;
    wk_site_url_t url;
    wk_arena_t *a = wk_arena_new();
    char *text = wk_alloc(a, 2 * WK_SITE_URL_MAX);
    memset(text, 'x', WK_SITE_URL_MAX - 10);
    memcpy(text, "http://a.example/", 17);
    assert_true(wk_site_url(a, VA_STR_NULL, va_str_c(text), &url));
    memset(text, ' ', WK_SITE_URL_MAX - 10); /* three bytes each when encoded */
    memcpy(text, "http://a.example/", 17);
    text[WK_SITE_URL_MAX - 11] = 'x';
    assert_false(wk_site_url(a, VA_STR_NULL, va_str_c(text), &url));
    wk_arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages),
        cmocka_unit_test(paths_have_their_query),
        cmocka_unit_test(long_ones_are_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
