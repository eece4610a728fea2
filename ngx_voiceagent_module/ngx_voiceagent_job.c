
/*
 * Copyright (C) voiceagent authors
 */


/* a verified request as the job document workers read (docs/protocol.md) */


#include "ngx_voiceagent_job.h"

#include <openssl/rand.h>


#define NGX_VOICEAGENT_DEDUP_MAX    128
#define NGX_VOICEAGENT_ENTROPY      4096
#define NGX_VOICEAGENT_JOB_SLACK    2048
#define NGX_VOICEAGENT_JOB_WRITER   1024


static ngx_int_t ngx_voiceagent_job_id(ngx_http_request_t *r, ngx_str_t *id);
static ngx_int_t ngx_voiceagent_job_value(ngx_http_request_t *r,
    ngx_http_complex_value_t *cv, va_str_t *value);
static ngx_int_t ngx_voiceagent_job_dedup(ngx_http_request_t *r,
    ngx_voiceagent_job_conf_t *jcf, va_str_t *dedup);
static ngx_int_t ngx_voiceagent_job_document(ngx_http_request_t *r,
    va_job_t *job, ngx_voiceagent_job_t *result);
static void ngx_voiceagent_job_free(void *data);
static va_str_t ngx_voiceagent_job_order(va_job_t *job);
static ngx_int_t ngx_voiceagent_job_body(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, va_job_t *job);
static ngx_int_t ngx_voiceagent_job_members(ngx_http_request_t *r,
    ngx_voiceagent_ctx_t *ctx, va_job_t *job);


