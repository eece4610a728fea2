
/*
 * Copyright (C) voiceagent authors
 */


/*
 * The one thing nginx workers share: atomic counters.  They outlive a reload of
 * the configuration; a module of another layout is another module to nginx,
 * and gets a zone of its own.
 */


#include "ngx_voiceagent_module.h"


#define NGX_VOICEAGENT_SCHEME_MAX    16
#define NGX_VOICEAGENT_REASON_MAX    32


struct ngx_voiceagent_counters_s {
    ngx_atomic_t  outcomes[NGX_VOICEAGENT_OUTCOMES];
    ngx_atomic_t  totals[NGX_VOICEAGENT_TOTALS];
    ngx_atomic_t  refusals[NGX_VOICEAGENT_SCHEME_MAX]
                          [NGX_VOICEAGENT_REASON_MAX];
    ngx_atomic_t  gauges[NGX_MAX_PROCESSES][NGX_VOICEAGENT_GAUGES];
};


typedef struct {
    const char   *name;
    const char   *help;
} ngx_voiceagent_metric_t;


static ngx_int_t ngx_voiceagent_zone_init(ngx_shm_zone_t *zone, void *data);
static ngx_int_t ngx_voiceagent_zone_add(ngx_conf_t *cf, ngx_str_t *name,
    size_t size);
static ngx_uint_t ngx_voiceagent_zone_index(const char **names, ngx_uint_t n,
    const char *name);
static void ngx_voiceagent_zone_head(va_buf_t *out,
    const ngx_voiceagent_metric_t *metric, const char *type);


static const char  *ngx_voiceagent_outcomes[] = {
    "accepted", "duplicate", "replied", "fallback", "pending", "timeout",
    "ended", "refused", "unavailable", "overloaded", "bad_request"
};


/* the last of each list stands for all that are not named */

static const char  *ngx_voiceagent_schemes[] = {
    "twilio", "elevenlabs", "shopify", "hubspot", "standard_webhooks",
    "google_channel", "livekit", "hmac", "bearer", "jwt", "ticket",
    "stream_token", "require", "authorize", "route", "none"
};

static const char  *ngx_voiceagent_reasons[] = {
    "absent", "malformed", "stale", "account", "mismatch", "limit", "error",
    "alg", "crit", "key", "signature", "expired", "not_yet", "issuer",
    "audience", "subject", "organization", "role", "claims", "origin",
    "unknown", "forbidden", "not_found", "no_upgrade", "unavailable", "other"
};


static const ngx_voiceagent_metric_t  ngx_voiceagent_total_metrics[] = {
    { "voiceagent_replies_late_total",
      "Replies nobody waited for any more." },
    { "voiceagent_replies_stored_total",
      "Replies read from their key because the published one was missed." },
    { "voiceagent_redis_connects_total", "Connections made to Redis." },
    { "voiceagent_redis_failures_total", "Connections to Redis that failed." },
    { "voiceagent_redis_timeouts_total", "Commands Redis did not answer." },
    { "voiceagent_events_sent_total", "Events written to clients." },
    { "voiceagent_events_resyncs_total",
      "Clients told that their replay cannot be complete." },
    { "voiceagent_events_gaps_total",
      "Times the history was read again because an event was missed." },
    { "voiceagent_keys_changed_total", "Key files read again." },
    { "voiceagent_keys_failed_total", "Changed key files that did not parse." }
};


static const ngx_voiceagent_metric_t  ngx_voiceagent_gauge_metrics[] = {
    { "voiceagent_redis_inflight", "Commands Redis has not answered yet." },
    { "voiceagent_waiting_requests", "Requests waiting for a worker." },
    { "voiceagent_event_clients", "Clients of the event streams." },
    { "voiceagent_websockets", "WebSockets that are open." }
};


static ngx_voiceagent_counters_t  *ngx_voiceagent_counters;


char *
ngx_voiceagent_zone_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_voiceagent_main_conf_t  *vmcf = conf;

    ssize_t     size;
    ngx_str_t  *value;

    if (vmcf->zone != NULL) {
        return "is duplicate";
    }

    value = cf->args->elts;

    size = cf->args->nelts == 3 ? ngx_parse_size(&value[2]) : 0;

    if (size == NGX_ERROR) {
        return "has an invalid size";
    }

    return ngx_voiceagent_zone_add(cf, &value[1], (size_t) size) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


