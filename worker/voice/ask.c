#include "worker/voice/ask.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/rand.h>
#include <sys/queue.h>

#include "core/base64.h"
#include "worker/arena.h"
#include "worker/clock.h"
#include "worker/log.h"
#include "worker/metrics.h"

#include "scripts.h"

#define ID_SIZE   16 /* bytes; twice as many digits */
#define TICK_MS   100
#define AGAIN_MS  2000 /* at most, until what Redis does not take is pushed again */
#define LOOK_MS   500  /* until an answer that Redis did not give is looked for again */
#define DEDUP_TTL VA_STR("86400")
#define TELL_MS   60000
#define TELL_TTL  VA_STR("120") /* longer than one is told again */

typedef struct pending pending_t;

struct pending {
    LIST_ENTRY(pending) link;
    wk_asks_t *asks;          /* NULL: closed meanwhile */
    char id[2 * ID_SIZE + 1]; /* of the job that answers */
    wk_queue_t queue;
    wk_answer_fn fn;
    void *ctx;
    int64_t look_ms, until_ms; /* monotonic; look_ms 0: looked already */
    int64_t push_ms, pause_ms; /* not before; twice as long each time */
    int requests;              /* of Redis, that still refer to it */
    bool pushing;              /* one of them is that */
    bool asked;                /* it is known to stand in the queue, or to have stood there */
    bool answered;
    va_str_t dedup_ttl, dedup, document; /* the last two in what follows */
    char text[];
};

/* What is told and not known to stand in the queue. */
typedef struct letter {
    TAILQ_ENTRY(letter) link;
    wk_asks_t *asks; /* NULL: closed meanwhile */
    char id[2 * ID_SIZE + 1];
    wk_queue_t queue;
    int64_t until_ms;
    bool sent;
    size_t len;
    char document[];
} letter_t;

struct wk_asks {
    uv_timer_t timer;
    wk_aredis_t *redis, *channel;
    char channel_name[400];
    wk_arena_t *arena; /* of one document */
    LIST_HEAD(, pending) pending;
    TAILQ_HEAD(letters, letter) letters;
    bool refuses;                /* Redis, what was told last */
    int64_t tell_ms, tell_again; /* then: not before, monotonic; twice as long each time */
};

static const char *const queue_names[WK_QUEUES] = {
    [WK_REALTIME] = "realtime", [WK_DEFAULT] = "default", [WK_BULK] = "bulk"};

/* ---------------------------------------------------------------- jobs */

static void make_id(char id[2 * ID_SIZE + 1])
{
    unsigned char bytes[ID_SIZE];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        abort();
    }
    va_hex_encode(id, bytes, sizeof(bytes));
    id[2 * ID_SIZE] = '\0';
}

/* The document lives in the arena until the next one. */
static void write_job(wk_asks_t *asks, const wk_question_t *q, const char *id, bool waits,
                      va_buf_t *document)
{
    int64_t now = wk_now_ms();
    va_job_t job = {.id = va_str_c(id),
                    .type = va_str_c(q->type),
                    .org = q->organization,
                    .lane = q->organization,
                    .serial = q->serial,
                    .dedup = q->dedup,
                    .enqueued_ms = now,
                    .deadline_ms = waits ? now + q->wait_ms : 0,
                    .reply = waits ? va_str_c(asks->channel_name) : VA_STR_NULL,
                    .trace = q->serial,
                    .auth_scheme = VA_STR("voice"),
                    .body = q->body};
    wk_arena_reset(asks->arena);
    va_buf_init(document, wk_mem(asks->arena), 1024);
    if (va_job_write(document, &job) != VA_OK) {
        wk_log(WK_ERROR, "a job cannot be written", WK_C("type", q->type));
        va_buf_init(document, wk_mem(asks->arena), 1);
    }
}

static void push(wk_asks_t *asks, wk_queue_t queue, const va_str_t args[5], wk_aredis_fn fn,
                 void *ctx)
{
    char prefix[32];
    int len = snprintf(prefix, sizeof(prefix), "va:{%s}:", queue_names[queue]);
    va_str_t key = va_str(prefix, (size_t)len);
    wk_aredis_script(asks->redis, &wk_script_push, &key, 1, args, 5, fn, ctx);
}

