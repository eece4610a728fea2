#include "worker/public_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#define IP(a, b, c, d)                                                                         \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static const struct {
    uint32_t address;
    int bits;
} reserved[] = {
    {IP(0, 0, 0, 0), 8},        {IP(10, 0, 0, 0), 8},
    {IP(100, 64, 0, 0), 10}, /* carriers' own; clouds' metadata too */
    {IP(127, 0, 0, 0), 8},      {IP(169, 254, 0, 0), 16},
    {IP(172, 16, 0, 0), 12},    {IP(192, 0, 0, 0), 24},
    {IP(192, 0, 2, 0), 24},     {IP(192, 88, 99, 0), 24},
    {IP(192, 168, 0, 0), 16},   {IP(198, 18, 0, 0), 15},
    {IP(198, 51, 100, 0), 24},  {IP(203, 0, 113, 0), 24},
    {IP(224, 0, 0, 0), 4},      {IP(240, 0, 0, 0), 4},
    {IP(168, 63, 129, 16), 32}, /* a cloud's metadata, at an address that looks public */
};

static const struct {
    uint8_t address[4];
    int bits;
} reserved6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23}, /* protocols' own, Teredo among them */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},
    {{0x20, 0x02, 0x00, 0x00}, 16}, /* 6to4 leads to any IPv4 address */
    {{0x3f, 0xff, 0x00, 0x00}, 20},
};

static bool is_public4(uint32_t ip)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++) {
        if ((ip ^ reserved[i].address) >> (32 - reserved[i].bits) == 0) {
            return false;
        }
    }
    return true;
}

static uint32_t word(const uint8_t *bytes)
{
    return IP(bytes[0], bytes[1], bytes[2], bytes[3]);
}

static bool is_public6(const uint8_t ip[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(ip, mapped, sizeof(mapped)) == 0 || memcmp(ip, nat64, sizeof(nat64)) == 0) {
        return is_public4(word(ip + 12));
    }
    if (ip[0] >> 5 != 1) { /* outside of 2000::/3 nothing is given to anybody */
        return false;
    }
    for (size_t i = 0; i < sizeof(reserved6) / sizeof(*reserved6); i++) {
        if ((word(ip) ^ word(reserved6[i].address)) >> (32 - reserved6[i].bits) == 0) {
            return false;
        }
    }
    return true;
}

static bool is_web_port(in_port_t port)
{
    return ntohs(port) == 80 || ntohs(port) == 443;
}

bool wk_address_is_public(const struct sockaddr *address)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    switch (address->sa_family) {
    case AF_INET:
        memcpy(&in, address, sizeof(in));
        return is_web_port(in.sin_port) && is_public4(ntohl(in.sin_addr.s_addr));
    case AF_INET6:
        memcpy(&in6, address, sizeof(in6));
        return is_web_port(in6.sin6_port) && is_public6(in6.sin6_addr.s6_addr);
    default:
        return false;
    }
}

/* ---------------------------------------------------------------- lists */

/* The next of the list, without blanks; false behind the last, and at one that is too long. */
static bool next(const char **list, char *to, size_t size)
{
    *list += strspn(*list, " \t,");
    size_t len = strcspn(*list, " \t,");
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(to, *list, len);
    to[len] = '\0';
    *list += len;
    return true;
}

bool wk_address_is_listed(const struct sockaddr *address, const char *list)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t listed[sizeof(struct in6_addr)];
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    while (list != NULL && next(&list, text, sizeof(text))) {
        if (inet_pton(address->sa_family, text, listed) != 1) {
            continue;
        }
        if (address->sa_family == AF_INET) {
            memcpy(&in, address, sizeof(in));
            if (memcmp(&in.sin_addr, listed, sizeof(in.sin_addr)) == 0) {
                return true;
            }
        } else {
            memcpy(&in6, address, sizeof(in6));
            if (memcmp(&in6.sin6_addr, listed, sizeof(in6.sin6_addr)) == 0) {
                return true;
            }
        }
    }
    return false;
}

bool wk_address_list_valid(const char *list)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t address[sizeof(struct in6_addr)];
    while (next(&list, text, sizeof(text))) {
        if (inet_pton(AF_INET, text, address) != 1 && inet_pton(AF_INET6, text, address) != 1) {
            return false;
        }
    }
    return *list == '\0';
}
