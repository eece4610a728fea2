/*
 * Many telephones at once: the carrier's side of media streams, each with a frame of 20 ms of
 * sound in its time. Every frame carries its number, by which it is known when it comes back:
 * how long it took, and whether it came at all.
 *
 *   callers <port> <file of calls> <seconds>       a line each: path CallSid token
 *
 * Says "measuring" when every call has heard its first frame, "measured" when the seconds are
 * over (the calls are still on), and then a line of figures.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ws.h"

#define FRAME_NS   20000000
#define DIAL_NS    8000000 /* between two calls that begin */
#define SETUP_NS   30000000000
#define WARM_NS    2000000000
#define LATE_NS    2000000000 /* given to frames that are late */
#define RING       512        /* frames on their way, of a call */
#define NUMBER_LEN 8          /* digits of Base64: six bytes of the sound */
#define SOUND_LEN  216        /* 160 bytes in Base64 */
#define BUCKET_NS  10000
#define BUCKETS    200000

typedef struct {
    ws_t ws;
    char path[1024], sid[64], token[1024], stream[64];
    uint64_t frames, messages;
    int64_t sent_ns[RING]; /* of frames that count; 0: does not, or came back */
    bool begun, heard, broken;
} call_t;

typedef struct {
    uint64_t buckets[BUCKETS + 1];
    uint64_t n;
} histogram_t;

static histogram_t round_trip, lateness;
static uint64_t sent, marks, cleared;
static bool counting;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void note(histogram_t *h, int64_t ns)
{
    int64_t bucket = ns / BUCKET_NS;
    h->buckets[bucket < 0 ? 0 : bucket > BUCKETS ? BUCKETS : bucket]++;
    h->n++;
}

static double percentile_ms(const histogram_t *h, double p)
{
    uint64_t want = (uint64_t)((double)h->n * p), sum = 0;
    size_t i = 0;
    while (i < BUCKETS && sum + h->buckets[i] <= want) {
        sum += h->buckets[i++];
    }
    return (double)(i + 1) * BUCKET_NS / 1e6;
}

/* ---------------------------------------------------------------- what a telephone sends */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void send_text(call_t *c, const char *text, int len)
{
    if (!c->broken && !ws_send(&c->ws, text, (size_t)len)) {
        fprintf(stderr, "%s takes no more\n", c->sid);
        c->broken = true;
    }
}

static void begin(call_t *c)
{
    char text[WS_OUT_MAX];
    int len = snprintf(text, sizeof(text),
                       "{\"event\":\"connected\",\"protocol\":\"Call\",\"version\":\"1.0.0\"}");
    send_text(c, text, len);
    len = snprintf(text, sizeof(text),
                   "{\"event\":\"start\",\"sequenceNumber\":\"1\",\"start\":{\"accountSid\":"
                   "\"AC00000000000000000000000000000001\",\"streamSid\":\"%s\",\"callSid\":"
                   "\"%s\",\"tracks\":[\"inbound\"],\"mediaFormat\":{\"encoding\":"
                   "\"audio/x-mulaw\",\"sampleRate\":8000,\"channels\":1},"
                   "\"customParameters\":{\"token\":\"%s\"}},\"streamSid\":\"%s\"}",
                   c->stream, c->sid, c->token, c->stream);
    send_text(c, text, len);
    c->messages = 1;
    c->begun = true;
}

static void write_number(char *sound, uint64_t number)
{
    for (int i = NUMBER_LEN - 1; i >= 0; i--) {
        sound[i] = digits[number & 63];
        number >>= 6;
    }
}

static uint64_t read_number(const char *sound)
{
    uint64_t number = 0;
    for (int i = 0; i < NUMBER_LEN; i++) {
        const char *digit = strchr(digits, sound[i]);
        number = number << 6 | (uint64_t)(digit != NULL ? digit - digits : 0);
    }
    return number;
}

static void send_frame(call_t *c, int64_t due)
{
    char text[WS_OUT_MAX], sound[SOUND_LEN + 1];
    memset(sound, 'f', SOUND_LEN);
    memcpy(sound + SOUND_LEN - 4, "fw==", sizeof("fw=="));
    write_number(sound, c->frames);
    int len =
        snprintf(text, sizeof(text),
                 "{\"event\":\"media\",\"sequenceNumber\":\"%" PRIu64
                 "\",\"media\":{\"track\":\"inbound\",\"chunk\":\"%" PRIu64
                 "\",\"timestamp\":\"%" PRIu64 "\",\"payload\":\"%s\"},\"streamSid\":\"%s\"}",
                 ++c->messages, c->frames + 1, c->frames * 20, sound, c->stream);
    int64_t now = now_ns();
    c->sent_ns[c->frames % RING] = counting ? now : 0;
    if (counting) {
        sent++;
        note(&lateness, now - due);
    }
    c->frames++;
    send_text(c, text, len);
}

/* ---------------------------------------------------------------- what it hears */

static void hear(call_t *c, const char *sound)
{
    uint64_t number = read_number(sound);
    int64_t *at = &c->sent_ns[number % RING];
    c->heard = true;
    if (*at != 0 && number < c->frames && c->frames - number <= RING) {
        note(&round_trip, now_ns() - *at);
        *at = 0;
    }
}

