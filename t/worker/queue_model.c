/*
 * The queue against a model of it: random operations on a real Redis, and after each one
 * the whole of it is read and compared. Nothing here waits for a clock: a lease runs out,
 * or a retry falls due, when the test says so.
 *
 * VA_SEED repeats one run; VA_ROUNDS makes more of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/worker/lib/servers.h"
#include "worker/clock.h"
#include "worker/queue.h"

#include "scripts.h"

#define Q          WK_DEFAULT
#define PREFIX     "va:{default}:"
#define N_LANES    6
#define N_SERIALS  4
#define MAX_JOBS   4000
#define STEPS      600
#define MAX_STALLS 3

/* ---------------------------------------------------------------- the model */

typedef enum { IN, READY, PARKED, HELD, LATER, NEWER, DEFERRED, DEAD, GONE } place_t;

static const char *const place_names[] = {"in",    "ready",    "parked", "held", "later",
                                          "newer", "deferred", "dead",   "gone"};

typedef struct {
    place_t place;
    int lane, serial; /* serial -1: none */
    double order;     /* when it came into the queue */
    int attempt, stalls;
    bool newer;
    char dedup[24];
    char token[40];     /* the lease's */
    char old_token[40]; /* of a lease that ended */
    bool crashed;       /* nobody knows the token any more, though it still counts */
    int seen;           /* in how many places, by the check */
} job_t;

static struct {
    wk_redis_t *redis;
    wk_arena_t *arena;
    wk_queue_limits_t limits;
    job_t jobs[MAX_JOBS];
    size_t n;
    double order;
    int turns[N_LANES]; /* takes that passed a lane by while it could give */
    unsigned seed;
    unsigned long long state;
    long step;
    const char *operation;
} m;

static unsigned rnd(unsigned below)
{
    m.state ^= m.state << 13;
    m.state ^= m.state >> 7;
    m.state ^= m.state << 17;
    return (unsigned)((m.state >> 11) % below);
}

__attribute__((format(printf, 1, 2), noreturn)) static void broken(const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fail_msg("seed %u step %ld after %s: %s", m.seed, m.step, m.operation, text);
    abort();
}

#define CHECK(condition, ...)                                                                  \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            broken(__VA_ARGS__);                                                               \
        }                                                                                      \
    } while (0)

static void must(bool ok, const wk_error_t *e)
{
    CHECK(ok, "%s", e->text);
}

static bool alive(const job_t *j)
{
    return j->place != DEAD && j->place != GONE;
}

/* A job that is in the way of those of its serial. */
static bool holds_serial(const job_t *j)
{
    return j->serial >= 0 && (j->place == READY || j->place == HELD || j->place == LATER);
}

static job_t *holder_of(int serial)
{
    for (size_t i = 0; i < m.n; i++) {
        if (m.jobs[i].serial == serial && holds_serial(&m.jobs[i])) {
            return &m.jobs[i];
        }
    }
    return NULL;
}

/* Nobody waits for it. */
static bool is_aside(const job_t *j)
{
    return j->place == NEWER || j->place == DEFERRED;
}

/* The job has left: the oldest parked one of its serial may run. */
static void model_hand_over(const job_t *j)
{
    job_t *next = NULL;
    for (size_t i = 0; j->serial >= 0 && i < m.n; i++) {
        job_t *other = &m.jobs[i];
        if (other->place == PARKED && other->serial == j->serial &&
            (next == NULL || other->order < next->order)) {
            next = other;
        }
    }
    if (next != NULL) {
        next->place = READY;
    }
}

/* It is held no more. */
static void model_let_go(job_t *j, place_t place)
{
    j->place = place;
    j->crashed = false;
    snprintf(j->old_token, sizeof(j->old_token), "%s", j->token);
    j->token[0] = '\0';
}

static void model_end(job_t *j, place_t place)
{
    model_let_go(j, place);
    model_hand_over(j);
}

/* The oldest 32 come in. */
static void model_intake(void)
{
    for (int n = 0; n < 32; n++) {
        job_t *first = NULL;
        for (size_t i = 0; i < m.n; i++) {
            job_t *j = &m.jobs[i];
            if (j->place == IN && (first == NULL || j->order < first->order)) {
                first = j;
            }
        }
        if (first == NULL) {
            return;
        }
        if (first->newer) {
            first->place = NEWER;
        } else {
            bool wait = first->serial >= 0 && holder_of(first->serial) != NULL;
            first->place = wait ? PARKED : READY;
        }
    }
}

