/*
 * Which addresses are anybody's to reach: what somebody else may have us connect to must not be
 * a machine of ours, of the host's network, or a cloud's own. The lists are IANA's
 * special-purpose address registries (RFC 6890).
 */
#ifndef WK_PUBLIC_ADDRESS_H
#define WK_PUBLIC_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/*
 * A public address, at one of the web's ports, 80 and 443. An IPv4 address within one of IPv6
 * (mapped, or NAT64's) counts as what it is. Whatever is no IP is not public.
 */
bool wk_address_is_public(const struct sockaddr *address);

/* At whatever port, one of a list of numeric addresses with commas between them; NULL: none. */
bool wk_address_is_listed(const struct sockaddr *address, const char *list);

/* True for such a list. */
bool wk_address_list_valid(const char *list);

#endif
