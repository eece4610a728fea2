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
#define MAX_ARGS   1000 /* of one script call; even */

static const int bounds_ms[] = {1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000};

#define N_BOUNDS (sizeof(bounds_ms) / sizeof(*bounds_ms))

/* What was counted since the last flush. */
typedef struct {
    int64_t count; /* of a histogram: the observations */
    int64_t sum_ms;
    int64_t buckets[N_BOUNDS + 1]; /* not cumulative; the last is +Inf */
} counts_t;

typedef struct {
    const char *name;
    char *labels; /* without braces, may be empty */
    bool histogram;
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

static series_t *new_series(const char *name, const labels_t *l, bool histogram)
{
    series_t *s = calloc(1, sizeof(*s));
    if (s == NULL || (s->labels = strndup(l->text, l->len)) == NULL) {
        free(s);
        return NULL;
    }
    s->name = name;
    s->histogram = histogram;
    all.list[all.n++] = s;
    return s;
}

/* With the lock held. NULL when there is no room for another. */
static counts_t *find(const char *name, const labels_t *l, bool histogram)
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
        all.slots[i] = new_series(name, l, histogram);
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
    counts_t *c = find(name, &l, false);
    if (c != NULL) {
        c->count += n;
    } else {
        all.dropped++;
    }
    pthread_mutex_unlock(&all.lock);
}

void wk_observe_ms(const char *name, const char *label, va_str_t value, int64_t ms)
{
    labels_t l = {.len = 0};
    size_t bucket = 0;
    add_label(&l, label, value);
    while (bucket < N_BOUNDS && ms > bounds_ms[bucket]) {
        bucket++;
    }
    pthread_mutex_lock(&all.lock);
    counts_t *c = find(name, &l, true);
    if (c != NULL) {
        c->count++;
        c->sum_ms += ms;
        c->buckets[bucket]++;
    } else {
        all.dropped++;
    }
    pthread_mutex_unlock(&all.lock);
}

/* ---------------------------------------------------------------- sending */

/* Name and difference of each sample. */
typedef struct {
    wk_arena_t *arena;
    va_str_t args[MAX_ARGS];
    size_t n;
} samples_t;

static void add_sample(samples_t *s, const series_t *of, const char *suffix, const char *le,
                       va_str_t value)
{
    const char *comma = *of->labels != '\0' && le != NULL ? "," : "";
    va_str_t bound = le != NULL ? wk_printf(s->arena, "le=\"%s\"", le) : VA_STR("");
    bool braces = *of->labels != '\0' || le != NULL;
    s->args[s->n++] = wk_printf(s->arena, "%s%s%s%s%s%s%s", of->name, suffix, braces ? "{" : "",
                                of->labels, comma, bound.data, braces ? "}" : "");
    s->args[s->n++] = value;
}

static va_str_t integer(wk_arena_t *a, int64_t n)
{
    return wk_printf(a, "%lld", (long long)n);
}

static void add_histogram(samples_t *s, const series_t *of, const counts_t *c)
{
    int64_t below = 0;
    for (size_t i = 0; i <= N_BOUNDS; i++) {
        below += c->buckets[i];
        va_str_t le =
            i < N_BOUNDS ? wk_printf(s->arena, "%g", bounds_ms[i] / 1000.0) : VA_STR("+Inf");
        add_sample(s, of, "_bucket", le.data, integer(s->arena, below));
    }
    add_sample(s, of, "_sum", NULL,
               wk_printf(s->arena, "%lld.%03d", (long long)(c->sum_ms / 1000),
                         (int)(c->sum_ms % 1000)));
    add_sample(s, of, "_count", NULL, integer(s->arena, c->count));
}

static bool send_samples(wk_redis_t *r, samples_t *s, wk_error_t *e)
{
    static const va_str_t key = {"va:metrics", 10};
    if (s->n == 0) {
        return true;
    }
    redisReply *reply = wk_redis_script(r, &wk_script_metrics, &key, 1, s->args, s->n, e);
    freeReplyObject(reply);
    s->n = 0;
    return reply != NULL;
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

/* Sends a batch of series, or puts all of it back. */
static bool flush_batch(wk_redis_t *r, size_t from, size_t to, wk_arena_t *a, wk_error_t *e)
{
    samples_t s = {.arena = a};
    counts_t *taken = wk_alloc(a, (to - from) * sizeof(*taken));
    for (size_t i = from; i < to; i++) {
        counts_t *c = &taken[i - from];
        *c = take_counts(all.list[i]);
        if (c->count == 0) {
            continue;
        }
        if (all.list[i]->histogram) {
            add_histogram(&s, all.list[i], c);
        } else {
            add_sample(&s, all.list[i], "", NULL, integer(a, c->count));
        }
    }
    if (send_samples(r, &s, e)) {
        return true;
    }
    for (size_t i = from; i < to; i++) {
        put_back(all.list[i], &taken[i - from]);
    }
    return false;
}

/* Dropped series are a counter themselves, which has room kept by being the first. */
static size_t count_dropped(void)
{
    pthread_mutex_lock(&all.lock);
    int64_t dropped = all.dropped;
    all.dropped = 0;
    size_t n = all.n;
    pthread_mutex_unlock(&all.lock);
    wk_count("voiceagent_worker_series_dropped_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL,
             dropped);
    return n;
}

bool wk_metrics_flush(wk_redis_t *r, wk_error_t *e)
{
    const size_t batch = MAX_ARGS / 2 / (N_BOUNDS + 3);
    wk_arena_t *a = wk_arena_new();
    size_t n = count_dropped();
    bool ok = true;
    for (size_t from = 0; from < n && ok; from += batch) {
        ok = flush_batch(r, from, from + batch < n ? from + batch : n, a, e);
    }
    wk_arena_free(a);
    return ok;
}