/* ---------------------------------------------------------------- letters */

static void drop_letter(wk_asks_t *asks, letter_t *l)
{
    TAILQ_REMOVE(&asks->letters, l, link);
    free(l);
}

static int64_t twice(int64_t pause_ms)
{
    return 2 * pause_ms < AGAIN_MS ? 2 * pause_ms : AGAIN_MS;
}

static void on_told(void *ctx, const redisReply *reply)
{
    letter_t *l = ctx;
    wk_asks_t *asks = l->asks;
    if (asks == NULL) {
        free(l);
    } else if (reply != NULL) {
        asks->refuses = false;
        drop_letter(asks, l);
    } else {
        l->sent = false;
        asks->tell_again = asks->refuses ? asks->tell_again : TICK_MS;
        asks->refuses = true;
    }
}

/* Its own name is its deduplication key: a repeated one whose first came in is none. */
static void send_letter(letter_t *l)
{
    const va_str_t args[] = {va_str_c(l->id), va_str(l->document, l->len), va_str_c(l->id),
                             TELL_TTL, VA_STR("")};
    l->sent = true;
    push(l->asks, l->queue, args, on_told, l);
}

static void lose_letter(letter_t *l)
{
    wk_log(WK_ERROR, "a job could not be told to Redis", WK_C("id", l->id));
    wk_count("voiceagent_voice_untold_total", NULL, VA_STR_NULL, NULL, VA_STR_NULL, 1);
}

static void drop_late_letters(wk_asks_t *asks, int64_t now)
{
    letter_t *l, *next;
    for (l = TAILQ_FIRST(&asks->letters); l != NULL; l = next) {
        next = TAILQ_NEXT(l, link);
        if (!l->sent && now >= l->until_ms) {
            lose_letter(l);
            drop_letter(asks, l);
        }
    }
}

/*
 * Of many that Redis refuses the first shows when it takes them again: all of them at each tick
 * would keep this thread from the sound, and Redis from what it still does.
 */
static void try_first_letter(wk_asks_t *asks, int64_t now)
{
    letter_t *first = TAILQ_FIRST(&asks->letters);
    if (first != NULL && !first->sent && now >= asks->tell_ms) {
        asks->tell_ms = now + asks->tell_again;
        asks->tell_again = twice(asks->tell_again);
        send_letter(first);
    }
}

static void send_letters(wk_asks_t *asks)
{
    letter_t *l;
    int64_t now = wk_monotonic_ms();
    drop_late_letters(asks, now);
    if (asks->refuses) {
        try_first_letter(asks, now);
        return;
    }
    TAILQ_FOREACH(l, &asks->letters, link)
    {
        if (!l->sent) {
            send_letter(l);
        }
    }
}

void wk_tell(wk_asks_t *asks, const wk_question_t *question)
{
    va_buf_t document;
    wk_question_t named = *question;
    char id[2 * ID_SIZE + 1];
    make_id(id);
    named.dedup = va_str_c(id);
    write_job(asks, &named, id, false, &document);
    va_str_t text = va_buf_str(&document);
    if (text.len == 0) {
        return;
    }
    letter_t *l = malloc(sizeof(*l) + text.len);
    if (l == NULL) {
        abort();
    }
    *l = (letter_t){.asks = asks,
                    .queue = question->queue,
                    .until_ms = wk_monotonic_ms() + TELL_MS,
                    .len = text.len};
    memcpy(l->id, id, sizeof(id));
    memcpy(l->document, text.data, text.len);
    bool behind = !TAILQ_EMPTY(&asks->letters) && !TAILQ_LAST(&asks->letters, letters)->sent;
    TAILQ_INSERT_TAIL(&asks->letters, l, link);
    if (!behind && !asks->refuses) {
        send_letter(l);
    }
}

