/* Which addresses a URL given by a user may lead to. */
#ifndef WK_ADDRESS_H
#define WK_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * True for what the IANA special-purpose address registries call globally reachable;
 * false for private, loopback, link-local, multicast and all else, an IPv4 address within
 * an IPv6 one included.
 */
bool wk_address_is_public(const struct sockaddr *address);

#endif
