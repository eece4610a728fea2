
/*
 * Copyright (C) voiceagent authors
 */


/*
 * Shared secrets.  Loaded when the configuration is read, where a broken one
 * fails the test; looked at again by each worker every ten seconds and swapped
 * in when they parse, so that a key is rotated by writing a file.  Who needs
 * them for longer than one call holds those of the moment.
 */


#include "ngx_voiceagent_key.h"


/* what is swapped when a file has changed; freed with its last reference */

struct ngx_voiceagent_secrets_s {
    ngx_uint_t                     refs;         /* the key, and who holds it */
    size_t                         n;
    va_secret_t                    secrets[VA_SIGNATURE_MAX_SECRETS];
    va_jwks_t                     *set;
    u_char                        *text;
    size_t                         len;
};


struct ngx_voiceagent_key_s {
    ngx_str_t                      name;
    ngx_array_t                    sources;      /* ..._key_source_t */
    ngx_voiceagent_secrets_t      *secrets;
    ngx_flag_t                     tokens;       /* a JWT is verified with it */
};


static ngx_voiceagent_key_t *ngx_voiceagent_key_find(
    ngx_voiceagent_main_conf_t *vmcf, ngx_str_t *name);
static ngx_int_t ngx_voiceagent_key_load(ngx_voiceagent_key_t *key,
    ngx_log_t *log);
static ngx_int_t ngx_voiceagent_key_append(ngx_voiceagent_secrets_t *secrets,
    ngx_voiceagent_key_source_t *source, ngx_log_t *log);
static ngx_int_t ngx_voiceagent_key_parse(ngx_voiceagent_secrets_t *secrets,
    ngx_uint_t tokens, ngx_str_t *name, ngx_log_t *log);
static ngx_uint_t ngx_voiceagent_key_line(u_char *p, u_char *end,
    va_str_t *id, va_str_t *text);
static ngx_int_t ngx_voiceagent_key_add(ngx_voiceagent_secrets_t *secrets,
    va_str_t id, va_str_t text);
static void ngx_voiceagent_key_cleanup(void *data);


/* voiceagent_key name file=/path | env=NAME */

char *
ngx_voiceagent_key_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_main_conf_t  *vmcf = conf;

    char                         *env;
    ngx_str_t                    *value, s;
    ngx_pool_cleanup_t           *cln;
    ngx_voiceagent_key_t         *key, **keyp;
    ngx_voiceagent_key_source_t  *source;

    value = cf->args->elts;

    key = ngx_voiceagent_key_find(vmcf, &value[1]);

    if (key == NULL) {
        key = ngx_pcalloc(cf->pool, sizeof(ngx_voiceagent_key_t));
        keyp = ngx_array_push(&vmcf->keys);
        cln = ngx_pool_cleanup_add(cf->pool, 0);

        if (key == NULL || keyp == NULL || cln == NULL
            || ngx_array_init(&key->sources, cf->pool, 1,
                              sizeof(ngx_voiceagent_key_source_t))
               != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        key->name = value[1];
        *keyp = key;

        cln->handler = ngx_voiceagent_key_cleanup;
        cln->data = key;
    }

    source = ngx_array_push(&key->sources);
    if (source == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(source, sizeof(ngx_voiceagent_key_source_t));

    if (ngx_voiceagent_named(&value[2], "file=")) {
        source->file = value[2];

        return ngx_conf_full_name(cf->cycle, &source->file, 1) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (ngx_voiceagent_named(&value[2], "env=")) {
        env = getenv((char *) value[2].data);

        if (env == NULL || *env == '\0') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "environment variable \"%V\" is not set",
                               &value[2]);
            return NGX_CONF_ERROR;
        }

        s.data = (u_char *) env;
        s.len = ngx_strlen(env);
        source->value.len = s.len;
        source->value.data = ngx_pstrdup(cf->pool, &s);

        return source->value.data ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    return "needs file= or env=";
}


static ngx_voiceagent_key_t *
ngx_voiceagent_key_find(ngx_voiceagent_main_conf_t *vmcf, ngx_str_t *name)
{
    ngx_uint_t              i;
    ngx_voiceagent_key_t  **keys;

    keys = vmcf->keys.elts;

    for (i = 0; i < vmcf->keys.nelts; i++) {
        if (keys[i]->name.len == name->len
            && ngx_strncmp(keys[i]->name.data, name->data, name->len) == 0)
        {
            return keys[i];
        }
    }

    return NULL;
}


ngx_voiceagent_key_t *
ngx_voiceagent_key_get(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_voiceagent_key_t        *key;
    ngx_voiceagent_main_conf_t  *vmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voiceagent_module);

    key = ngx_voiceagent_key_find(vmcf, name);

    if (key == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown key \"%V\": voiceagent_key must stand "
                           "before its use", name);
    }

    return key;
}