/* ---------------------------------------------------------------- reading Redis */

/* Everything, in one step: {key, type, content…}. */
static const char dump_text[] =
    "local all = {}\n"
    "for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do\n"
    "  local type = redis.call('TYPE', key).ok\n"
    "  local one = {string.sub(key, #ARGV[1] + 1), type}\n"
    "  local content = {}\n"
    "  if type == 'string' then content = {redis.call('GET', key)}\n"
    "  elseif type == 'list' then content = redis.call('LRANGE', key, 0, -1)\n"
    "  elseif type == 'set' then content = redis.call('SMEMBERS', key)\n"
    "  elseif type == 'zset' then content = redis.call('ZRANGE', key, 0, -1)\n"
    "  elseif type == 'hash' then content = redis.call('HGETALL', key) end\n"
    "  for _, value in ipairs(content) do one[#one + 1] = value end\n"
    "  all[#all + 1] = one\n"
    "end\n"
    "return all\n";

static const wk_script_t dump_script = {"dump", dump_text, sizeof(dump_text) - 1};

static redisReply *dump;
static const redisReply *hashes[MAX_JOBS]; /* of the jobs, in dump */

static void index_hashes(void)
{
    memset(hashes, 0, sizeof(hashes));
    for (size_t i = 0; i < dump->elements; i++) {
        const char *key = dump->element[i]->element[0]->str;
        if (strncmp(key, "job:j", 5) == 0) {
            hashes[strtoul(key + 5, NULL, 10) % MAX_JOBS] = dump->element[i];
        }
    }
}

static void read_redis(void)
{
    wk_error_t e;
    va_str_t prefix = VA_STR(PREFIX);
    freeReplyObject(dump);
    dump = wk_redis_script(m.redis, &dump_script, NULL, 0, &prefix, 1, &e);
    must(dump != NULL, &e);
    index_hashes();
}

/* Key, or NULL. */
static const redisReply *find(const char *key)
{
    for (size_t i = 0; i < dump->elements; i++) {
        if (strcmp(dump->element[i]->element[0]->str, key) == 0) {
            return dump->element[i];
        }
    }
    return NULL;
}

static const redisReply *findf(const char *what, const char *name)
{
    char key[128];
    snprintf(key, sizeof(key), "%s%s", what, name);
    return find(key);
}

static size_t length(const redisReply *key)
{
    return key != NULL ? key->elements - 2 : 0;
}

static const char *item(const redisReply *key, size_t i)
{
    return key->element[i + 2]->str;
}

static bool has(const redisReply *key, const char *value)
{
    for (size_t i = 0; i < length(key); i++) {
        if (strcmp(item(key, i), value) == 0) {
            return true;
        }
    }
    return false;
}

static const char *field(const redisReply *hash, const char *name)
{
    for (size_t i = 0; i + 1 < length(hash); i += 2) {
        if (strcmp(item(hash, i), name) == 0) {
            return item(hash, i + 1);
        }
    }
    return NULL;
}

static void job_id(const job_t *j, char id[16])
{
    snprintf(id, 16, "j%zu", (size_t)(j - m.jobs));
}

static job_t *job_of(const char *id)
{
    size_t i = strtoul(id + 1, NULL, 10);
    CHECK(id[0] == 'j' && i < m.n, "an unknown job %s", id);
    return &m.jobs[i];
}

static void lane_name(int lane, char name[16])
{
    snprintf(name, 16, "lane%d", lane);
}

/* ---------------------------------------------------------------- invariants */

static void see(const char *id, place_t place)
{
    job_t *j = job_of(id);
    CHECK(j->place == place || (is_aside(j) && place == LATER), "%s stands in %s, not in %s",
          id, place_names[place], place_names[j->place]);
    j->seen++;
}

static void see_list(const redisReply *list, place_t place)
{
    for (size_t i = 0; i < length(list); i++) {
        see(item(list, i), place);
    }
}

static void see_pushed(void)
{
    const redisReply *in = find("in");
    for (size_t i = 0; i < length(in); i++) {
        const char *at = strstr(item(in, i), "\"id\":\"");
        char id[16] = "";
        CHECK(at != NULL, "a document without an id");
        sscanf(at + 6, "%15[^\"]", id);
        see(id, IN);
    }
}

