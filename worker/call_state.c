#include "worker/call_state.h"

#include <stdlib.h>

#include "scripts.h"

#define MAX_FIELDS 24

static va_str_t key_of(wk_arena_t *a, va_str_t call)
{
    return wk_printf(a, "va:call:{%.*s}", (int)call.len, call.data);
}

static va_str_t epoch_text(wk_arena_t *a, int64_t epoch)
{
    return epoch == WK_CALL_ANY_EPOCH ? VA_STR("") : wk_decimal(a, epoch);
}

/* ---------------------------------------------------------------- reading */

static void read_text(wk_call_state_t *s, va_str_t name, va_str_t value)
{
    const struct {
        const char *name;
        va_str_t *to;
    } texts[] = {
        {"organization", &s->organization},
        {"id", &s->id},
        {"engine", &s->engine},
        {"owner", &s->owner},
        {"language", &s->language},
        {"from", &s->from},
        {"to", &s->to},
        {"next", &s->next},
        {"detail", &s->detail},
        {"due", &s->due},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (va_str_eq(name, va_str_c(texts[i].name)) && value.len > 0) {
            *texts[i].to = value;
        }
    }
}

static void read_number(wk_call_state_t *s, va_str_t name, va_str_t value)
{
    const struct {
        const char *name;
        int64_t *to;
    } numbers[] = {
        {"epoch", &s->epoch}, {"turn", &s->turn},   {"resumes", &s->resumes},
        {"tries", &s->tries}, {"began", &s->began},
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        if (va_str_eq(name, va_str_c(numbers[i].name))) {
            *numbers[i].to = strtoll(value.data, NULL, 10);
        }
    }
}

/* fields: name and value in turn, as HGETALL answers. */
static bool read_state(wk_arena_t *a, const redisReply *fields, wk_call_state_t *s,
                       wk_error_t *e)
{
    *s = (wk_call_state_t){.ended = false};
    if (fields->type != REDIS_REPLY_ARRAY || fields->elements % 2 != 0) {
        return wk_error(e, WK_INTERNAL, "Redis: the state of a call: unexpected reply");
    }
    for (size_t i = 0; i < fields->elements; i += 2) {
        va_str_t name = wk_redis_str(fields->element[i]);
        va_str_t value = wk_copy(a, wk_redis_str(fields->element[i + 1]));
        read_text(s, name, value);
        read_number(s, name, value);
        if (va_str_eq(name, VA_STR("status"))) {
            s->ended = va_str_eq(value, VA_STR("ended"));
        }
    }
    return true;
}

/* ---------------------------------------------------------------- scripts */

static redisReply *run(wk_redis_t *r, wk_arena_t *a, const wk_script_t *script, va_str_t call,
                       const va_str_t *args, size_t n, wk_error_t *e)
{
    va_str_t key = key_of(a, call);
    redisReply *reply = wk_redis_script(r, script, &key, 1, args, n, e);
    if (reply == NULL) {
        wk_error_wrap(e, "the state of a call");
    }
    return reply;
}

/* The word an array begins with. */
static bool answers(const redisReply *reply, const char *word, size_t elements)
{
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == elements &&
           va_str_eq(wk_redis_str(reply->element[0]), va_str_c(word));
}

static size_t add_fields(va_str_t *args, size_t at, const wk_call_field_t *fields, size_t n)
{
    for (size_t i = 0; i < n && i < MAX_FIELDS; i++) {
        args[at++] = va_str_c(fields[i].name);
        args[at++] = fields[i].value.data != NULL ? fields[i].value : VA_STR("");
    }
    return at;
}

bool wk_call_state_begin(wk_redis_t *r, wk_arena_t *a, va_str_t call,
                         const wk_call_field_t *fields, size_t n, wk_call_state_t *state,
                         bool *begun, wk_error_t *e)
{
    va_str_t args[2 * MAX_FIELDS];
    size_t count = add_fields(args, 0, fields, n);
    redisReply *reply = run(r, a, &wk_script_call_begin, call, args, count, e);
    if (reply == NULL) {
        return false;
    }
    bool ok = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2
                  ? read_state(a, reply->element[1], state, e)
                  : wk_error(e, WK_INTERNAL, "Redis: call_begin: unexpected reply");
    *begun = ok && reply->element[0]->integer == 1;
    freeReplyObject(reply);
    return ok;
}

