/* Which addresses somebody else may have us connect to. */
#include "worker/public_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "t/unit/support.h"

static const struct sockaddr *address(const char *text, int port)
{
    static struct sockaddr_in in;
    static struct sockaddr_in6 in6;
    in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET, text, &in.sin_addr) == 1) {
        return (const struct sockaddr *)&in;
    }
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return (const struct sockaddr *)&in6;
}

static void public_ones(void **state)
{
    static const char *const cases[] = {"1.1.1.1",
                                        "93.184.216.34",
                                        "9.255.255.255",
                                        "11.0.0.0",
                                        "100.63.255.255",
                                        "100.128.0.0",
                                        "172.15.255.255",
                                        "172.32.0.0",
                                        "192.167.255.255",
                                        "223.255.255.255",
                                        "2606:4700:4700::1111",
                                        "2001:4860:4860::8888",
                                        "2a00:1450:4001::200e",
                                        "::ffff:1.1.1.1",
                                        "64:ff9b::1.1.1.1"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (!wk_address_is_public(address(cases[i], 443))) {
            fail_msg("%s", cases[i]);
        }
    }
}

static void others(void **state)
{
    static const char *const cases[] = {"0.0.0.0",
                                        "10.0.0.1",
                                        "10.255.255.255",
                                        "100.64.0.1",
                                        "100.100.100.200",
                                        "127.0.0.1",
                                        "127.255.255.255",
                                        "169.254.169.254",
                                        "172.16.0.1",
                                        "172.31.255.255",
                                        "192.0.0.192",
                                        "192.0.2.1",
                                        "192.168.0.1",
                                        "198.18.0.1",
                                        "198.19.255.255",
                                        "198.51.100.1",
                                        "203.0.113.1",
                                        "224.0.0.1",
                                        "239.255.255.255",
                                        "240.0.0.1",
                                        "255.255.255.255",
                                        "168.63.129.16",
                                        "::",
                                        "::1",
                                        "::ffff:127.0.0.1",
                                        "::ffff:10.0.0.1",
                                        "::127.0.0.1",
                                        "::ffff:169.254.169.254",
                                        "64:ff9b::10.0.0.1",
                                        "64:ff9b:1::1",
                                        "fe80::1",
                                        "fec0::1",
                                        "fc00::1",
                                        "fd00:ec2::254",
                                        "ff02::1",
                                        "100::1",
                                        "2001:db8::1",
                                        "2001::1",
                                        "2002:7f00:1::1",
                                        "3fff::1",
                                        "4000::1"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        if (wk_address_is_public(address(cases[i], 80))) {
            fail_msg("%s", cases[i]);
        }
    }
    const struct sockaddr local = {.sa_family = AF_UNIX};
    assert_false(wk_address_is_public(&local));
    assert_false(wk_address_is_public(address("1.1.1.1", 22)));
    assert_false(wk_address_is_public(address("2606:4700:4700::1111", 8080)));
}

static void lists(void **state)
{
    (void)state;
    assert_true(wk_address_is_listed(address("127.0.0.1", 8080), "127.0.0.1"));
    assert_true(wk_address_is_listed(address("::1", 80), "127.0.0.1, ::1"));
    assert_false(wk_address_is_listed(address("127.0.0.2", 80), "127.0.0.1, ::1"));
    assert_false(wk_address_is_listed(address("::ffff:127.0.0.1", 80), "127.0.0.1"));
    assert_false(wk_address_is_listed(address("127.0.0.1", 80), NULL));
    assert_false(wk_address_is_listed(address("127.0.0.1", 80), ""));
    assert_true(wk_address_list_valid("127.0.0.1,::1 , 10.0.0.8"));
    assert_false(wk_address_list_valid("127.0.0.1, localhost"));
    assert_false(wk_address_list_valid("127.0.0.0/8"));
    assert_false(wk_address_list_valid("1111111111111111111111111111111111111111111111111111"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(public_ones),
        cmocka_unit_test(others),
        cmocka_unit_test(lists),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