/* Every list of the kind; how many ids there are. */
static size_t see_lists(const char *kind, place_t place)
{
    size_t total = 0;
    for (size_t i = 0; i < dump->elements; i++) {
        const char *key = dump->element[i]->element[0]->str;
        if (strncmp(key, kind, strlen(kind)) == 0 && key[strlen(kind)] == ':') {
            see_list(dump->element[i], place);
            total += length(dump->element[i]);
        }
    }
    return total;
}

/* The zset of that name has all that stand in the lists, and nothing else. */
static void see_all(const char *kind, place_t place)
{
    const redisReply *all = find(kind);
    size_t total = see_lists(kind, place);
    CHECK(length(all) == total, "the set of %s has %zu members of %zu", kind, length(all),
          total);
    for (size_t i = 0; i < length(all); i++) {
        CHECK(job_of(item(all, i))->place == place, "%s is in the set of %s", item(all, i),
              kind);
    }
}

static void check_one_place(void)
{
    for (size_t i = 0; i < m.n; i++) {
        m.jobs[i].seen = 0;
    }
    see_pushed();
    see_all("ready", READY);
    see_all("parked", PARKED);
    see_list(find("held"), HELD);
    see_list(find("later"), LATER);
    see_list(find("dead"), DEAD);
    for (size_t i = 0; i < m.n; i++) {
        CHECK(m.jobs[i].seen == (m.jobs[i].place == GONE ? 0 : 1),
              "j%zu (%s) stands in %d places", i, place_names[m.jobs[i].place], m.jobs[i].seen);
    }
}

static int number(const char *text)
{
    return text != NULL ? (int)strtol(text, NULL, 10) : 0;
}

static void check_hash(const job_t *j)
{
    char id[16];
    job_id(j, id);
    const redisReply *hash = hashes[j - m.jobs];
    if (j->place == IN || j->place == GONE) {
        CHECK(hash == NULL, "%s is %s and has a hash", id, place_names[j->place]);
        return;
    }
    CHECK(hash != NULL, "%s has no hash", id);
    CHECK(number(field(hash, "attempt")) == j->attempt, "%s: attempt %s, not %d", id,
          field(hash, "attempt"), j->attempt);
    CHECK(number(field(hash, "stalls")) == j->stalls, "%s: stalls %s, not %d", id,
          field(hash, "stalls"), j->stalls);
    CHECK(j->stalls <= MAX_STALLS, "%s stalled %d times", id, j->stalls);
    const char *token = field(hash, "token");
    CHECK((token != NULL) == (j->place == HELD), "%s is %s, its token is %s", id,
          place_names[j->place], token);
    CHECK(token == NULL || strcmp(token, j->token) == 0, "%s: another token", id);
}

static void check_lane(int lane)
{
    char name[16];
    int running = 0;
    lane_name(lane, name);
    for (size_t i = 0; i < m.n; i++) {
        running += m.jobs[i].place == HELD && m.jobs[i].lane == lane;
    }
    const char *counted = field(find("running"), name);
    CHECK(number(counted) == running, "%s: %s running, not %d", name, counted, running);
    CHECK(counted == NULL || running > 0, "%s: a count of nothing is kept", name);
    int cap = m.limits.lane_cap;
    CHECK(cap == 0 || running <= cap, "%s: %d running, the cap is %d", name, running, cap);
    bool may = length(findf("ready:", name)) > 0 && (cap == 0 || running < cap);
    CHECK(has(find("lanes"), name) == may, "%s: ring %d, may give %d", name,
          has(find("lanes"), name), may);
}

static void check_serial(int serial)
{
    char name[16];
    snprintf(name, sizeof(name), "s%d", serial);
    const redisReply *key = findf("serial:", name);
    const redisReply *parked = findf("parked:", name);
    const job_t *holder = holder_of(serial);
    CHECK((key != NULL) == (holder != NULL), "serial %s: key %s, holder %s", name,
          key != NULL ? item(key, 0) : "none", holder != NULL ? "some" : "none");
    CHECK(holder != NULL || length(parked) == 0, "serial %s: parked behind nobody", name);
    CHECK(key == NULL || job_of(item(key, 0)) == holder, "serial %s is %s's", name,
          item(key, 0));
    double last = holder != NULL ? holder->order : 0;
    for (size_t i = length(parked); i > 0; i--) {
        const job_t *j = job_of(item(parked, i - 1));
        CHECK(j->order > last, "serial %s is out of order", name);
        last = j->order;
    }
}

