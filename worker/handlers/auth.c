/*
 * Signing in and staying so: passwords, or an identity provider's token, for tokens, refresh
 * tokens for the next ones, and tickets for streams. What is wrong about a login is never told
 * apart to the outside: one answer, and one password hash computed, for an unknown address, a
 * wrong password, an account that is locked or not active.
 */
#include "worker/clock.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/person.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/session.h"
#include "worker/handlers/token.h"
#include "worker/log.h"
#include "worker/metrics.h"
#include "worker/password.h"
#include "worker/store/sessions.h"
#include "worker/store/users.h"

#define TOKEN_MAX     128
#define TICKET_LIFE_S 30

/* After so many failures in a row; doubled by each further one, up to the last. */
#define LOCK_AFTER     "10"
#define LOCK_FIRST_S   "60"
#define LOCK_LONGEST_S "3600"

static void count_outcome(const char *name, const char *outcome)
{
    wk_count(name, "outcome", va_str_c(outcome), NULL, VA_STR_NULL, 1);
}

static bool audit_member(wk_ctx_t *ctx, wk_tx_t *tx, va_str_t user, const char *action,
                         wk_error_t *e)
{
    const wk_audit_t entry = {.actor = "user",
                              .user_id = user,
                              .action = action,
                              .entity = "user",
                              .entity_id = user};
    return wk_audit(ctx, tx, &entry, e);
}

/* ---------------------------------------------------------------- the answer */

static wk_outcome_t reply_tokens(wk_ctx_t *ctx, const wk_signed_in_t *user, va_str_t refresh,
                                 bool told, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_str_t access;
    if (!wk_session_reply_begin(ctx, &doc, user, refresh, told, &access, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    return wk_session_reply_end(ctx, &doc, 200, access, refresh, reply, e);
}

/* ---------------------------------------------------------------- login */

typedef struct {
    wk_ctx_t *ctx;
    const char *action; /* as the audit log names it */
    va_str_t email, password;
    va_str_t subject; /* instead of both: whom an identity provider vouches for */
    va_str_t hash;    /* absent: whatever the password, it is wrong */
    va_str_t better_hash;
    wk_signed_in_t member;
    bool locked; /* by this attempt, unless it succeeds */
    wk_session_t session;
} login_t;

static bool read_login(login_t *l, wk_error_t *e)
{
    const va_json_t *body;
    return wk_request_json(l->ctx, &body, e) &&
           wk_request_text(body, "email", WK_EMAIL_MAX, &l->email, e) &&
           wk_request_text(body, "password", WK_PASSWORD_MAX, &l->password, e);
}

static bool attempt_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    login_t *l = arg;
    wk_rows_t *rows;
    va_str_t params[] = {l->email, VA_STR(LOCK_AFTER), VA_STR(LOCK_FIRST_S),
                         VA_STR(LOCK_LONGEST_S)};
    if (!wk_sql_last(tx, &wk_sql_login_attempt, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) > 0) {
        l->member = wk_session_user(rows);
        l->hash = wk_cell(rows, 0, "password_hash");
        l->locked = wk_cell_bool(rows, 0, "locked");
    }
    return true;
}

/* Counts the attempt; only what the password is compared with tells whether it was one. */
static bool begin_attempt(login_t *l, wk_error_t *e)
{
    va_str_t organization;
    l->email = wk_person_lower(l->ctx, l->email);
    return wk_tx_by(l->ctx->db, l->ctx->arena, "email", l->email,
                    wk_request_deadline_ms(l->ctx), attempt_tx, l, &organization, e);
}

static bool locked_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    login_t *l = arg;
    return audit_member(l->ctx, tx, l->member.id, "login_locked", e);
}

static bool refuse_login(login_t *l, wk_error_t *e)
{
    wk_ctx_t *ctx = l->ctx;
    count_outcome("voiceagent_logins_total", l->locked ? "locked" : "refused");
    wk_log(WK_WARN, "login refused", WK_S("user", l->member.id),
           WK_S("peer", ctx->job->http_peer));
    if (l->locked && !wk_tx(ctx->db, ctx->arena, l->member.organization,
                            wk_request_deadline_ms(ctx), locked_tx, l, e)) {
        return false;
    }
    return wk_refuse(e, WK_R_INVALID_CREDENTIALS,
                     "The e-mail address or the password is wrong, or there were too many "
                     "attempts. After ten, wait a while.");
}