ngx_int_t
ngx_voiceagent_zone_default(ngx_conf_t *cf)
{
    ngx_str_t                    name = ngx_string("voiceagent");
    ngx_voiceagent_main_conf_t  *vmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voiceagent_module);

    return vmcf->zone ? NGX_OK : ngx_voiceagent_zone_add(cf, &name, 0);
}


static ngx_int_t
ngx_voiceagent_zone_add(ngx_conf_t *cf, ngx_str_t *name, size_t size)
{
    size_t                       least;
    ngx_voiceagent_main_conf_t  *vmcf;

    vmcf = ngx_http_conf_get_module_main_conf(cf, ngx_voiceagent_module);

    least = ngx_align(sizeof(ngx_voiceagent_counters_t)
                      + sizeof(ngx_slab_pool_t), ngx_pagesize)
            + 8 * ngx_pagesize;

    vmcf->zone = ngx_shared_memory_add(cf, name, ngx_max(size, least),
                                       &ngx_voiceagent_module);
    if (vmcf->zone == NULL) {
        return NGX_ERROR;
    }

    vmcf->zone->init = ngx_voiceagent_zone_init;

    return NGX_OK;
}


static ngx_int_t
ngx_voiceagent_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t            *pool;
    ngx_voiceagent_counters_t  *counters;

    counters = data;

    if (counters == NULL) {
        pool = (ngx_slab_pool_t *) zone->shm.addr;
        counters = zone->shm.exists ? pool->data : NULL;

        if (counters == NULL) {
            counters = ngx_slab_calloc(pool,
                                       sizeof(ngx_voiceagent_counters_t));
            if (counters == NULL) {
                return NGX_ERROR;
            }

            pool->data = counters;
        }
    }

    zone->data = counters;

    return NGX_OK;
}


void
ngx_voiceagent_zone_init_process(ngx_voiceagent_main_conf_t *vmcf)
{
    ngx_voiceagent_counters = vmcf->zone ? vmcf->zone->data : NULL;

    if (ngx_voiceagent_counters) {
        /* what a process that crashed in this slot has left */
        ngx_memzero((void *) ngx_voiceagent_counters->gauges[ngx_process_slot],
                    sizeof(ngx_voiceagent_counters->gauges[0]));
    }
}


void
ngx_voiceagent_count_outcome(ngx_voiceagent_outcome_e outcome)
{
    if (ngx_voiceagent_counters) {
        (void) ngx_atomic_fetch_add(
                           &ngx_voiceagent_counters->outcomes[outcome], 1);
    }
}


void
ngx_voiceagent_count(ngx_voiceagent_total_e total, ngx_atomic_int_t n)
{
    if (ngx_voiceagent_counters) {
        (void) ngx_atomic_fetch_add(&ngx_voiceagent_counters->totals[total],
                                    n);
    }
}


void
ngx_voiceagent_gauge(ngx_voiceagent_gauge_e gauge, ngx_atomic_int_t n)
{
    if (ngx_voiceagent_counters) {
        (void) ngx_atomic_fetch_add(
              &ngx_voiceagent_counters->gauges[ngx_process_slot][gauge], n);
    }
}


ngx_uint_t
ngx_voiceagent_gauge_sum(ngx_voiceagent_gauge_e gauge)
{
    ngx_uint_t        i;
    ngx_atomic_int_t  sum;

    sum = 0;

    for (i = 0; ngx_voiceagent_counters && i < NGX_MAX_PROCESSES; i++) {
        sum += (ngx_atomic_int_t) ngx_voiceagent_counters->gauges[i][gauge];
    }

    return sum > 0 ? (ngx_uint_t) sum : 0;
}