static void check_bell(void)
{
    bool work = length(find("lanes")) > 0 || length(find("in")) > 0;
    CHECK(!work || length(find("bell")) > 0, "there is work, and the bell is silent");
    CHECK(length(find("bell")) <= 64, "%zu bells", length(find("bell")));
}

static void check_stats(void)
{
    wk_error_t e;
    wk_queue_stats_t s[WK_QUEUES];
    int64_t n[GONE + 1] = {0};
    for (size_t i = 0; i < m.n; i++) {
        n[m.jobs[i].place]++;
    }
    must(wk_queue_stats(m.redis, s, &e), &e);
    CHECK(s[Q].in == n[IN] && s[Q].ready == n[READY] && s[Q].parked == n[PARKED] &&
              s[Q].held == n[HELD] && s[Q].later == n[LATER] + n[NEWER] + n[DEFERRED] &&
              s[Q].dead == n[DEAD],
          "the figures are wrong");
    CHECK((s[Q].oldest_ms > 0) == (n[IN] + n[READY] + n[PARKED] > 0), "oldest: %lld",
          (long long)s[Q].oldest_ms);
}

static void check_all(void)
{
    read_redis();
    check_one_place();
    for (size_t i = 0; i < m.n; i++) {
        check_hash(&m.jobs[i]);
    }
    for (int i = 0; i < N_LANES; i++) {
        check_lane(i);
    }
    for (int i = 0; i < N_SERIALS; i++) {
        check_serial(i);
    }
    check_bell();
    check_stats();
}

/* ---------------------------------------------------------------- operations */

static job_t *any(place_t place)
{
    size_t from = m.n > 0 ? rnd((unsigned)m.n) : 0;
    for (size_t i = 0; i < m.n; i++) {
        job_t *j = &m.jobs[(from + i) % m.n];
        if (j->place == place) {
            return j;
        }
    }
    return NULL;
}

static void flush_redis(void)
{
    wk_error_t e;
    va_str_t argv[] = {VA_STR("FLUSHALL"), VA_STR("SYNC")};
    redisReply *reply = wk_redis_command(m.redis, 0, argv, 2, &e);
    must(reply != NULL, &e);
    freeReplyObject(reply);
}

/* As nginx does it; true when the key was known. */
static bool push_document(const job_t *j, int version)
{
    char id[16], document[300], dedup[48] = "", serial[32] = "";
    wk_error_t e;
    job_id(j, id);
    if (j->serial >= 0) {
        snprintf(serial, sizeof(serial), "\"serial\":\"s%d\",", j->serial);
    }
    if (j->dedup[0] != '\0') {
        snprintf(dedup, sizeof(dedup), "\"dedup\":\"%s\",", j->dedup);
    }
    int len = snprintf(document, sizeof(document),
                       "{\"v\":%d,\"id\":\"%s\",\"type\":\"t\",%s%s\"lane\":\"lane%d\","
                       "\"enqueued_ms\":%lld}",
                       version, id, serial, dedup, j->lane, (long long)wk_now_ms() - 1000);
    va_str_t key = VA_STR(PREFIX);
    va_str_t args[] = {va_str_c(id), va_str(document, (size_t)len), va_str_c(j->dedup),
                       VA_STR("3600"), VA_STR("")};
    redisReply *reply = wk_redis_script(m.redis, &wk_script_push, &key, 1, args, 5, &e);
    must(reply != NULL, &e);
    bool known = reply->type == REDIS_REPLY_ARRAY;
    const char *first = known ? reply->element[0]->str : reply->str;
    const char *expected = j->place == DEAD || j->place == GONE ? "DONE" : "RUNNING";
    CHECK(strcmp(first, known ? expected : "NEW") == 0, "%s is %s and push says %s", id,
          place_names[j->place], first);
    CHECK(!known || strcmp(reply->element[1]->str, id) == 0, "push names another job");
    freeReplyObject(reply);
    return known;
}

static void op_push(void)
{
    if (m.n == MAX_JOBS) {
        return;
    }
    job_t *j = &m.jobs[m.n++];
    *j = (job_t){.place = IN,
                 .lane = (int)rnd(N_LANES),
                 .serial = rnd(2) != 0 ? (int)rnd(N_SERIALS) : -1,
                 .order = ++m.order,
                 .newer = rnd(50) == 0};
    if (rnd(3) == 0) {
        snprintf(j->dedup, sizeof(j->dedup), "k%zu", m.n);
    }
    CHECK(!push_document(j, j->newer ? VA_JOB_VERSION + 1 : VA_JOB_VERSION),
          "a new key is known");
}

