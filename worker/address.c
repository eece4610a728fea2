#include "worker/address.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <string.h>

static bool in_block(const uint8_t *address, const char *block, int bits)
{
    uint8_t net[16];
    inet_pton(strchr(block, ':') != NULL ? AF_INET6 : AF_INET, block, net);
    int whole = bits / 8, rest = bits % 8;
    return memcmp(address, net, (size_t)whole) == 0 &&
           (rest == 0 || ((address[whole] ^ net[whole]) >> (8 - rest)) == 0);
}

typedef struct {
    const char *net;
    int bits;
} block_t;

/* Everything the IANA special-purpose registries do not call globally reachable. */
static const block_t private4[] = {
    {"0.0.0.0", 8},      {"10.0.0.0", 8},     {"100.64.0.0", 10}, {"127.0.0.0", 8},
    {"169.254.0.0", 16}, {"172.16.0.0", 12},  {"192.0.0.0", 24},  {"192.0.2.0", 24},
    {"192.88.99.0", 24}, {"192.168.0.0", 16}, {"198.18.0.0", 15}, {"198.51.100.0", 24},
    {"203.0.113.0", 24}, {"224.0.0.0", 4},    {"240.0.0.0", 4},
};

/* Of IPv6 only 2000::/3 is handed out; within it these are not for us, since they
 * carry or stand for other addresses. */
static const block_t private6[] = {
    {"2001::", 23},
    {"2001:db8::", 32},
    {"2002::", 16},
    {"3fff::", 20},
};

static bool in_any(const uint8_t *address, const block_t *blocks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (in_block(address, blocks[i].net, blocks[i].bits)) {
            return true;
        }
    }
    return false;
}

#define IN_ANY(address, blocks) in_any((address), (blocks), sizeof(blocks) / sizeof(*(blocks)))

bool wk_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        return !IN_ANY((const uint8_t *)&in->sin_addr, private4);
    }
    if (address->sa_family != AF_INET6) {
        return false;
    }
    const uint8_t *six =
        ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
    if (in_block(six, "::ffff:0:0", 96) || in_block(six, "64:ff9b::", 96)) {
        return !IN_ANY(six + 12, private4); /* mapped, or translated by NAT64 (RFC 6052) */
    }
    return in_block(six, "2000::", 3) && !IN_ANY(six, private6);
}
