#include "worker/metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/arena.h"

#include "scripts.h"

#define MAX_SERIES 4000
#define SLOTS      8192 /* a power of two, well above MAX_SERIES */
#define MAX_LABELS 200

#define N_BOUNDS 13
#define BATCH                                                                                  \
    (WK_METRICS_ARGS / 2 / (N_BOUNDS + 3)) /* series: a histogram has that many samples */

static const int work_ms[N_BOUNDS] = {1,   2,   5,    10,   25,   50,   100,
                                      250, 500, 1000, 2500, 5000, 10000};
static const int wait_ms[N_BOUNDS] = {50,  100,  150,  200,  300,  400,  500,
                                      750, 1000, 1500, 2500, 5000, 10000};

/* What was counted since the last flush. */
typedef struct {
    int64_t count; /* of a histogram: the observations */
    int64_t sum_ms;
    int64_t buckets[N_BOUNDS + 1]; /* not cumulative; the last is +Inf */
} counts_t;

typedef struct {
    const char *name;
    char *labels;         /* without braces, may be empty */
    const int *bounds_ms; /* of a histogram; else NULL */
    counts_t counts;
} series_t;

static struct {
    pthread_mutex_t lock;
    series_t *slots[SLOTS];
    series_t *list[MAX_SERIES];
    size_t n;
    int64_t dropped;
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---------------------------------------------------------------- counting */

typedef struct {
    char text[MAX_LABELS];
    size_t len;
} labels_t;

static void add_char(labels_t *l, char c)
{
    if (l->len < sizeof(l->text) - 1) {
        l->text[l->len++] = c;
    }
}

/* Escaped as the text format wants it; bytes that are not printable ASCII as '?'. */
static void add_label(labels_t *l, const char *name, va_str_t value)
{
    if (name == NULL) {
        return;
    }
    if (l->len > 0) {
        add_char(l, ',');
    }
    for (const char *p = name; *p != '\0'; p++) {
        add_char(l, *p);
    }
    add_char(l, '=');
    add_char(l, '"');
    /* Cut where the closing quote still fits. */
    for (size_t i = 0; i < value.len && l->len < sizeof(l->text) - 4; i++) {
        char c = value.data[i];
        if (c == '"' || c == '\\') {
            add_char(l, '\\');
        }
        add_char(l, c >= ' ' && c <= '~' ? c : '?');
    }
    add_char(l, '"');
}

/* FNV-1a */
static size_t hash(const char *name, const labels_t *l)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *p = name; *p != '\0'; p++) {
        h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    }
    for (size_t i = 0; i < l->len; i++) {
        h = (h ^ (unsigned char)l->text[i]) * UINT64_C(0x100000001b3);
    }
    return (size_t)h;
}

static series_t *new_series(const char *name, const labels_t *l, const int *bounds_ms)
{
    series_t *s = calloc(1, sizeof(*s));
    if (s == NULL || (s->labels = strndup(l->text, l->len)) == NULL) {
        free(s);
        return NULL;
    }
    s->name = name;
    s->bounds_ms = bounds_ms;
    all.list[all.n++] = s;
    return s;
}

/* With the lock held. NULL when there is no room for another. */
static counts_t *find(const char *name, const labels_t *l, const int *bounds_ms)
{
    size_t i = hash(name, l) & (SLOTS - 1);
    for (; all.slots[i] != NULL; i = (i + 1) & (SLOTS - 1)) {
        series_t *s = all.slots[i];
        if (strcmp(s->name, name) == 0 && strlen(s->labels) == l->len &&
            memcmp(s->labels, l->text, l->len) == 0) {
            return &s->counts;
        }
    }
    if (all.n < MAX_SERIES) {
        all.slots[i] = new_series(name, l, bounds_ms);
    }
    return all.slots[i] != NULL ? &all.slots[i]->counts : NULL;
}

void wk_count(const char *name, const char *label1, va_str_t value1, const char *label2,
              va_str_t value2, int64_t n)
{
    labels_t l = {.len = 0};
    add_label(&l, label1, value1);
    add_label(&l, label2, value2);
    pthread_mutex_lock(&all.lock);
    counts_t *c = find(name, &l, NULL);
    if (c != NULL) {
        c->count += n;
    } else {
        all.dropped++;
    }
    pthread_mutex_unlock(&all.lock);
}

static void observe(const char *name, const labels_t *l, const int *bounds_ms, int64_t ms)
{
    size_t bucket = 0;
    while (bucket < N_BOUNDS && ms > bounds_ms[bucket]) {
        bucket++;
    }
    pthread_mutex_lock(&all.lock);
    counts_t *c = find(name, l, bounds_ms);
    if (c != NULL) {
        c->count++;
        c->sum_ms += ms;
        c->buckets[bucket]++;
    } else {
        all.dropped++;
    }
    pthread_mutex_unlock(&all.lock);
}

void wk_observe_ms(const char *name, const char *label, va_str_t value, int64_t ms)
{
    labels_t l = {.len = 0};
    add_label(&l, label, value);
    observe(name, &l, work_ms, ms);
}

void wk_observe_wait_ms(const char *name, const char *label1, va_str_t value1,
                        const char *label2, va_str_t value2, int64_t ms)
{
    labels_t l = {.len = 0};
    add_label(&l, label1, value1);
    add_label(&l, label2, value2);
    observe(name, &l, wait_ms, ms);
}

