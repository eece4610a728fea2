/* Internal to the files that verify with OpenSSL's public keys. */
#ifndef VA_OPENSSL_ERROR_H
#define VA_OPENSSL_ERROR_H

#include <stdbool.h>

/*
 * Empties this thread's queue of errors: what stays there would be taken for an
 * error of the next TLS connection. True if memory was one of them, so that it is
 * not mistaken for a bad key or signature; OpenSSL does not always tell.
 */
bool va_openssl_out_of_memory(void);

#endif