void
ngx_voiceagent_count_refusal(const char *scheme, const char *reason)
{
    ngx_uint_t  s, r;

    if (ngx_voiceagent_counters == NULL) {
        return;
    }

    s = ngx_voiceagent_zone_index(ngx_voiceagent_schemes,
                                  sizeof(ngx_voiceagent_schemes)
                                  / sizeof(char *), scheme);
    r = ngx_voiceagent_zone_index(ngx_voiceagent_reasons,
                                  sizeof(ngx_voiceagent_reasons)
                                  / sizeof(char *), reason);

    (void) ngx_atomic_fetch_add(&ngx_voiceagent_counters->refusals[s][r], 1);
}


static ngx_uint_t
ngx_voiceagent_zone_index(const char **names, ngx_uint_t n, const char *name)
{
    ngx_uint_t  i;

    for (i = 0; i < n - 1; i++) {
        if (ngx_strcmp(names[i], name) == 0) {
            break;
        }
    }

    return i;
}


/* Prometheus' text format, version 0.0.4 */

void
ngx_voiceagent_zone_print(va_buf_t *out)
{
    ngx_uint_t                            i, j, n;
    static const ngx_voiceagent_metric_t  requests = {
        "voiceagent_requests_total", "Requests by what became of them."
    };
    static const ngx_voiceagent_metric_t  refusals = {
        "voiceagent_refusals_total",
        "Requests refused, by what was asked for and why."
    };

    if (ngx_voiceagent_counters == NULL) {
        return;
    }

    ngx_voiceagent_zone_head(out, &requests, "counter");

    for (i = 0; i < NGX_VOICEAGENT_OUTCOMES; i++) {
        va_buf_add_c(out, "voiceagent_requests_total{outcome=\"");
        va_buf_add_c(out, ngx_voiceagent_outcomes[i]);
        va_buf_add_c(out, "\"} ");
        va_buf_add_int(out, ngx_voiceagent_counters->outcomes[i]);
        va_buf_add_char(out, '\n');
    }

    ngx_voiceagent_zone_head(out, &refusals, "counter");

    for (i = 0; i < sizeof(ngx_voiceagent_schemes) / sizeof(char *); i++) {
        for (j = 0; j < sizeof(ngx_voiceagent_reasons) / sizeof(char *); j++) {

            n = ngx_voiceagent_counters->refusals[i][j];
            if (n == 0) {
                continue;
            }

            va_buf_add_c(out, "voiceagent_refusals_total{scheme=\"");
            va_buf_add_c(out, ngx_voiceagent_schemes[i]);
            va_buf_add_c(out, "\",reason=\"");
            va_buf_add_c(out, ngx_voiceagent_reasons[j]);
            va_buf_add_c(out, "\"} ");
            va_buf_add_int(out, n);
            va_buf_add_char(out, '\n');
        }
    }

    for (i = 0; i < NGX_VOICEAGENT_TOTALS; i++) {
        ngx_voiceagent_zone_head(out, &ngx_voiceagent_total_metrics[i],
                                 "counter");
        va_buf_add_c(out, ngx_voiceagent_total_metrics[i].name);
        va_buf_add_char(out, ' ');
        va_buf_add_int(out, ngx_voiceagent_counters->totals[i]);
        va_buf_add_char(out, '\n');
    }

    for (i = 0; i < NGX_VOICEAGENT_GAUGES; i++) {
        ngx_voiceagent_zone_head(out, &ngx_voiceagent_gauge_metrics[i],
                                 "gauge");
        va_buf_add_c(out, ngx_voiceagent_gauge_metrics[i].name);
        va_buf_add_char(out, ' ');
        va_buf_add_int(out, ngx_voiceagent_gauge_sum(i));
        va_buf_add_char(out, '\n');
    }
}


static void
ngx_voiceagent_zone_head(va_buf_t *out, const ngx_voiceagent_metric_t *metric,
    const char *type)
{
    va_buf_add_c(out, "# HELP ");
    va_buf_add_c(out, metric->name);
    va_buf_add_char(out, ' ');
    va_buf_add_c(out, metric->help);
    va_buf_add_c(out, "\n# TYPE ");
    va_buf_add_c(out, metric->name);
    va_buf_add_char(out, ' ');
    va_buf_add_c(out, type);
    va_buf_add_char(out, '\n');
}
