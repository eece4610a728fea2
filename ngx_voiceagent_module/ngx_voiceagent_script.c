
/*
 * Copyright (C) voiceagent authors
 */


/* the scripts that run inside Redis: core/scripts, as they are called */


#include "ngx_voiceagent_redis.h"

#include <openssl/evp.h>


/* the constants of redis_scripts.h */

typedef struct {
    const char                    *name;
    const char                    *text;
    size_t                         len;
} ngx_voiceagent_script_t;

#include "redis_scripts.h"


#define NGX_VOICEAGENT_SHA1  20


static const ngx_voiceagent_script_t  *ngx_voiceagent_scripts[] = {
    &ngx_voiceagent_script_push,
    &ngx_voiceagent_script_ready,
    &ngx_voiceagent_script_stats,
    &ngx_voiceagent_script_calls,
    &ngx_voiceagent_script_bind
};


/* what EVALSHA names them by, hexadecimal */

static u_char
    ngx_voiceagent_digests[NGX_VOICEAGENT_SCRIPTS][2 * NGX_VOICEAGENT_SHA1];


void
ngx_voiceagent_scripts_init(void)
{
    u_char      digest[EVP_MAX_MD_SIZE];
    ngx_uint_t  i;

    for (i = 0; i < NGX_VOICEAGENT_SCRIPTS; i++) {
        (void) EVP_Digest(ngx_voiceagent_scripts[i]->text,
                          ngx_voiceagent_scripts[i]->len, digest, NULL,
                          EVP_sha1(), NULL);
        (void) ngx_hex_dump(ngx_voiceagent_digests[i], digest,
                            NGX_VOICEAGENT_SHA1);
    }
}


const char *
ngx_voiceagent_script_name(ngx_voiceagent_script_e script)
{
    return ngx_voiceagent_scripts[script]->name;
}


va_str_t
ngx_voiceagent_script_text(ngx_voiceagent_script_e script)
{
    return va_str(ngx_voiceagent_scripts[script]->text,
                  ngx_voiceagent_scripts[script]->len);
}


va_str_t
ngx_voiceagent_script_digest(ngx_voiceagent_script_e script)
{
    return va_str((char *) ngx_voiceagent_digests[script],
                  2 * NGX_VOICEAGENT_SHA1);
}