/* Those on their way are freed by their answers. */
static void close_letters(wk_asks_t *asks)
{
    letter_t *l;
    while ((l = TAILQ_FIRST(&asks->letters)) != NULL) {
        TAILQ_REMOVE(&asks->letters, l, link);
        l->asks = NULL;
        if (!l->sent) {
            lose_letter(l);
            free(l);
        }
    }
}

/* ---------------------------------------------------------------- replies */

static void free_if_done(pending_t *p)
{
    if (p->answered && p->requests == 0) {
        if (p->asks != NULL) {
            LIST_REMOVE(p, link);
        }
        free(p);
    }
}

static void answer(pending_t *p, const va_reply_t *reply)
{
    if (!p->answered) {
        p->answered = true;
        p->fn(p->ctx, reply);
    }
}

static void on_stored(void *ctx, const redisReply *stored)
{
    pending_t *p = ctx;
    va_reply_t reply;
    wk_arena_t *a = wk_arena_new();
    if (stored != NULL && stored->type == REDIS_REPLY_STRING &&
        va_reply_parse(wk_mem(a), wk_redis_str(stored), &reply) == VA_OK) {
        answer(p, &reply);
    } else if (stored == NULL) {
        p->look_ms = wk_monotonic_ms() + LOOK_MS; /* whether there is one is not known */
    }
    wk_arena_free(a);
    p->requests--;
    free_if_done(p);
}

static void look(pending_t *p)
{
    char key[96];
    int len = snprintf(key, sizeof(key), "va:{%s}:res:%s", queue_names[p->queue], p->id);
    va_str_t argv[] = {VA_STR("GET"), va_str(key, (size_t)len)};
    p->look_ms = 0;
    p->requests++;
    wk_aredis_command(p->asks->redis, argv, 2, on_stored, p);
}

static void on_message(void *ctx, va_str_t text)
{
    wk_asks_t *asks = ctx;
    va_reply_t reply;
    pending_t *p, *next;
    wk_arena_t *a = wk_arena_new();
    if (va_reply_parse(wk_mem(a), text, &reply) == VA_OK) {
        for (p = LIST_FIRST(&asks->pending); p != NULL; p = next) {
            next = LIST_NEXT(p, link);
            if (p->answered || !va_str_eq(va_str_c(p->id), reply.id)) {
                continue;
            }
            if (reply.stored) {
                look(p);
            } else {
                answer(p, &reply);
                free_if_done(p);
            }
        }
    }
    wk_arena_free(a);
}

/* Something may have been published while nobody listened. */
static void on_ready(void *ctx)
{
    wk_asks_t *asks = ctx;
    pending_t *p;
    LIST_FOREACH(p, &asks->pending, link)
    {
        if (!p->answered) {
            look(p);
        }
    }
}

/* ---------------------------------------------------------------- questions */

/* NEW, or RUNNING id, DONE id reply: of the first job of that deduplication key. */
static void on_pushed(void *ctx, const redisReply *reply)
{
    pending_t *p = ctx;
    bool known = reply != NULL && reply->type == REDIS_REPLY_ARRAY && reply->elements >= 2;
    p->requests--;
    p->pushing = false;
    p->asked = p->asked || known || va_str_eq(wk_redis_str(reply), VA_STR("NEW"));
    if (known && !p->answered) {
        snprintf(p->id, sizeof(p->id), "%s", reply->element[1]->str);
        look(p);
    }
    free_if_done(p);
}

static void push_question(pending_t *p)
{
    const va_str_t args[] = {va_str_c(p->id), p->document, p->dedup, p->dedup_ttl,
                             va_str_c(p->asks->channel_name)};
    p->pushing = true;
    p->push_ms = wk_monotonic_ms() + p->pause_ms;
    p->pause_ms = twice(p->pause_ms);
    p->requests++;
    push(p->asks, p->queue, args, on_pushed, p);
}

static pending_t *new_pending(va_str_t dedup, va_str_t document)
{
    pending_t *p = calloc(1, sizeof(*p) + dedup.len + document.len);
    if (p == NULL) {
        abort();
    }
    memcpy(p->text, dedup.data, dedup.len);
    memcpy(p->text + dedup.len, document.len > 0 ? document.data : "", document.len);
    p->dedup = va_str(p->text, dedup.len);
    p->document = va_str(p->text + dedup.len, document.len);
    return p;
}

