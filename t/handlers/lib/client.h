/*
 * A client of the handlers: what it asks becomes a job document as nginx writes it, goes
 * the way of every job, and the reply document is read as nginx reads it. The database
 * holds the demo shops (sql/demo.sql).
 */
#ifndef T_CLIENT_H
#define T_CLIENT_H

#include "t/worker/lib/fixture.h"
#include "worker/context.h"
#include "worker/job.h"

#define DOWNTOWN "d0000000-0000-4000-8000-000000000001"
#define UPTOWN   "d0000000-0000-4000-8000-000000000002"
#define DANA     "d0000000-0000-4000-8000-000000000021" /* admin of Downtown */
#define UMA      "d0000000-0000-4000-8000-000000000022" /* admin of Uptown */
#define JOHN     "d0000000-0000-4000-8000-000000000031" /* customer of Downtown */
#define SARAH    "d0000000-0000-4000-8000-000000000032" /* customer of Uptown */

extern t_postgres_t t_postgres;
extern t_redis_t t_redis_server;
extern wk_config_t t_config; /* a copy: tests may change it */
extern wk_ctx_t t_ctx;       /* its arena lasts a test */

/* What is to be seen to after each test, if anything; it may fail the test. */
extern void (*t_after_each)(void);

/* Starts the servers and runs the tests; setup (may be NULL) comes before each. */
int t_client_main(const struct CMUnitTest *tests, size_t n, CMFixtureFunction setup);

/* A context of a thread's own, and its end. */
void t_ctx_open(wk_ctx_t *ctx);
void t_ctx_close(wk_ctx_t *ctx);

/* All but type may be left out. */
typedef struct {
    const char *type;
    const char *id;     /* of the job; each its own without */
    const char *method; /* POST without when there is a body, else GET */
    const char *uri, *args;
    const char *body;
    const char *content_type; /* application/json without, when there is a body */
    const char *claims;       /* JSON: a verified token's; NULL: a public place */
    const char *org;          /* its organization */
    const char *scheme;       /* "jwt" with claims, "public" without */
    const char *account;
    const char *headers[6]; /* name, value, …: beside the content type */
    const char *peer;       /* 192.0.2.7 without */
    const char *connection; /* the WebSocket it comes over; NULL: it is posted */
    const char *members[8]; /* name, value, …: what nginx took out of the body */
    bool omitted;           /* the body was too large to travel with the job */
    int attempt;            /* the first without */
    int64_t deadline_ms;
    int64_t age_ms; /* since it was pushed */
} t_ask_t;

typedef struct {
    int status; /* 0: no reply */
    va_str_t type, body;
    const va_json_t *json; /* NULL when the body is none */
    va_reply_t reply;
    wk_end_t end;
} t_answer_t;

/* Never fails; what the answer is, is the test's business. */
t_answer_t t_ask(const t_ask_t *ask);
t_answer_t t_ask_in(wk_ctx_t *ctx, const t_ask_t *ask);

/* Each on a thread and connections of its own, begun when all are connected; *status: of each.
 */
#define T_AT_ONCE 20
void t_ask_at_once(const t_ask_t *asks, int *status, unsigned n); /* n at most T_AT_ONCE */

/* What an engine is told at the beginning of Downtown's call of that CallSid, whose row exists.
 */
const va_json_t *t_briefing(const char *sid);

/* Pushes it onto the queue of those who wait, as nginx would. */
void t_push_ask(const t_ask_t *ask);

/* The claims of a token of that person, good for a quarter of an hour; lasts a test. */
const char *t_claims(const char *user, const char *organization, const char *role);

/* A GET with the claims of Downtown's admin. */
t_answer_t t_get(const char *type, const char *uri, const char *args);

/* As t_get(), with another's claims. */
t_answer_t t_get_as(const char *user, const char *organization, const char *role,
                    const char *type, const char *uri, const char *args);

/* A PUT of Downtown's settings, by its admin or by somebody of another role. */
t_answer_t t_put_settings(const char *role, const char *body);

/* The member of the body's JSON at the pointer, as text; "" when there is none. */
const char *t_text(const t_answer_t *answer, const char *pointer);
int64_t t_number(const t_answer_t *answer, const char *pointer);
size_t t_count(const t_answer_t *answer, const char *pointer);

/* "" when there is none of that name. */
const char *t_header(const t_answer_t *answer, const char *name);

/* The value of a Set-Cookie of that name, attributes included; "" when there is none. */
const char *t_cookie(const t_answer_t *answer, const char *name);

/* Statements as superuser, formatted; the first cell, as a number where that is asked for. */
const char *t_sqlf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int64_t t_sqlf_int(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As the workers run it, for whatever parameters, an index is asked for that. */
void t_index_answers(const wk_sql_t *sql, const char *condition);

/* How many lines of the log hold the text, since it was last forgotten. */
int t_logged(const char *text);
void t_log_forget(void);

/* How often crypt_r() was called since it was last asked. */
int t_hashes(void);

#define assert_status(answer, expected)                                                        \
    do {                                                                                       \
        const t_answer_t *answer_ = (answer);                                                  \
        if (answer_->status != (expected)) {                                                   \
            fail_msg("status %d, not %d: %.*s", answer_->status, (expected),                   \
                     (int)answer_->body.len, answer_->body.data);                              \
        }                                                                                      \
    } while (0)

/* An error with its status and word. */
#define assert_error(answer, expected, code)                                                   \
    do {                                                                                       \
        assert_status((answer), (expected));                                                   \
        assert_string_equal(t_text((answer), "/error/code"), (code));                          \
        assert_string_equal(t_text((answer), "/success"), "false");                            \
    } while (0)

#endif