bool wk_call_state_read(wk_redis_t *r, wk_arena_t *a, va_str_t call, wk_call_state_t *state,
                        bool *found, wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("HGETALL"), key_of(a, call)};
    redisReply *reply = wk_redis_command(r, 0, argv, 2, e);
    if (reply == NULL) {
        return wk_error_wrap(e, "the state of a call");
    }
    bool ok = read_state(a, reply, state, e);
    *found = ok && reply->elements > 0;
    freeReplyObject(reply);
    return ok;
}

bool wk_call_state_set(wk_redis_t *r, wk_arena_t *a, va_str_t call, int64_t epoch,
                       const wk_call_field_t *fields, size_t n, bool *stale, wk_error_t *e)
{
    va_str_t args[1 + 2 * MAX_FIELDS] = {epoch_text(a, epoch)};
    size_t count = add_fields(args, 1, fields, n);
    redisReply *reply = run(r, a, &wk_script_call_set, call, args, count, e);
    if (reply == NULL) {
        return false;
    }
    *stale = !va_str_eq(wk_redis_str(reply), VA_STR("OK"));
    freeReplyObject(reply);
    return true;
}

bool wk_call_state_resume(wk_redis_t *r, wk_arena_t *a, va_str_t call, int64_t door,
                          va_str_t by_itself, wk_call_resumed_t *out, bool *found,
                          wk_error_t *e)
{
    va_str_t args[] = {wk_decimal(a, WK_CALL_RESUME_WINDOW_MS), wk_decimal(a, door), by_itself};
    redisReply *reply = run(r, a, &wk_script_call_resume, call, args, 3, e);
    if (reply == NULL) {
        return false;
    }
    bool ok = true;
    *found = answers(reply, "OK", 6);
    if (*found) {
        out->next = wk_copy(a, wk_redis_str(reply->element[1]));
        out->recent = reply->element[2]->integer;
        ok = read_state(a, reply->element[5], &out->state, e);
    }
    freeReplyObject(reply);
    return ok;
}

/* ---------------------------------------------------------------- people */

bool wk_call_state_take_over(wk_redis_t *r, wk_arena_t *a, va_str_t call, bool human,
                             wk_call_taking_t *result, int64_t *epoch, va_str_t *owner,
                             wk_error_t *e)
{
    va_str_t args[] = {call, human ? VA_STR("1") : VA_STR("0")};
    redisReply *reply = run(r, a, &wk_script_call_takeover, call, args, 2, e);
    if (reply == NULL) {
        return false;
    }
    *owner = VA_STR_NULL;
    if (answers(reply, "OK", 4)) {
        *result = WK_CALL_TAKEN;
        *epoch = reply->element[1]->integer;
        *owner = reply->element[3]->integer > 0 ? wk_copy(a, wk_redis_str(reply->element[2]))
                                                : VA_STR_NULL;
    } else {
        *result = answers(reply, "GONE", 1) ? WK_CALL_UNKNOWN : WK_CALL_OVER;
    }
    freeReplyObject(reply);
    return true;
}

bool wk_call_state_await_silence(wk_redis_t *r, wk_arena_t *a, va_str_t call, int64_t epoch,
                                 bool *cleared, wk_error_t *e)
{
    va_str_t argv[] = {
        VA_STR("BLPOP"),
        wk_printf(a, "va:call:yielded:{%.*s}:%lld", (int)call.len, call.data, (long long)epoch),
        VA_STR("2")};
    redisReply *reply = wk_redis_command(r, 2000, argv, 3, e);
    if (reply == NULL) {
        return wk_error_wrap(e, "the silence of a call");
    }
    *cleared = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
               va_str_eq(wk_redis_str(reply->element[1]), VA_STR("cleared"));
    freeReplyObject(reply);
    return true;
}

bool wk_call_state_end(wk_redis_t *r, wk_arena_t *a, va_str_t call, va_str_t reason,
                       wk_error_t *e)
{
    redisReply *reply = run(r, a, &wk_script_call_end, call, &reason, 1, e);
    freeReplyObject(reply);
    return reply != NULL;
}

bool wk_call_state_forget(wk_redis_t *r, wk_arena_t *a, va_str_t call, bool *found,
                          wk_error_t *e)
{
    va_str_t argv[] = {VA_STR("DEL"), key_of(a, call)};
    redisReply *reply = wk_redis_command(r, 0, argv, 2, e);
    *found = reply != NULL && reply->integer == 1;
    freeReplyObject(reply);
    return reply != NULL;
}