ngx_int_t
ngx_voiceagent_job_read(ngx_http_request_t *r,
    ngx_http_client_body_handler_pt handler)
{
    ngx_int_t  rc;

    if (!ngx_voiceagent_passed(r)) {
        return NGX_HTTP_FORBIDDEN;
    }

    r->request_body_in_single_buf = 1;

    rc = ngx_http_read_client_request_body(r, handler);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


ngx_uint_t
ngx_voiceagent_job_too_large(ngx_http_request_t *r)
{
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    return !vlcf->job_body_omit
           && ngx_voiceagent_body_length(r) > (off_t) vlcf->job_body;
}


ngx_int_t
ngx_voiceagent_job_build(ngx_http_request_t *r,
    ngx_voiceagent_job_options_t *options, ngx_voiceagent_job_t *result)
{
    va_job_t                    job;
    ngx_int_t                   rc;
    ngx_str_t                   id;
    ngx_time_t                 *tp;
    va_header_t                 headers[VA_JOB_MAX_HEADERS];
    ngx_voiceagent_ctx_t       *ctx;
    ngx_voiceagent_job_conf_t  *jcf;

    ctx = ngx_voiceagent_get_ctx(r);
    jcf = options->conf;

    ngx_memzero(&job, sizeof(va_job_t));

    if (ngx_voiceagent_job_id(r, &id) != NGX_OK
        || ngx_voiceagent_job_value(r, jcf->lane, &job.lane) != NGX_OK
        || ngx_voiceagent_job_value(r, jcf->serial, &job.serial) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rc = ngx_voiceagent_job_dedup(r, jcf, &job.dedup);
    if (rc != NGX_OK) {
        return rc;
    }

    job.headers = headers;

    if (ngx_voiceagent_job_headers(r, &job) != NGX_OK
        || (options->body
            && (ngx_voiceagent_job_body(r, ctx, &job) != NGX_OK
                || ngx_voiceagent_job_members(r, ctx, &job) != NGX_OK)))
    {
        return NGX_ERROR;
    }

    tp = ngx_timeofday();

    job.id = ngx_voiceagent_va(&id);
    job.type = ngx_voiceagent_va(&jcf->type);
    job.org = ngx_voiceagent_va(&ctx->claim[NGX_VOICEAGENT_CLAIM_ORG]);
    job.enqueued_ms = (int64_t) tp->sec * 1000 + tp->msec;
    job.deadline_ms = options->timeout
                      ? job.enqueued_ms + (int64_t) options->timeout : 0;
    job.reply = ngx_voiceagent_va(&options->channel);
    job.trace = ngx_voiceagent_va(&id);
    job.auth_scheme = ngx_voiceagent_va(&ctx->scheme);
    job.auth_account = ngx_voiceagent_va(&ctx->account);
    job.auth_claims = ctx->claims_text;
    job.http_method = r->method == NGX_HTTP_HEAD
                      ? VA_STR("GET") : ngx_voiceagent_va(&r->method_name);
    job.http_uri = ngx_voiceagent_va(&r->uri);
    job.http_args = ngx_voiceagent_va(&r->args);
    job.http_peer = ngx_voiceagent_va(&r->connection->addr_text);
    job.http_connection = ngx_voiceagent_va(&ctx->connection);

    if (ngx_voiceagent_job_document(r, &job, result) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->job_id = id;

    result->id = job.id;
    result->dedup = job.dedup;
    result->order = ngx_voiceagent_job_order(&job);

    return NGX_OK;
}


/* in memory of its own: a request may last for hours behind its job */

static ngx_int_t
ngx_voiceagent_job_document(ngx_http_request_t *r, va_job_t *job,
    ngx_voiceagent_job_t *result)
{
    va_buf_t             out;
    va_alloc_t           mem;
    ngx_pool_t          *pool;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    pool = ngx_create_pool(NGX_VOICEAGENT_JOB_SLACK
                           + NGX_VOICEAGENT_JOB_WRITER, r->connection->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_voiceagent_job_free;
    cln->data = pool;

    ngx_voiceagent_mem(&mem, pool);
    va_buf_init(&out, &mem, job->body.len + NGX_VOICEAGENT_JOB_SLACK);

    if (va_job_write(&out, job) != VA_OK) {
        return NGX_ERROR;
    }

    result->document = va_buf_str(&out);
    result->memory = cln;

    return NGX_OK;
}


static void
ngx_voiceagent_job_free(void *data)
{
    ngx_destroy_pool(data);
}


void
ngx_voiceagent_job_forget(ngx_pool_cleanup_t *memory)
{
    if (memory->handler) {
        memory->handler(memory->data);
        memory->handler = NULL;
    }
}


/* UUID version 7 (RFC 9562): sorts by time, and never meets another */

static ngx_int_t
ngx_voiceagent_job_id(ngx_http_request_t *r, ngx_str_t *id)
{
    u_char             *p, *last, uuid[16];
    uint64_t            ms;
    ngx_uint_t          i;
    ngx_time_t         *tp;
    static u_char       entropy[NGX_VOICEAGENT_ENTROPY];
    static ngx_uint_t   used = NGX_VOICEAGENT_ENTROPY;
    static ngx_pid_t    pid;

    if (used + 10 > NGX_VOICEAGENT_ENTROPY || pid != ngx_pid) {

        if (RAND_bytes(entropy, NGX_VOICEAGENT_ENTROPY) != 1) {
            ngx_ssl_error(NGX_LOG_ERR, r->connection->log, 0,
                          "RAND_bytes() failed");
            return NGX_ERROR;
        }

        used = 0;
        pid = ngx_pid;
    }

    tp = ngx_timeofday();
    ms = (uint64_t) tp->sec * 1000 + tp->msec;

    for (i = 0; i < 6; i++) {
        uuid[i] = (u_char) (ms >> (40 - 8 * i));
    }

    ngx_memcpy(&uuid[6], &entropy[used], 10);
    used += 10;

    uuid[6] = (uuid[6] & 0x0f) | 0x70;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;

    p = ngx_pnalloc(r->pool, 36);
    if (p == NULL) {
        return NGX_ERROR;
    }

    id->data = p;
    id->len = 36;

    last = ngx_hex_dump(p, uuid, 4);
    *last++ = '-';
    last = ngx_hex_dump(last, &uuid[4], 2);
    *last++ = '-';
    last = ngx_hex_dump(last, &uuid[6], 2);
    *last++ = '-';
    last = ngx_hex_dump(last, &uuid[8], 2);
    *last++ = '-';
    (void) ngx_hex_dump(last, &uuid[10], 6);

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_job_value(ngx_http_request_t *r, ngx_http_complex_value_t *cv,
    va_str_t *value)
{
    ngx_str_t  s;

    if (cv == NULL) {
        *value = VA_STR_NULL;
        return NGX_OK;
    }

    if (ngx_http_complex_value(r, cv, &s) != NGX_OK) {
        return NGX_ERROR;
    }

    *value = s.len ? ngx_voiceagent_va(&s) : VA_STR_NULL;

    return NGX_OK;
}


/*
 * The job's type and the value; a long or odd value, or one that may hold what
 * a person wrote, as its digest.
 */

static ngx_int_t
ngx_voiceagent_job_dedup(ngx_http_request_t *r,
    ngx_voiceagent_job_conf_t *jcf, va_str_t *dedup)
{
    u_char    *p, digest[32];
    size_t     i, len;
    va_str_t   value;

    *dedup = VA_STR_NULL;

    if (jcf->dedup == NULL) {
        return NGX_OK;
    }

    if (ngx_voiceagent_job_value(r, jcf->dedup, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (value.len == 0) {
        return NGX_DECLINED;
    }

    for (i = 0; i < value.len; i++) {
        if ((u_char) value.data[i] <= ' ' || (u_char) value.data[i] > '~') {
            break;
        }
    }

    p = ngx_pnalloc(r->pool, jcf->type.len + 1
                             + ngx_max(value.len, 64));
    if (p == NULL) {
        return NGX_ERROR;
    }

    dedup->data = (char *) p;

    p = ngx_cpymem(p, jcf->type.data, jcf->type.len);
    *p++ = ':';

    if (i == value.len && value.len <= NGX_VOICEAGENT_DEDUP_MAX) {
        ngx_memcpy(p, value.data, value.len);
        len = value.len;

    } else {
        if (va_sha256(value, digest) != VA_OK) {
            return NGX_ERROR;
        }

        (void) ngx_hex_dump(p, digest, 32);
        len = 64;
    }

    dedup->len = jcf->type.len + 1 + len;

    return NGX_OK;
}


/* jobs of the same are pushed in the order of their requests; empty: any */

static va_str_t
ngx_voiceagent_job_order(va_job_t *job)
{
    if (job->serial.len) {
        return job->serial;
    }

    if (job->lane.len) {
        return job->lane;
    }

    return job->dedup;
}


/* over voiceagent_job_body only its length and digest go along */

static ngx_int_t
ngx_voiceagent_job_body(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    va_job_t *job)
{
    off_t                       length;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    length = ngx_voiceagent_body_length(r);

    if (length <= (off_t) vlcf->job_body) {

        if (ngx_voiceagent_body_collect(r, ctx) != NGX_OK) {
            return NGX_ERROR;
        }

        job->body = ngx_voiceagent_va(&ctx->body);
        job->body_length = job->body.len;

        return NGX_OK;
    }

    if (ngx_voiceagent_body_sha256(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    job->body_omitted = true;
    job->body_length = (size_t) length;
    job->body_sha256 = ngx_voiceagent_va(&ctx->sha256);

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_job_members(ngx_http_request_t *r, ngx_voiceagent_ctx_t *ctx,
    va_job_t *job)
{
    ngx_uint_t                  i;
    ngx_voiceagent_json_t      *json;
    ngx_voiceagent_loc_conf_t  *vlcf;

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);

    if (vlcf->json == NULL || !job->body_omitted) {
        return NGX_OK;
    }

    if (ngx_voiceagent_json(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    json = vlcf->json->elts;

    job->members = ngx_palloc(r->pool, vlcf->json->nelts
                                       * sizeof(va_header_t));
    if (job->members == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < vlcf->json->nelts; i++) {
        if (ctx->json[i].data) {
            job->members[job->n_members].name =
                                           ngx_voiceagent_va(&json[i].name);
            job->members[job->n_members].value = ctx->json[i];
            job->n_members++;
        }
    }

    return NGX_OK;
}