static void op_push_known(void)
{
    job_t *j = any((place_t)rnd(GONE + 1));
    if (j != NULL && j->dedup[0] != '\0') {
        CHECK(push_document(j, VA_JOB_VERSION), "a key was forgotten");
    }
}

static void note_turns(const job_t *taken)
{
    char name[16];
    for (int i = 0; i < N_LANES; i++) {
        lane_name(i, name);
        bool could = has(find("lanes"), name);
        m.turns[i] = taken != NULL && could && taken->lane != i ? m.turns[i] + 1 : 0;
        CHECK(m.turns[i] < N_LANES, "%s was passed by %d times", name, m.turns[i]);
    }
}

static void op_take(void)
{
    static const wk_queue_t order[] = {Q};
    wk_error_t e;
    wk_lease_t lease;
    bool found;
    must(wk_queue_take(m.redis, order, 1, &m.limits, m.arena, &lease, &found, &e), &e);
    model_intake();
    if (!found) {
        read_redis();
        CHECK(length(find("lanes")) == 0, "nothing given, and a lane stands in the ring");
        return;
    }
    job_t *j = job_of(lease.id.data);
    CHECK(j->place == READY, "%s was given and is %s", lease.id.data, place_names[j->place]);
    CHECK(lease.attempt == j->attempt + 1, "attempt %d after %d", lease.attempt, j->attempt);
    for (size_t i = 0; j->serial >= 0 && i < m.n; i++) {
        const job_t *other = &m.jobs[i];
        CHECK(other == j || other->serial != j->serial || other->order > j->order ||
                  other->place == IN || is_aside(other) || !alive(other),
              "%s overtook j%zu of its serial", lease.id.data, i);
    }
    note_turns(j);
    j->place = HELD;
    j->attempt++;
    snprintf(j->token, sizeof(j->token), "%.*s", (int)lease.token.len, lease.token.data);
}

static wk_lease_t lease_of(const job_t *j, const char *token)
{
    static char id[16];
    job_id(j, id);
    return (wk_lease_t){.queue = Q, .id = va_str_c(id), .token = va_str_c(token)};
}

static bool end(const job_t *j, const char *token, const wk_end_t *how)
{
    wk_error_t e;
    bool lost;
    wk_lease_t lease = lease_of(j, token);
    must(wk_queue_end(m.redis, &lease, how, &m.limits, &lost, &e), &e);
    return !lost;
}

static job_t *any_known_lease(void)
{
    job_t *j = any(HELD);
    return j != NULL && !j->crashed ? j : NULL;
}

static void op_ack(void)
{
    job_t *j = any_known_lease();
    if (j != NULL) {
        wk_end_t how = {.how = WK_END_ACK, .reply = rnd(2) != 0 ? VA_STR("{}") : VA_STR_NULL};
        CHECK(end(j, j->token, &how), "ack of a held job is lost");
        model_end(j, GONE);
    }
}

static void op_retry(void)
{
    job_t *j = any_known_lease();
    if (j != NULL) {
        wk_end_t how = {.how = WK_END_RETRY,
                        .reason = VA_STR("why"),
                        .delay_ms = rnd(2) != 0 ? 3600000 : 0,
                        .uncounted = rnd(3) == 0};
        CHECK(end(j, j->token, &how), "retry of a held job is lost");
        model_let_go(j, how.delay_ms > 0 ? LATER : READY);
        j->attempt -= how.uncounted;
        j->stalls = how.uncounted ? j->stalls : 0;
    }
}

static void op_defer(void)
{
    job_t *j = any_known_lease();
    if (j != NULL) {
        wk_end_t how = {.how = WK_END_DEFER, .delay_ms = 3600000};
        CHECK(end(j, j->token, &how), "deferring a held job is lost");
        model_end(j, DEFERRED);
        j->attempt = j->stalls = 0;
    }
}

static void op_bury(void)
{
    job_t *j = any_known_lease();
    if (j != NULL) {
        CHECK(end(j, j->token, &(wk_end_t){.how = WK_END_BURY, .reason = VA_STR("why")}),
              "bury of a held job is lost");
        model_end(j, DEAD);
    }
}

