
/*
 * Copyright (C) voiceagent authors
 */


/*
 * /health (this nginx lives), /ready (Redis answers, and a worker said lately
 * that Postgres answers it), /metrics (ours, the queues', the workers').
 */


#include "ngx_voiceagent_ask.h"


#define NGX_VOICEAGENT_STATUS_HEALTH   1
#define NGX_VOICEAGENT_STATUS_READY    2
#define NGX_VOICEAGENT_STATUS_METRICS  3

#define NGX_VOICEAGENT_READY_AGE       "5000"
#define NGX_VOICEAGENT_STATS_FIELDS    8
#define NGX_VOICEAGENT_CALLS_FIELDS    5


typedef struct {
    ngx_voiceagent_ask_t           ask;          /* the first: its handlers */
    ngx_uint_t                     kind;
    ngx_uint_t                     detailed;     /* tells more than that it
                                                    lives */
    ngx_int_t                      workers;      /* NGX_ERROR: no Redis */
    int64_t                        calls[NGX_VOICEAGENT_CALLS_FIELDS];
    ngx_uint_t                     counted;      /* calls are known */
    va_buf_t                       out;
} ngx_voiceagent_status_t;


static char *ngx_voiceagent_status_set(ngx_conf_t *cf,
    ngx_voiceagent_loc_conf_t *vlcf, ngx_uint_t kind);
static ngx_int_t ngx_voiceagent_status_handler(ngx_http_request_t *r);
static void ngx_voiceagent_status_workers(ngx_voiceagent_ask_t *ask,
    redisReply *reply);
static void ngx_voiceagent_status_calls(ngx_voiceagent_ask_t *ask,
    redisReply *reply);
static void ngx_voiceagent_status_queues(ngx_voiceagent_ask_t *ask,
    redisReply *reply);
static void ngx_voiceagent_status_counters(ngx_voiceagent_ask_t *ask,
    redisReply *reply);
static void ngx_voiceagent_status_next(ngx_voiceagent_ask_t *ask,
    ngx_voiceagent_script_e script, ngx_uint_t nargs, ngx_uint_t nkeys,
    void (*take)(ngx_voiceagent_ask_t *ask, redisReply *reply));
static void ngx_voiceagent_status_sample(va_buf_t *out, redisReply *name,
    redisReply *value, ngx_str_t *family);
static void ngx_voiceagent_status_resume(ngx_voiceagent_ask_t *ask);
static ngx_int_t ngx_voiceagent_status_answer(
    ngx_voiceagent_status_t *status);
static ngx_int_t ngx_voiceagent_status_health(
    ngx_voiceagent_status_t *status);
static ngx_int_t ngx_voiceagent_status_ready(ngx_voiceagent_status_t *status);
static ngx_int_t ngx_voiceagent_status_metrics(
    ngx_voiceagent_status_t *status);


static const char  *ngx_voiceagent_queues[] = {
    "realtime", "default", "bulk"
};

/* the order of core/scripts/stats.lua */

static const char  *ngx_voiceagent_stats[NGX_VOICEAGENT_STATS_FIELDS] = {
    "in", "ready", "parked", "held", "later", "dead", "lanes", "oldest"
};


typedef struct {
    const char                    *member;       /* of /health */
    const char                    *sample;
    const char                    *help;
} ngx_voiceagent_calls_t;


/* the order of core/scripts/calls.lua */

static const ngx_voiceagent_calls_t
    ngx_voiceagent_calls[NGX_VOICEAGENT_CALLS_FIELDS] =
{
    { "live", "voiceagent_calls", "Live calls." },
    { "streams", "voiceagent_voice_streams",
      "Live calls that have, or are to have, a media stream." },
    { "capacity", "voiceagent_voice_capacity",
      "Media streams that the living voice processes may carry." },
    { "processes", "voiceagent_voice_processes",
      "Living voice processes that take calls." },
    { "processesWithRoom", "voiceagent_voice_processes_with_room",
      "Those that carry fewer streams than they may." }
};


/* voiceagent_status health|ready [detail=value] */

char *
ngx_voiceagent_status_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_loc_conf_t  *vlcf = conf;

    ngx_str_t   *value, s;
    ngx_uint_t   kind;

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "health") == 0) {
        kind = NGX_VOICEAGENT_STATUS_HEALTH;

    } else if (ngx_strcmp(value[1].data, "ready") == 0) {
        kind = NGX_VOICEAGENT_STATUS_READY;

    } else {
        return "knows health and ready";
    }

    if (cf->args->nelts == 3) {

        s = value[2];

        if (!ngx_voiceagent_named(&s, "detail=")) {
            return "knows the parameter detail=";
        }

        if (ngx_voiceagent_complex_value(cf, &s, &vlcf->status_detail)
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return ngx_voiceagent_status_set(cf, vlcf, kind);
}


char *
ngx_voiceagent_metrics_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    return ngx_voiceagent_status_set(cf, conf, NGX_VOICEAGENT_STATUS_METRICS);
}