/* It has nothing else to play, so that a mark comes back at once. */
static void give_back(call_t *c, const char *name, size_t name_len)
{
    char text[WS_OUT_MAX];
    int len = snprintf(text, sizeof(text),
                       "{\"event\":\"mark\",\"sequenceNumber\":\"%" PRIu64
                       "\",\"streamSid\":\"%s\",\"mark\":{\"name\":\"%.*s\"}}",
                       ++c->messages, c->stream, (int)(name_len < 100 ? name_len : 100), name);
    marks += counting;
    send_text(c, text, len);
}

static void on_text(void *ctx, const char *text, size_t len)
{
    call_t *c = ctx;
    size_t n, name_len;
    const char *event = ws_member(text, len, "event", &n), *payload, *name;
    if (event == NULL) {
        return;
    }
    if (n == 5 && memcmp(event, "media", n) == 0) {
        payload = ws_member(text, len, "payload", &n);
        if (payload != NULL && n == SOUND_LEN) {
            hear(c, payload);
        }
    } else if (n == 4 && memcmp(event, "mark", n) == 0) {
        name = ws_member(text, len, "name", &name_len);
        if (name != NULL) {
            give_back(c, name, name_len);
        }
    } else {
        cleared++;
    }
}

static void serve(call_t *c)
{
    if (!ws_read(&c->ws, on_text, c)) {
        fprintf(stderr, "%s ended\n", c->sid);
        c->broken = true;
        close(c->ws.fd);
    } else if (c->ws.open && !c->begun) {
        begin(c);
    }
}

/* ---------------------------------------------------------------- all of them */

typedef struct {
    call_t *calls;
    size_t n, dialled;
    int ep, port;
    int64_t began_ns;
    uint64_t turn; /* of the frames of all calls, in a row of their own times */
} callers_t;

static void dial(callers_t *all, call_t *c)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)all->port)};
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
        die("connect");
    }
    ws_begin(&c->ws, fd, true);
    if (!ws_request(&c->ws, c->path)) {
        die("request");
    }
    epoll_ctl(all->ep, EPOLL_CTL_ADD, fd, &ev);
}

static int64_t due_ns(const callers_t *all)
{
    return all->began_ns + (int64_t)(all->turn * FRAME_NS / all->n);
}

static void send_due(callers_t *all)
{
    int64_t now = now_ns();
    while (all->dialled < all->n && now >= all->began_ns + (int64_t)all->dialled * DIAL_NS) {
        dial(all, &all->calls[all->dialled++]);
    }
    for (int64_t due; (due = due_ns(all)) <= now; all->turn++) {
        call_t *c = &all->calls[all->turn % all->n];
        if (c->begun && !c->broken) {
            send_frame(c, due);
        }
    }
}

static void run_until(callers_t *all, int64_t end, bool (*enough)(const callers_t *all))
{
    struct epoll_event ready[256];
    while (now_ns() < end && (enough == NULL || !enough(all))) {
        send_due(all);
        int64_t wait = due_ns(all) - now_ns();
        struct timespec patience = {0, wait > 0 ? wait : 0};
        int n = epoll_pwait2(all->ep, ready, 256, &patience, NULL);
        for (int i = 0; i < n; i++) {
            serve(ready[i].data.ptr);
        }
    }
}

static size_t count(const callers_t *all, bool broken)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        n += broken ? all->calls[i].broken : all->calls[i].heard;
    }
    return n;
}

static bool all_hear(const callers_t *all)
{
    return count(all, false) == all->n || count(all, true) > 0;
}

static void read_calls(callers_t *all, const char *file)
{
    char line[4096];
    FILE *f = fopen(file, "r");
    if (f == NULL) {
        die(file);
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        all->calls = realloc(all->calls, (all->n + 1) * sizeof(*all->calls));
        if (all->calls == NULL) {
            die("memory");
        }
        call_t *c = memset(&all->calls[all->n], 0, sizeof(*c));
        if (sscanf(line, "%1023s %63s %1023s", c->path, c->sid, c->token) != 3) {
            die("a line of the file of calls");
        }
        snprintf(c->stream, sizeof(c->stream), "MZ%032zx", all->n++);
    }
    fclose(f);
}

static void print_figures(const callers_t *all)
{
    printf("{\"calls\":%zu,\"heard\":%zu,\"broken\":%zu,\"sent\":%" PRIu64 ",\"lost\":%" PRIu64
           ",\"marks\":%" PRIu64 ",\"cleared\":%" PRIu64
           ",\"p50\":%.2f,\"p99\":%.2f,\"p999\":%.2f,\"late99\":%.2f}\n",
           all->n, count(all, false), count(all, true), sent, sent - round_trip.n, marks,
           cleared, percentile_ms(&round_trip, 0.5), percentile_ms(&round_trip, 0.99),
           percentile_ms(&round_trip, 0.999), percentile_ms(&lateness, 0.99));
}

static void say(const char *word)
{
    puts(word);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct rlimit files;
    if (argc != 4) {
        fprintf(stderr, "usage: callers port calls seconds\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); /* a write tells */
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    callers_t all = {.ep = epoll_create1(0), .port = (int)strtol(argv[1], NULL, 10)};
    read_calls(&all, argv[2]);
    all.began_ns = now_ns();
    run_until(&all, all.began_ns + SETUP_NS, all_hear);
    run_until(&all, now_ns() + WARM_NS, NULL);
    counting = true;
    say("measuring");
    run_until(&all, now_ns() + strtoll(argv[3], NULL, 10) * 1000000000, NULL);
    counting = false;
    say("measured");
    run_until(&all, now_ns() + LATE_NS, NULL);
    print_figures(&all);
    return count(&all, false) == all.n && count(&all, true) == 0 ? 0 : 1;
}