/* Whoever comes with a token of the past, or of nobody, changes nothing. */
static void op_stale_end(void)
{
    job_t *j = any((place_t)rnd(GONE + 1));
    if (j != NULL) {
        wk_end_t how = {.how = (int)rnd(4), .reply = VA_STR("{}"), .reason = VA_STR("why")};
        CHECK(!end(j, j->old_token[0] != '\0' ? j->old_token : "x", &how),
              "an old token counts");
        CHECK(!end(j, "", &how), "an empty token counts");
    }
}

static void op_renew(void)
{
    wk_error_t e;
    job_t *j = any_known_lease();
    if (j != NULL) {
        bool lost[2];
        wk_lease_t leases[] = {lease_of(j, j->token), lease_of(j, "wrong")};
        must(wk_queue_renew(m.redis, Q, leases, 2, 3600000, lost, &e), &e);
        CHECK(!lost[0] && lost[1], "renew: %d %d", lost[0], lost[1]);
    }
}

/* Its worker dies. */
static void op_crash(void)
{
    job_t *j = any_known_lease();
    if (j != NULL) {
        j->crashed = true;
    }
}

static wk_reaped_t reap(void)
{
    wk_error_t e;
    wk_reaped_t reaped;
    must(wk_queue_reap(m.redis, Q, &m.limits, 0, m.arena, &reaped, &e), &e);
    return reaped;
}

/* The time of one entry has come. */
static void make_due(const job_t *j, const char *key)
{
    char id[16];
    wk_error_t e;
    job_id(j, id);
    va_str_t argv[] = {VA_STR("ZADD"), va_str_c(key), VA_STR("XX"), VA_STR("0"), va_str_c(id)};
    redisReply *reply = wk_redis_command(m.redis, 0, argv, 5, &e);
    must(reply != NULL, &e);
    freeReplyObject(reply);
}

static void op_lease_runs_out(void)
{
    job_t *j = any(HELD);
    if (j == NULL) {
        return;
    }
    make_due(j, PREFIX "held");
    wk_reaped_t r = reap();
    j->attempt--;
    j->stalls++;
    bool buried = j->stalls == MAX_STALLS;
    CHECK(r.requeued == !buried && r.n_buried == buried, "reaped %d, buried %zu", r.requeued,
          r.n_buried);
    if (buried) {
        model_end(j, DEAD);
    } else {
        model_let_go(j, LATER);
    }
}

static void op_retry_due(void)
{
    job_t *j = any(LATER);
    if (j != NULL) {
        make_due(j, PREFIX "later");
        CHECK(reap().promoted == 1, "a due retry was not let run");
        j->place = READY;
    }
}

/* An order between those of the jobs that came in and of those that wait to. */
static double before_all_that_wait(void)
{
    double low = 0, high = m.order + 1;
    for (size_t i = 0; i < m.n; i++) {
        if (m.jobs[i].place == IN && m.jobs[i].order < high) {
            high = m.jobs[i].order;
        }
    }
    for (size_t i = 0; i < m.n; i++) {
        if (m.jobs[i].order < high && m.jobs[i].order > low) {
            low = m.jobs[i].order;
        }
    }
    return (low + high) / 2;
}

static void op_deferred_due(void)
{
    job_t *j = any(DEFERRED);
    if (j != NULL) {
        make_due(j, PREFIX "later");
        CHECK(reap().promoted == 1, "a deferred job was not let in");
        j->order = before_all_that_wait();
        j->place = IN;
    }
}

static void op_newer_looked_at(void)
{
    job_t *j = any(NEWER);
    if (j != NULL) {
        make_due(j, PREFIX "later");
        CHECK(reap().promoted == 0, "a job that nobody can read was let run");
    }
}

static bool change_dead(job_t *j, bool drop)
{
    char id[16];
    bool found;
    wk_error_t e;
    job_id(j, id);
    must((drop ? wk_queue_dead_drop : wk_queue_dead_replay)(m.redis, Q, va_str_c(id), &found,
                                                            &e),
         &e);
    return found;
}

static void op_replay(void)
{
    job_t *j = any((place_t)rnd(GONE + 1));
    if (j == NULL) {
        return;
    }
    bool dead = j->place == DEAD;
    CHECK(change_dead(j, false) == dead, "replay of a job that is %s", place_names[j->place]);
    if (dead) {
        j->place = IN;
        j->attempt = j->stalls = 0;
        j->order = ++m.order;
    }
}