/* Without a key of its own its name is one: pushed again it is one job all the same. */
void wk_ask(wk_asks_t *asks, const wk_question_t *question, wk_answer_fn fn, void *ctx)
{
    va_buf_t document;
    wk_question_t named = *question;
    int64_t now = wk_monotonic_ms();
    char id[2 * ID_SIZE + 1];
    make_id(id);
    if (question->dedup.len == 0) {
        named.dedup = va_str_c(id);
    }
    write_job(asks, &named, id, true, &document);
    pending_t *p = new_pending(named.dedup, va_buf_str(&document));
    p->asks = asks;
    p->queue = question->queue;
    p->fn = fn;
    p->ctx = ctx;
    p->look_ms = now + question->wait_ms - question->wait_ms / 5;
    p->until_ms = now + question->wait_ms;
    p->pause_ms = TICK_MS;
    p->dedup_ttl = question->dedup.len > 0 ? DEDUP_TTL : TELL_TTL;
    memcpy(p->id, id, sizeof(id));
    LIST_INSERT_HEAD(&asks->pending, p, link);
    push_question(p);
}

/* Of one that never came into the queue it is known that nobody will answer it. */
static void give_up(pending_t *p)
{
    static const va_reply_t never_asked = {.status = 503};
    if (!p->asked) {
        wk_log(WK_ERROR, "a question could not be asked", WK_C("id", p->id));
    }
    answer(p, p->asked ? NULL : &never_asked);
    free_if_done(p);
}

static void on_tick(uv_timer_t *timer)
{
    wk_asks_t *asks = timer->data;
    int64_t now = wk_monotonic_ms();
    pending_t *p, *next;
    send_letters(asks);
    for (p = LIST_FIRST(&asks->pending); p != NULL; p = next) {
        next = LIST_NEXT(p, link);
        if (p->answered) {
            continue;
        }
        if (now >= p->until_ms) {
            give_up(p);
        } else if (!p->asked && !p->pushing && now >= p->push_ms) {
            push_question(p);
        } else if (p->look_ms != 0 && now >= p->look_ms) {
            look(p);
        }
    }
}

/* Those with requests on their way are freed by their answers. */
static void close_questions(wk_asks_t *asks)
{
    pending_t *p;
    while ((p = LIST_FIRST(&asks->pending)) != NULL) {
        LIST_REMOVE(p, link);
        p->asks = NULL;
        answer(p, NULL);
        free_if_done(p);
    }
}

/* ---------------------------------------------------------------- life */

wk_asks_t *wk_asks_new(uv_loop_t *loop, const char *url, const char *process,
                       wk_aredis_t *redis)
{
    static const wk_aredis_listener_t listener = {on_ready, on_message};
    wk_asks_t *asks = calloc(1, sizeof(*asks));
    if (asks == NULL) {
        abort();
    }
    asks->redis = redis;
    asks->arena = wk_arena_new();
    LIST_INIT(&asks->pending);
    TAILQ_INIT(&asks->letters);
    snprintf(asks->channel_name, sizeof(asks->channel_name), "va:reply:%s", process);
    asks->channel = wk_aredis_new(loop, url);
    wk_aredis_listen(asks->channel, asks->channel_name, &listener, asks);
    uv_timer_init(loop, &asks->timer);
    asks->timer.data = asks;
    uv_timer_start(&asks->timer, on_tick, TICK_MS, TICK_MS);
    return asks;
}

static void on_timer_closed(uv_handle_t *handle)
{
    wk_asks_t *asks = handle->data;
    wk_arena_free(asks->arena);
    free(asks);
}

void wk_asks_close(wk_asks_t *asks)
{
    close_letters(asks);
    close_questions(asks);
    wk_aredis_close(asks->channel);
    uv_close((uv_handle_t *)&asks->timer, on_timer_closed);
}
