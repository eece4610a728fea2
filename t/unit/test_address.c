#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <string.h>

#include "worker/address.h"

static bool is_public(const char *text)
{
    struct sockaddr_storage s;
    memset(&s, 0, sizeof(s));
    if (strchr(text, ':') == NULL) {
        struct sockaddr_in *in = (void *)&s;
        in->sin_family = AF_INET;
        assert_int_equal(inet_pton(AF_INET, text, &in->sin_addr), 1);
    } else {
        struct sockaddr_in6 *in6 = (void *)&s;
        in6->sin6_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
    }
    return wk_address_is_public((struct sockaddr *)&s);
}

static void test_public_addresses(void **state)
{
    static const char *const cases[] = {"8.8.8.8",
                                        "1.1.1.1",
                                        "9.255.255.255",
                                        "11.0.0.0",
                                        "100.63.255.255",
                                        "100.128.0.0",
                                        "126.255.255.255",
                                        "128.0.0.0",
                                        "169.253.255.255",
                                        "172.15.255.255",
                                        "172.32.0.0",
                                        "192.167.255.255",
                                        "192.169.0.0",
                                        "198.17.255.255",
                                        "198.20.0.0",
                                        "223.255.255.255",
                                        "2606:4700:4700::1111",
                                        "2a00:1450:4001::1",
                                        "::ffff:8.8.8.8",
                                        "64:ff9b::808:808"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (!is_public(cases[i])) {
            fail_msg("%s", cases[i]);
        }
    }
}

static void test_private_addresses(void **state)
{
    static const char *const cases[] = {"0.0.0.0",
                                        "0.1.2.3",
                                        "10.0.0.1",
                                        "100.64.0.1",
                                        "127.0.0.1",
                                        "127.255.255.255",
                                        "169.254.169.254",
                                        "172.16.0.1",
                                        "172.31.255.255",
                                        "192.0.0.8",
                                        "192.0.2.1",
                                        "192.168.1.1",
                                        "198.18.0.1",
                                        "198.51.100.1",
                                        "203.0.113.1",
                                        "224.0.0.1",
                                        "240.0.0.1",
                                        "255.255.255.255",
                                        "::",
                                        "::1",
                                        "::ffff:127.0.0.1",
                                        "::ffff:10.0.0.1",
                                        "64:ff9b::7f00:1",
                                        "64:ff9b:1::1",
                                        "100::1",
                                        "fc00::1",
                                        "fd12:3456::1",
                                        "fe80::1",
                                        "fec0::1",
                                        "ff02::1",
                                        "2001::1",
                                        "2001:db8::1",
                                        "2002:7f00:1::1",
                                        "::127.0.0.1"};
    struct sockaddr none = {.sa_family = AF_UNIX};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (is_public(cases[i])) {
            fail_msg("%s", cases[i]);
        }
    }
    assert_false(wk_address_is_public(&none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_addresses),
        cmocka_unit_test(test_private_addresses),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