static void op_drop(void)
{
    job_t *j = any((place_t)rnd(GONE + 1));
    if (j == NULL) {
        return;
    }
    bool dead = j->place == DEAD;
    CHECK(change_dead(j, true) == dead, "drop of a job that is %s", place_names[j->place]);
    if (dead) {
        j->place = GONE;
    }
}

/* ---------------------------------------------------------------- a run */

static const struct {
    const char *name;
    unsigned weight;
    void (*run)(void);
} operations[] = {
    {"push", 30, op_push},
    {"push of a known key", 5, op_push_known},
    {"take", 34, op_take},
    {"ack", 16, op_ack},
    {"retry", 8, op_retry},
    {"bury", 2, op_bury},
    {"an end with an old token", 5, op_stale_end},
    {"renew", 4, op_renew},
    {"crash", 3, op_crash},
    {"lease runs out", 8, op_lease_runs_out},
    {"retry due", 7, op_retry_due},
    {"newer looked at", 1, op_newer_looked_at},
    {"defer", 1, op_defer},
    {"deferred due", 2, op_deferred_due},
    {"replay", 3, op_replay},
    {"drop", 1, op_drop},
};

static void one_operation(void)
{
    unsigned total = 0;
    for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
        total += operations[i].weight;
    }
    unsigned pick = rnd(total);
    size_t i = 0;
    while (pick >= operations[i].weight) {
        pick -= operations[i++].weight;
    }
    m.operation = operations[i].name;
    operations[i].run();
}

/* Nothing is left behind but what keeps its own time. */
static void check_clean(void)
{
    static const char *const allowed[] = {"seen:", "res:", "dead", "job:", "later"};
    read_redis();
    for (size_t i = 0; i < dump->elements; i++) {
        const char *key = dump->element[i]->element[0]->str;
        bool fine = false;
        for (size_t k = 0; k < sizeof(allowed) / sizeof(*allowed); k++) {
            fine = fine || strncmp(key, allowed[k], strlen(allowed[k])) == 0;
        }
        CHECK(fine, "%s is left behind", key);
    }
}

/* Whatever was going on, every job can come to its end. */
static void finish_all(void)
{
    m.operation = "the end";
    for (m.step = 0; m.step < 20000; m.step++) {
        if (any(LATER) != NULL) {
            op_retry_due();
        } else if (any(DEFERRED) != NULL) {
            op_deferred_due();
        } else if (any(HELD) != NULL && any_known_lease() == NULL) {
            op_lease_runs_out();
        } else if (any(HELD) != NULL) {
            op_ack();
        } else if (any(IN) != NULL || any(READY) != NULL) {
            op_take();
        } else {
            break;
        }
        check_all();
    }
    for (size_t i = 0; i < m.n; i++) {
        place_t p = m.jobs[i].place;
        CHECK(p == GONE || p == DEAD || p == NEWER, "j%zu is still %s", i, place_names[p]);
    }
    check_clean();
}

static void run(unsigned seed)
{
    flush_redis();
    memset(m.jobs, 0, sizeof(m.jobs));
    memset(m.turns, 0, sizeof(m.turns));
    m.n = 0;
    m.seed = seed;
    m.state = seed * 2654435761ull + 88172645463325252ull;
    m.limits = (wk_queue_limits_t){3600000, (int)(seed % 4), MAX_STALLS};
    for (m.step = 0; m.step < STEPS; m.step++) {
        one_operation();
        check_all();
        wk_arena_reset(m.arena);
    }
    finish_all();
}

static void test_random_interleavings(void **state)
{
    const char *seed = getenv("VA_SEED"), *rounds = getenv("VA_ROUNDS");
    (void)state;
    if (seed != NULL) {
        run((unsigned)strtoul(seed, NULL, 10));
        return;
    }
    unsigned first = (unsigned)wk_now_ms();
    unsigned n = rounds != NULL ? (unsigned)strtoul(rounds, NULL, 10) : 25;
    printf("# seeds %u to %u, %d operations each\n", first, first + n - 1, STEPS);
    for (unsigned i = 0; i < n; i++) {
        run(first + i);
    }
}

int main(void)
{
    t_redis_t server;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_interleavings)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    t_redis_start(&server, NULL);
    m.redis = wk_redis_new(server.url, 20000);
    m.arena = wk_arena_new();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    freeReplyObject(dump);
    wk_arena_free(m.arena);
    wk_redis_free(m.redis);
    t_redis_stop(&server);
    return failed;
}