/* ---------------------------------------------------------------- sending */

/* What was taken of some series, and its samples: name and difference of each. */
struct wk_metrics_batch {
    wk_arena_t *arena;
    size_t from, to;
    counts_t taken[BATCH];
    va_str_t args[WK_METRICS_ARGS];
    size_t n;
};

static void add_sample(wk_metrics_batch_t *b, const series_t *of, const char *suffix,
                       const char *le, va_str_t value)
{
    const char *comma = *of->labels != '\0' && le != NULL ? "," : "";
    va_str_t bound = le != NULL ? wk_printf(b->arena, "le=\"%s\"", le) : VA_STR("");
    bool braces = *of->labels != '\0' || le != NULL;
    b->args[b->n++] = wk_printf(b->arena, "%s%s%s%s%s%s%s", of->name, suffix, braces ? "{" : "",
                                of->labels, comma, bound.data, braces ? "}" : "");
    b->args[b->n++] = value;
}

static va_str_t integer(wk_arena_t *a, int64_t n)
{
    return wk_printf(a, "%lld", (long long)n);
}

static void add_histogram(wk_metrics_batch_t *b, const series_t *of, const counts_t *c)
{
    int64_t below = 0;
    for (size_t i = 0; i <= N_BOUNDS; i++) {
        below += c->buckets[i];
        va_str_t le = i < N_BOUNDS ? wk_printf(b->arena, "%g", of->bounds_ms[i] / 1000.0)
                                   : VA_STR("+Inf");
        add_sample(b, of, "_bucket", le.data, integer(b->arena, below));
    }
    add_sample(b, of, "_sum", NULL,
               wk_printf(b->arena, "%lld.%03d", (long long)(c->sum_ms / 1000),
                         (int)(c->sum_ms % 1000)));
    add_sample(b, of, "_count", NULL, integer(b->arena, c->count));
}

static counts_t take_counts(series_t *s)
{
    counts_t none = {.count = 0};
    pthread_mutex_lock(&all.lock);
    counts_t c = s->counts;
    s->counts = none;
    pthread_mutex_unlock(&all.lock);
    return c;
}

static void put_back(series_t *s, const counts_t *c)
{
    pthread_mutex_lock(&all.lock);
    s->counts.count += c->count;
    s->counts.sum_ms += c->sum_ms;
    for (size_t i = 0; i <= N_BOUNDS; i++) {
        s->counts.buckets[i] += c->buckets[i];
    }
    pthread_mutex_unlock(&all.lock);
}

static wk_metrics_batch_t *gather(size_t from, size_t to)
{
    wk_metrics_batch_t *b = malloc(sizeof(*b));
    if (b == NULL) {
        abort();
    }
    b->arena = wk_arena_new();
    b->from = from;
    b->to = to;
    b->n = 0;
    for (size_t i = from; i < to; i++) {
        counts_t *c = &b->taken[i - from];
        *c = take_counts(all.list[i]);
        if (c->count == 0) {
            continue;
        }
        if (all.list[i]->bounds_ms != NULL) {
            add_histogram(b, all.list[i], c);
        } else {
            add_sample(b, all.list[i], "", NULL, integer(b->arena, c->count));
        }
    }
    return b;
}

/* Dropped series are a counter themselves, which has room kept by being the first. */
static void count_dropped(void)
{
    pthread_mutex_lock(&all.lock);
    int64_t dropped = all.dropped;
    all.dropped = 0;
    pthread_mutex_unlock(&all.lock);
    wk_count("voiceagent_worker_series_dropped_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL,
             dropped);
}

static size_t count_series(void)
{
    pthread_mutex_lock(&all.lock);
    size_t n = all.n;
    pthread_mutex_unlock(&all.lock);
    return n;
}

wk_metrics_batch_t *wk_metrics_batch(size_t *from)
{
    if (*from == 0) {
        count_dropped();
    }
    for (size_t n = count_series(); *from < n;) {
        wk_metrics_batch_t *b = gather(*from, *from + BATCH < n ? *from + BATCH : n);
        *from = b->to;
        if (b->n > 0) {
            return b;
        }
        wk_metrics_batch_end(b, true);
    }
    return NULL;
}

const va_str_t *wk_metrics_batch_args(const wk_metrics_batch_t *b, size_t *n)
{
    *n = b->n;
    return b->args;
}

void wk_metrics_batch_end(wk_metrics_batch_t *b, bool sent)
{
    for (size_t i = b->from; i < b->to && !sent; i++) {
        put_back(all.list[i], &b->taken[i - b->from]);
    }
    wk_arena_free(b->arena);
    free(b);
}

bool wk_metrics_flush(wk_redis_t *r, wk_error_t *e)
{
    const va_str_t key = VA_STR(WK_METRICS_KEY);
    wk_metrics_batch_t *b;
    size_t from = 0, n;
    bool ok = true;
    while (ok && (b = wk_metrics_batch(&from)) != NULL) {
        const va_str_t *args = wk_metrics_batch_args(b, &n);
        redisReply *reply = wk_redis_script(r, &wk_script_metrics, &key, 1, args, n, e);
        ok = reply != NULL;
        freeReplyObject(reply);
        wk_metrics_batch_end(b, ok);
    }
    return ok;
}