void
ngx_voiceagent_key_for_tokens(ngx_voiceagent_key_t *key)
{
    key->tokens = 1;
}


ngx_int_t
ngx_voiceagent_keys_load(ngx_conf_t *cf)
{
    ngx_uint_t                   i;
    ngx_voiceagent_key_t       **keys;
    ngx_voiceagent_main_conf_t  *vmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voiceagent_module);

    keys = vmcf->keys.elts;

    for (i = 0; i < vmcf->keys.nelts; i++) {
        if (ngx_voiceagent_key_load(keys[i], cf->log) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "voiceagent_key \"%V\" cannot be used",
                               &keys[i]->name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_voiceagent_keys_refresh(ngx_voiceagent_main_conf_t *vmcf, ngx_log_t *log)
{
    ngx_int_t                     rc;
    ngx_uint_t                    i, j, changed;
    ngx_voiceagent_key_t        **keys;
    ngx_voiceagent_key_source_t  *source;

    keys = vmcf->keys.elts;

    for (i = 0; i < vmcf->keys.nelts; i++) {

        changed = 0;
        source = keys[i]->sources.elts;

        for (j = 0; j < keys[i]->sources.nelts; j++) {
            changed |= ngx_voiceagent_source_changed(&source[j], log);
        }

        if (changed) {
            rc = ngx_voiceagent_key_load(keys[i], log);
            ngx_voiceagent_count(rc == NGX_OK ? NGX_VOICEAGENT_KEYS_CHANGED
                                              : NGX_VOICEAGENT_KEYS_FAILED, 1);
        }
    }
}


const va_secret_t *
ngx_voiceagent_key_secrets(ngx_voiceagent_key_t *key, size_t *n)
{
    *n = key->secrets->n;

    return key->secrets->secrets;
}


ngx_voiceagent_secrets_t *
ngx_voiceagent_secrets_hold(ngx_voiceagent_key_t *key)
{
    key->secrets->refs++;

    return key->secrets;
}


const va_secret_t *
ngx_voiceagent_secrets(ngx_voiceagent_secrets_t *secrets, size_t *n)
{
    *n = secrets->n;

    return secrets->secrets;
}


const va_jwks_t *
ngx_voiceagent_key_set(ngx_voiceagent_key_t *key)
{
    return key->secrets->set;
}


/* leaves the key as it was unless all its sources are good */

static ngx_int_t
ngx_voiceagent_key_load(ngx_voiceagent_key_t *key, ngx_log_t *log)
{
    ngx_uint_t                    i;
    ngx_voiceagent_secrets_t     *secrets;
    ngx_voiceagent_key_source_t  *source;

    secrets = ngx_calloc(sizeof(ngx_voiceagent_secrets_t), log);
    if (secrets == NULL) {
        return NGX_ERROR;
    }

    secrets->refs = 1;

    source = key->sources.elts;

    for (i = 0; i < key->sources.nelts; i++) {
        if (ngx_voiceagent_key_append(secrets, &source[i], log) != NGX_OK) {
            goto unread;
        }
    }

    if (ngx_voiceagent_key_parse(secrets, key->tokens, &key->name, log)
        != NGX_OK)
    {
        goto failed;
    }

    ngx_voiceagent_secrets_release(key->secrets);
    key->secrets = secrets;

    return NGX_OK;

unread:

    /* none counts as read: what has changed in one is waited for in all */

    for (i = 0; i < key->sources.nelts; i++) {
        ngx_voiceagent_source_unread(&source[i]);
    }

failed:

    ngx_voiceagent_secrets_release(secrets);

    return NGX_ERROR;
}


/* what a source holds, behind those before it */

static ngx_int_t
ngx_voiceagent_key_append(ngx_voiceagent_secrets_t *secrets,
    ngx_voiceagent_key_source_t *source, ngx_log_t *log)
{
    size_t   len;
    u_char  *text, *p;

    if (ngx_voiceagent_source_read(source, &text, &len, NGX_LOG_ERR, log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_alloc(secrets->len + len + 1, log);

    if (p) {
        ngx_memcpy(p + secrets->len, text, len);
        p[secrets->len + len] = '\n';
    }

    ngx_explicit_memzero(text, len);
    ngx_free(text);

    if (p == NULL) {
        return NGX_ERROR;
    }

    if (secrets->text) {
        ngx_memcpy(p, secrets->text, secrets->len);
        ngx_explicit_memzero(secrets->text, secrets->len);
        ngx_free(secrets->text);
    }

    secrets->text = p;
    secrets->len += len + 1;

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_key_parse(ngx_voiceagent_secrets_t *secrets, ngx_uint_t tokens,
    ngx_str_t *name, ngx_log_t *log)
{
    u_char    *p, *last, *end;
    va_str_t   id, text;

    if (tokens) {
        secrets->set = va_jwks_new();
        if (secrets->set == NULL) {
            return NGX_ERROR;
        }
    }

    last = secrets->text + secrets->len;

    for (p = secrets->text; p < last; p = end + 1) {

        end = ngx_strlchr(p, last, '\n');
        if (end == NULL) {
            end = last;
        }

        if (!ngx_voiceagent_key_line(p, end, &id, &text)) {
            continue;
        }

        if (ngx_voiceagent_key_add(secrets, id, text) != NGX_OK) {
            ngx_log_error(NGX_LOG_ERR, log, 0,
                          "key \"%V\": secret %uz is too short, or one too "
                          "many%s", name, secrets->n + 1,
                          tokens ? " (tokens need 32 characters)" : "");
            return NGX_ERROR;
        }
    }

    if (secrets->n == 0) {
        ngx_log_error(NGX_LOG_ERR, log, 0, "key \"%V\" holds no secret", name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * a line is "secret", "id secret" or "- secret", which has no id and may hold
 * blanks; empty lines and those with a # are none
 */

static ngx_uint_t
ngx_voiceagent_key_line(u_char *p, u_char *end, va_str_t *id, va_str_t *text)
{
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }

    while (end > p && end[-1] <= ' ') {
        end--;
    }

    if (p == end || *p == '#') {
        return 0;
    }

    *id = VA_STR_NULL;
    *text = va_str((char *) p, end - p);

    while (p < end && *p > ' ') {
        p++;
    }

    if (p == end) {
        return 1;
    }

    *id = va_str(text->data, (char *) p - text->data);

    while (*p <= ' ') {
        p++;
    }

    *text = va_str((char *) p, end - p);

    if (va_str_eq(*id, VA_STR("-"))) {
        *id = VA_STR_NULL;
    }

    return 1;
}


static ngx_int_t
ngx_voiceagent_key_add(ngx_voiceagent_secrets_t *secrets, va_str_t id,
    va_str_t text)
{
    if (secrets->n == VA_SIGNATURE_MAX_SECRETS
        || (secrets->set != NULL
            && va_jwks_add_secret(secrets->set, id, text) != VA_OK)
        || va_secret_init(&secrets->secrets[secrets->n], id, text) != VA_OK)
    {
        return NGX_ERROR;
    }

    secrets->n++;

    return NGX_OK;
}


void
ngx_voiceagent_secrets_release(ngx_voiceagent_secrets_t *secrets)
{
    size_t  i;

    if (secrets == NULL || --secrets->refs) {
        return;
    }

    for (i = 0; i < secrets->n; i++) {
        va_secret_clear(&secrets->secrets[i]);
    }

    va_jwks_free(secrets->set);

    if (secrets->text) {
        ngx_explicit_memzero(secrets->text, secrets->len);
        ngx_free(secrets->text);
    }

    ngx_free(secrets);
}


static void
ngx_voiceagent_key_cleanup(void *data)
{
    ngx_voiceagent_key_t  *key = data;

    ngx_voiceagent_secrets_release(key->secrets);
    key->secrets = NULL;
}
