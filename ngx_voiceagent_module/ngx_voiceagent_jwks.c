
/*
 * Copyright (C) voiceagent authors
 */


/*
 * The files jwks= names: sets of public keys, which the scheduler fetches.  One
 * that is not there yet lets nobody in.
 */


#include "ngx_voiceagent_key.h"


struct ngx_voiceagent_jwks_file_s {
    ngx_voiceagent_key_source_t    source;
    va_jwks_t                     *set;
};


static void ngx_voiceagent_jwks_cleanup(void *data);
static ngx_int_t ngx_voiceagent_jwks_read(ngx_voiceagent_jwks_file_t *file,
    ngx_log_t *log);


ngx_voiceagent_jwks_file_t *
ngx_voiceagent_jwks_get(ngx_conf_t *cf, ngx_str_t *path)
{
    ngx_uint_t                    i;
    ngx_pool_cleanup_t           *cln;
    ngx_voiceagent_jwks_file_t   *file, **files;
    ngx_voiceagent_main_conf_t   *vmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voiceagent_module);

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NULL;
    }

    files = vmcf->jwks.elts;

    for (i = 0; i < vmcf->jwks.nelts; i++) {
        if (ngx_strcmp(files[i]->source.file.data, path->data) == 0) {
            return files[i];
        }
    }

    file = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_jwks_file_t));
    files = ngx_array_push(&vmcf->jwks);
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (file == NULL || files == NULL || cln == NULL) {
        return NULL;
    }

    *files = file;

    file->source.file = *path;

    cln->handler = ngx_voiceagent_jwks_cleanup;
    cln->data = file;

    return file;
}


void
ngx_voiceagent_jwks_load(ngx_conf_t *cf)
{
    ngx_uint_t                    i;
    ngx_voiceagent_main_conf_t   *vmcf;
    ngx_voiceagent_jwks_file_t  **files;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voiceagent_module);
    files = vmcf->jwks.elts;

    for (i = 0; i < vmcf->jwks.nelts; i++) {

        /* the scheduler may fetch it only later: no tokens until then */

        if (ngx_voiceagent_jwks_read(files[i], cf->log) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "no keys from \"%V\" yet",
                               &files[i]->source.file);
        }
    }
}


void
ngx_voiceagent_jwks_refresh(ngx_voiceagent_main_conf_t *vmcf, ngx_log_t *log)
{
    ngx_int_t                     rc;
    ngx_uint_t                    i;
    ngx_voiceagent_jwks_file_t  **files;

    files = vmcf->jwks.elts;

    for (i = 0; i < vmcf->jwks.nelts; i++) {
        if (ngx_voiceagent_source_changed(&files[i]->source, log)) {
            rc = ngx_voiceagent_jwks_read(files[i], log);
            ngx_voiceagent_count(rc == NGX_OK ? NGX_VOICEAGENT_KEYS_CHANGED
                                              : NGX_VOICEAGENT_KEYS_FAILED, 1);
        }
    }
}


static void
ngx_voiceagent_jwks_cleanup(void *data)
{
    ngx_voiceagent_jwks_file_t  *file = data;

    va_jwks_free(file->set);
    file->set = NULL;
}


static ngx_int_t
ngx_voiceagent_jwks_read(ngx_voiceagent_jwks_file_t *file, ngx_log_t *log)
{
    u_char       *text;
    size_t        len;
    va_jwks_t    *set;
    va_status_t   rc;

    if (ngx_voiceagent_source_read(&file->source, &text, &len, NGX_LOG_WARN,
                                   log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    set = va_jwks_new();

    rc = set ? va_jwks_add_file(set, va_str((char *) text, len)) : VA_ENOMEM;

    ngx_free(text);

    if (rc != VA_OK || va_jwks_count(set) == 0) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "\"%V\" holds no key set that can be used",
                      &file->source.file);
        va_jwks_free(set);
        return NGX_ERROR;
    }

    va_jwks_free(file->set);
    file->set = set;

    return NGX_OK;
}


const va_jwks_t *
ngx_voiceagent_jwks_set(ngx_voiceagent_jwks_file_t *file)
{
    return file->set;
}
