#include "core/openssl_error.h"

#include <openssl/err.h>

bool va_openssl_out_of_memory(void)
{
    bool memory = false;
    unsigned long error;

    while ((error = ERR_get_error()) != 0)
        memory = memory || ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;

    return memory;
}