static char *
ngx_voiceagent_status_set(ngx_conf_t *cf, ngx_voiceagent_loc_conf_t *vlcf,
    ngx_uint_t kind)
{
    vlcf->status = kind;

    return ngx_voiceagent_location(cf, vlcf, ngx_voiceagent_status_handler);
}


static ngx_int_t
ngx_voiceagent_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                   rc;
    ngx_str_t                   detail;
    ngx_voiceagent_ctx_t       *ctx;
    ngx_voiceagent_status_t    *status;
    ngx_voiceagent_loc_conf_t  *vlcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    vlcf = ngx_http_get_module_loc_conf(r, ngx_voiceagent_module);
    ctx = ngx_voiceagent_get_ctx(r);

    status = ngx_pcalloc(r->pool, sizeof(ngx_voiceagent_status_t));

    if (ctx == NULL || status == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_voiceagent_ask_init(r, &status->ask, ngx_voiceagent_status_workers,
                            ngx_voiceagent_status_resume);

    if (ngx_voiceagent_ask_guard(r, &status->ask) != NGX_OK
        || ngx_voiceagent_wait_events(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    status->kind = vlcf->status;
    status->detailed = vlcf->status == NGX_VOICEAGENT_STATUS_METRICS;
    status->workers = NGX_ERROR;

    if (vlcf->status_detail) {

        if (ngx_http_complex_value(r, vlcf->status_detail, &detail) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        status->detailed = detail.len
                           && !(detail.len == 1 && detail.data[0] == '0');
    }

    va_buf_init(&status->out, &ctx->mem, 0);

    status->ask.args[0] = VA_STR("va:alive");
    status->ask.args[1] = VA_STR(NGX_VOICEAGENT_READY_AGE);

    if (ngx_voiceagent_ask(&status->ask, NGX_VOICEAGENT_READY, VA_STR_NULL, 2,
                           1)
        != NGX_OK)
    {
        return ngx_voiceagent_status_answer(status);
    }

    r->main->count++;

    return NGX_DONE;
}


static void
ngx_voiceagent_status_workers(ngx_voiceagent_ask_t *ask, redisReply *reply)
{
    ngx_voiceagent_status_t  *status;

    status = (ngx_voiceagent_status_t *) ask;

    if (reply && reply->type == REDIS_REPLY_INTEGER) {
        status->workers = (ngx_int_t) reply->integer;
    }

    if (reply == NULL || !status->detailed) {
        ngx_voiceagent_ask_resume(ask);
        return;
    }

    ask->args[0] = VA_STR("va:voice:live");
    ask->args[1] = VA_STR("va:voice:media");
    ask->args[2] = VA_STR("va:voice:processes");

    ngx_voiceagent_status_next(ask, NGX_VOICEAGENT_CALLS, 3, 3,
                               ngx_voiceagent_status_calls);
}


static void
ngx_voiceagent_status_calls(ngx_voiceagent_ask_t *ask, redisReply *reply)
{
    ngx_uint_t                i;
    ngx_voiceagent_status_t  *status;

    status = (ngx_voiceagent_status_t *) ask;

    if (reply && reply->type == REDIS_REPLY_ARRAY
        && reply->elements == NGX_VOICEAGENT_CALLS_FIELDS)
    {
        for (i = 0; i < NGX_VOICEAGENT_CALLS_FIELDS; i++) {
            status->calls[i] = reply->element[i]->integer;
        }

        status->counted = 1;
    }

    if (status->kind != NGX_VOICEAGENT_STATUS_METRICS) {
        ngx_voiceagent_ask_resume(ask);
        return;
    }

    ask->args[0] = VA_STR("va:{realtime}:");
    ask->args[1] = VA_STR("va:{default}:");
    ask->args[2] = VA_STR("va:{bulk}:");

    ngx_voiceagent_status_next(ask, NGX_VOICEAGENT_STATS, 3, 3,
                               ngx_voiceagent_status_queues);
}


/* without Redis the answer tells what is known without it */

static void
ngx_voiceagent_status_next(ngx_voiceagent_ask_t *ask,
    ngx_voiceagent_script_e script, ngx_uint_t nargs, ngx_uint_t nkeys,
    void (*take)(ngx_voiceagent_ask_t *ask, redisReply *reply))
{
    ask->take = take;

    if (ngx_voiceagent_ask(ask, script, VA_STR_NULL, nargs, nkeys) != NGX_OK) {
        ngx_voiceagent_ask_resume(ask);
    }
}


static void
ngx_voiceagent_status_queues(ngx_voiceagent_ask_t *ask, redisReply *reply)
{
    va_buf_t    *out;
    redisReply  *queue;
    ngx_uint_t   i, j;

    out = &((ngx_voiceagent_status_t *) ask)->out;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        ngx_voiceagent_ask_resume(ask);
        return;
    }

    va_buf_add_c(out, "# HELP voiceagent_queue_jobs Jobs in the queues.\n"
                      "# TYPE voiceagent_queue_jobs gauge\n");

    for (i = 0; i < ngx_min(reply->elements, 3); i++) {
        queue = reply->element[i];

        for (j = 0; j < ngx_min(queue->elements, 6); j++) {
            va_buf_add_c(out, "voiceagent_queue_jobs{queue=\"");
            va_buf_add_c(out, ngx_voiceagent_queues[i]);
            va_buf_add_c(out, "\",state=\"");
            va_buf_add_c(out, ngx_voiceagent_stats[j]);
            va_buf_add_c(out, "\"} ");
            va_buf_add_int(out, queue->element[j]->integer);
            va_buf_add_char(out, '\n');
        }
    }

    va_buf_add_c(out, "# HELP voiceagent_queue_oldest_milliseconds "
                      "Age of the oldest job nobody works on.\n"
                      "# TYPE voiceagent_queue_oldest_milliseconds gauge\n");

    for (i = 0; i < ngx_min(reply->elements, 3); i++) {
        queue = reply->element[i];

        if (queue->elements == NGX_VOICEAGENT_STATS_FIELDS) {
            va_buf_add_c(out,
                         "voiceagent_queue_oldest_milliseconds{queue=\"");
            va_buf_add_c(out, ngx_voiceagent_queues[i]);
            va_buf_add_c(out, "\"} ");
            va_buf_add_int(out, queue->element[7]->integer);
            va_buf_add_char(out, '\n');
        }
    }

    ask->args[0] = VA_STR("HGETALL");
    ask->args[1] = VA_STR("va:metrics");

    ngx_voiceagent_status_next(ask, NGX_VOICEAGENT_PLAIN, 2, 0,
                               ngx_voiceagent_status_counters);
}


/* the workers' samples, each family under its own TYPE line */

static void
ngx_voiceagent_status_counters(ngx_voiceagent_ask_t *ask, redisReply *reply)
{
    size_t      i, j, len;
    va_buf_t   *out;
    ngx_str_t   family;

    out = &((ngx_voiceagent_status_t *) ask)->out;

    ngx_voiceagent_ask_resume(ask);

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        return;
    }

    for (i = 0; i + 1 < reply->elements; i += 2) {

        if (reply->element[i]->len == 0) {
            continue;
        }

        len = strcspn(reply->element[i]->str, "{");
        family.data = (u_char *) reply->element[i]->str;
        family.len = len;

        va_buf_add_c(out, "# TYPE ");
        va_buf_add(out, family.data, family.len);
        va_buf_add_c(out, " counter\n");

        /* all of one family stand together; those written are emptied */

        for (j = i; j + 1 < reply->elements; j += 2) {
            ngx_voiceagent_status_sample(out, reply->element[j],
                                         reply->element[j + 1], &family);
        }
    }
}


static void
ngx_voiceagent_status_sample(va_buf_t *out, redisReply *name,
    redisReply *value, ngx_str_t *family)
{
    if (name->len == 0
        || strcspn(name->str, "{") != family->len
        || ngx_strncmp(name->str, family->data, family->len) != 0)
    {
        return;
    }

    va_buf_add(out, name->str, name->len);
    va_buf_add_char(out, ' ');
    va_buf_add(out, value->str, value->len);
    va_buf_add_char(out, '\n');

    name->len = 0;
}


static void
ngx_voiceagent_status_resume(ngx_voiceagent_ask_t *ask)
{
    ngx_int_t  rc;

    rc = ngx_voiceagent_status_answer((ngx_voiceagent_status_t *) ask);

    ngx_http_finalize_request(ask->request, rc);
}


static ngx_int_t
ngx_voiceagent_status_answer(ngx_voiceagent_status_t *status)
{
    switch (status->kind) {

    case NGX_VOICEAGENT_STATUS_HEALTH:
        return ngx_voiceagent_status_health(status);

    case NGX_VOICEAGENT_STATUS_READY:
        return ngx_voiceagent_status_ready(status);

    default: /* NGX_VOICEAGENT_STATUS_METRICS */
        return ngx_voiceagent_status_metrics(status);
    }
}


static ngx_int_t
ngx_voiceagent_status_health(ngx_voiceagent_status_t *status)
{
    ngx_str_t          body;
    ngx_uint_t         i;
    va_json_writer_t  *w;
    static ngx_str_t   type = ngx_string("application/json");

    w = va_json_writer_new(&status->out);
    if (w == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    va_json_object(w);
    va_json_add_c(w, "status", "ok");

    if (status->detailed) {
        va_json_key(w, "webSocket");
        va_json_object(w);
        va_json_add_int(w, "connections",
                        ngx_voiceagent_gauge_sum(NGX_VOICEAGENT_WEBSOCKETS));
        va_json_object_end(w);

        va_json_key(w, "sessions");
        va_json_object(w);
        va_json_add_int(w, "streams",
                        ngx_voiceagent_gauge_sum(NGX_VOICEAGENT_STREAMS));
        va_json_add_int(w, "waiting",
                        ngx_voiceagent_gauge_sum(NGX_VOICEAGENT_WAITERS));
        va_json_object_end(w);

        if (status->counted) {
            va_json_key(w, "calls");
            va_json_object(w);

            for (i = 0; i < NGX_VOICEAGENT_CALLS_FIELDS; i++) {
                va_json_add_int(w, ngx_voiceagent_calls[i].member,
                                status->calls[i]);
            }

            va_json_object_end(w);
        }

        va_json_add_c(w, "redis", status->workers == NGX_ERROR ? "down"
                                                               : "up");
        va_json_add_c(w, "postgres", status->workers == NGX_ERROR ? "unknown"
                                     : status->workers ? "up" : "down");
        va_json_add_int(w, "workers", ngx_max(status->workers, 0));
    }

    va_json_object_end(w);

    if (va_json_writer_end(w) != VA_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_voiceagent_ngx(&body, va_buf_str(&status->out));

    return ngx_voiceagent_send(status->ask.request, NGX_HTTP_OK, &type, &body);
}


static ngx_int_t
ngx_voiceagent_status_ready(ngx_voiceagent_status_t *status)
{
    static ngx_str_t  type = ngx_string("application/json");
    static ngx_str_t  ready = ngx_string("{\"status\":\"ready\"}");

    if (status->workers > 0) {
        return ngx_voiceagent_send(status->ask.request, NGX_HTTP_OK, &type,
                                   &ready);
    }

    return ngx_voiceagent_send_error(status->ask.request,
                                     NGX_HTTP_SERVICE_UNAVAILABLE,
                                     "not_ready",
                                     status->workers == NGX_ERROR
                                     ? "Redis does not answer."
                                     : "No worker says that Postgres answers.");
}


static ngx_int_t
ngx_voiceagent_status_metrics(ngx_voiceagent_status_t *status)
{
    va_buf_t          *out;
    ngx_str_t          body;
    ngx_uint_t         i;
    static ngx_str_t   type = ngx_string("text/plain; version=0.0.4");

    out = &status->out;

    ngx_voiceagent_zone_print(out);

    va_buf_add_c(out, "# HELP voiceagent_redis_up Whether Redis answered.\n"
                      "# TYPE voiceagent_redis_up gauge\n"
                      "voiceagent_redis_up ");
    va_buf_add_int(out, status->workers != NGX_ERROR);
    va_buf_add_c(out, "\n# HELP voiceagent_workers_ready Worker processes that "
                      "reach Postgres.\n"
                      "# TYPE voiceagent_workers_ready gauge\n"
                      "voiceagent_workers_ready ");
    va_buf_add_int(out, ngx_max(status->workers, 0));
    va_buf_add_char(out, '\n');

    for (i = 0; status->counted && i < NGX_VOICEAGENT_CALLS_FIELDS; i++) {
        va_buf_add_c(out, "# HELP ");
        va_buf_add_c(out, ngx_voiceagent_calls[i].sample);
        va_buf_add_char(out, ' ');
        va_buf_add_c(out, ngx_voiceagent_calls[i].help);
        va_buf_add_c(out, "\n# TYPE ");
        va_buf_add_c(out, ngx_voiceagent_calls[i].sample);
        va_buf_add_c(out, " gauge\n");
        va_buf_add_c(out, ngx_voiceagent_calls[i].sample);
        va_buf_add_char(out, ' ');
        va_buf_add_int(out, status->calls[i]);
        va_buf_add_char(out, '\n');
    }

    ngx_voiceagent_ngx(&body, va_buf_str(out));

    if (body.len == 0) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_voiceagent_send(status->ask.request, NGX_HTTP_OK, &type, &body);
}