static bool check_password(login_t *l, wk_error_t *e)
{
    wk_ctx_t *ctx = l->ctx;
    int cost = ctx->config->password_cost;
    bool matches;

    if (!wk_password_verify(ctx->arena, l->password, l->hash, cost, &matches, e)) {
        return false;
    }
    if (!matches) {
        return refuse_login(l, e);
    }
    return !wk_password_outdated(l->hash, cost) ||
           wk_password_hash(ctx->arena, l->password, cost, &l->better_hash, e);
}

static bool open_session_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    login_t *l = arg;
    va_str_t done[] = {l->member.id, l->hash, l->better_hash};
    return wk_sql(tx, &wk_sql_login_done, done, NULL, e) &&
           audit_member(l->ctx, tx, l->member.id, l->action, e) &&
           wk_session_open(l->ctx, tx, l->member.id, &l->session, e);
}

static bool open_session(login_t *l, wk_error_t *e)
{
    wk_ctx_t *ctx = l->ctx;
    return wk_session_make(ctx, &l->session, e) &&
           wk_tx(ctx->db, ctx->arena, l->member.organization, wk_request_deadline_ms(ctx),
                 open_session_tx, l, e);
}

wk_outcome_t wk_auth_login(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    login_t l = {.ctx = ctx, .action = "login"};
    if (!read_login(&l, e) || !begin_attempt(&l, e) || !check_password(&l, e) ||
        !open_session(&l, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    count_outcome("voiceagent_logins_total", "done");
    return reply_tokens(ctx, &l.member, l.session.refresh, true, reply, e);
}

/* ---------------------------------------------------------------- exchange */

/* Of the claims the subject alone: address and role there are the provider's, not ours. */
static bool read_subject(login_t *l, wk_error_t *e)
{
    va_str_t subject = va_json_get_string(l->ctx->job->claims, "sub");
    if (subject.len == 0) {
        return wk_refuse(e, WK_R_UNAUTHORIZED, "The request carries no valid token.");
    }
    l->subject = wk_person_lower(l->ctx, subject);
    return true;
}

static bool find_subject_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    login_t *l = arg;
    wk_rows_t *rows;
    if (!wk_sql_last(tx, &wk_sql_login_subject, &l->subject, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) > 0) {
        l->member = wk_session_user(rows);
    }
    return true;
}

static bool find_subject(login_t *l, wk_error_t *e)
{
    wk_ctx_t *ctx = l->ctx;
    va_str_t organization;
    if (!wk_tx_by(ctx->db, ctx->arena, "auth_user", l->subject, wk_request_deadline_ms(ctx),
                  find_subject_tx, l, &organization, e)) {
        return false;
    }
    if (l->member.id.data == NULL) {
        count_outcome("voiceagent_logins_total", "refused");
        return wk_refuse(e, WK_R_FORBIDDEN, "This account belongs to no shop here.");
    }
    return true;
}

wk_outcome_t wk_auth_exchange(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    login_t l = {.ctx = ctx, .action = "login_exchanged"};
    if (!read_subject(&l, e) || !find_subject(&l, e) || !open_session(&l, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    count_outcome("voiceagent_logins_total", "done");
    return reply_tokens(ctx, &l.member, l.session.refresh, true, reply, e);
}

/* ---------------------------------------------------------------- refresh tokens */

/* A refresh token somebody presents, and what became of it. */
typedef struct {
    wk_ctx_t *ctx;
    va_str_t token, digest;
    bool from_cookie;
    va_str_t next, next_digest;
    va_str_t session, family;
    wk_signed_in_t member;
    bool accepted;
} refresh_t;

/* A browser sends Origin with every POST; SameSite alone lets sibling hosts through. */
static bool origin_is_ours(const wk_ctx_t *ctx)
{
    va_str_t url = va_str_c(ctx->config->public_url);
    va_str_t origin = wk_request_header(ctx->job, "origin");
    const char *host = url.len > 0 ? strstr(url.data, "://") : NULL;
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    if (path != NULL) {
        url.len = (size_t)(path - url.data);
    }
    return origin.len > 0 && va_str_ieq(origin, url);
}

/* A body that has one comes first; a request without a body has none. */
static bool read_body_token(refresh_t *r, wk_error_t *e)
{
    const va_json_t *body;
    return r->ctx->job->body.len == 0 ||
           (wk_request_json(r->ctx, &body, e) &&
            wk_request_optional_text(body, "refresh_token", TOKEN_MAX, &r->token, e));
}

/* True with an absent token when the request carries none. */
static bool read_refresh_token(refresh_t *r, wk_error_t *e)
{
    va_str_t cookie = wk_request_cookie(r->ctx->job, WK_COOKIE_REFRESH_SENT);
    if (!read_body_token(r, e)) {
        return false;
    }
    if (r->token.data == NULL && cookie.len > 0) {
        if (!origin_is_ours(r->ctx)) {
            return wk_refuse(e, WK_R_FORBIDDEN, "A cookie counts on our own pages only.");
        }
        r->token = cookie;
        r->from_cookie = true;
    }
    return r->token.data == NULL || wk_token_digest(r->ctx, r->token, &r->digest, e);
}

static bool find_organization_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    refresh_t *r = arg;
    wk_rows_t *rows;
    if (!wk_sql_last(tx, &wk_sql_session_organization, &r->digest, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) > 0) {
        r->member.organization = wk_cell(rows, 0, "organization_id");
    }
    return true;
}

/* Runs fn as the organization of the token; not at all when the token is nobody's. */
static bool with_session(refresh_t *r, wk_tx_fn fn, wk_error_t *e)
{
    wk_ctx_t *ctx = r->ctx;
    int64_t deadline = wk_request_deadline_ms(ctx);
    return wk_tx(ctx->db, ctx->arena, VA_STR_NULL, deadline, find_organization_tx, r, e) &&
           (r->member.organization.data == NULL ||
            wk_tx(ctx->db, ctx->arena, r->member.organization, deadline, fn, r, e));
}

static bool revoke_family(refresh_t *r, wk_tx_t *tx, const char *action, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_session_revoke, &r->family, NULL, e) &&
           audit_member(r->ctx, tx, r->member.id, action, e);
}

static bool rotate(refresh_t *r, wk_tx_t *tx, wk_error_t *e)
{
    const va_job_t *job = r->ctx->job;
    va_str_t params[] = {r->session, r->next_digest,
                         wk_printf(r->ctx->arena, "%d", r->ctx->config->refresh_token_s),
                         wk_request_peer(job), wk_request_header(job, "user-agent")};
    r->accepted = true;
    return wk_sql_last(tx, &wk_sql_session_rotate, params, NULL, e);
}

/* No row: there is no such session. */
static bool read_session(refresh_t *r, wk_tx_t *tx, wk_rows_t **rows, wk_error_t *e)
{
    va_str_t digests[] = {r->digest, r->next_digest};
    if (!wk_sql(tx, &wk_sql_session_lock, &r->digest, NULL, e) ||
        !wk_sql(tx, &wk_sql_session_read, digests, rows, e)) {
        return false;
    }
    if (wk_rows_count(*rows) > 0) {
        r->session = wk_cell(*rows, 0, "session_id");
        r->family = wk_cell(*rows, 0, "family");
        r->member = wk_session_user(*rows);
    }
    return true;
}

static bool refresh_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    refresh_t *r = arg;
    wk_rows_t *rows;
    if (!read_session(r, tx, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0 || wk_cell_bool(rows, 0, "ended") ||
        !wk_cell_bool(rows, 0, "user_active")) {
        return true;
    }
    if (!wk_cell_bool(rows, 0, "used")) {
        return rotate(r, tx, e);
    }
    r->accepted = wk_cell_bool(rows, 0, "followed"); /* by this job, before its worker died */
    if (r->accepted) {
        return true;
    }
    wk_log(WK_WARN, "refresh token used twice: its family is revoked",
           WK_S("user", r->member.id));
    return revoke_family(r, tx, "refresh_token_reused", e);
}

static bool refresh(refresh_t *r, wk_error_t *e)
{
    if (!read_refresh_token(r, e)) {
        return false;
    }
    if (r->token.data != NULL && (!wk_token_next(r->ctx, r->token, &r->next, e) ||
                                  !wk_token_digest(r->ctx, r->next, &r->next_digest, e) ||
                                  !with_session(r, refresh_tx, e))) {
        return false;
    }
    count_outcome("voiceagent_refreshes_total", r->accepted ? "done" : "refused");
    return r->accepted ||
           wk_refuse(e, WK_R_INVALID_REFRESH_TOKEN, "The session has ended. Sign in again.");
}

static void clear_cookies(wk_ctx_t *ctx, va_reply_t *reply)
{
    wk_token_cookie(ctx, reply, WK_COOKIE_ACCESS, VA_STR(""), 0);
    wk_token_cookie(ctx, reply, WK_COOKIE_REFRESH, VA_STR(""), 0);
}

wk_outcome_t wk_auth_refresh(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    refresh_t r = {.ctx = ctx};
    if (refresh(&r, e)) {
        return reply_tokens(ctx, &r.member, r.next, !r.from_cookie, reply, e);
    }
    wk_outcome_t outcome = wk_reply_error(ctx, reply, e);
    if (reply->status == 401) {
        clear_cookies(ctx, reply);
    }
    return outcome;
}

static bool logout_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    refresh_t *r = arg;
    wk_rows_t *rows;
    return read_session(r, tx, &rows, e) &&
           (wk_rows_count(rows) == 0 || wk_cell_bool(rows, 0, "ended") ||
            revoke_family(r, tx, "logout", e));
}

/* Also for a token that is none any more: who asks is signed out either way. */
wk_outcome_t wk_auth_logout(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    refresh_t r = {.ctx = ctx};
    if (!read_refresh_token(&r, e) ||
        (r.token.data != NULL && !with_session(&r, logout_tx, e))) {
        return wk_reply_error(ctx, reply, e);
    }
    wk_reply_begin(ctx, &doc);
    wk_outcome_t outcome = wk_reply_end(ctx, &doc, 200, reply, e);
    clear_cookies(ctx, reply);
    return outcome;
}

/* ---------------------------------------------------------------- tickets */

/* Never beyond the token it stands for. */
static bool ticket_life(const wk_ctx_t *ctx, int64_t *seconds, wk_error_t *e)
{
    int64_t expires;
    *seconds = TICKET_LIFE_S;
    if (va_json_int(va_json_get(ctx->job->claims, "exp"), &expires) &&
        expires - wk_now_ms() / 1000 < *seconds) {
        *seconds = expires - wk_now_ms() / 1000;
    }
    return *seconds > 0 || wk_refuse(e, WK_R_UNAUTHORIZED, "The token has expired.");
}

static bool store_ticket(wk_ctx_t *ctx, va_str_t ticket, int64_t seconds, wk_error_t *e)
{
    va_str_t key = wk_printf(ctx->arena, "va:ticket:%.*s", (int)ticket.len, ticket.data);
    va_str_t life = wk_printf(ctx->arena, "%lld", (long long)seconds);
    va_str_t argv[] = {VA_STR("SET"), key, ctx->job->auth_claims, VA_STR("EX"), life};
    redisReply *answer = wk_redis_command(ctx->redis, 0, argv, 5, e);
    freeReplyObject(answer);
    return answer != NULL;
}

wk_outcome_t wk_auth_ticket(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    va_str_t ticket;
    int64_t seconds;
    if (!wk_caller_check(ctx, WK_ANY_ROLE, e) || !ticket_life(ctx, &seconds, e) ||
        !wk_token_random(ctx, &ticket, e) || !store_ticket(ctx, ticket, seconds, e)) {
        return wk_reply_error(ctx, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_add_str(w, "ticket", ticket);
    va_json_add_int(w, "expires_in", seconds);
    return wk_reply_end(ctx, &doc, 200, reply, e);
}
