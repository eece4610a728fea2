#include "t/handlers/lib/people.h"

const t_person_t t_dana = {DANA, DOWNTOWN, "admin"};
const t_person_t t_stan = {STAN, DOWNTOWN, "staff"};
const t_person_t t_tess = {TESS, DOWNTOWN, "service_tech"};
const t_person_t t_uma = {UMA, UPTOWN, "admin"};

t_ask_t t_takeover_ask(const t_person_t *who, const char *target, const char *action,
                       const char *body)
{
    return (t_ask_t){.type = "takeover.handle",
                     .method = "POST",
                     .uri = wk_printf(t_ctx.arena, "/api/takeover/%s/%s", target, action).data,
                     .claims = t_claims(who->user, who->organization, who->role),
                     .org = who->organization,
                     .body = body};
}

t_answer_t t_takeover(const t_person_t *who, const char *target, const char *action,
                      const char *body)
{
    t_ask_t ask = t_takeover_ask(who, target, action, body);
    return t_ask(&ask);
}

void t_assert_takeover(const t_person_t *who, const char *target, const char *action,
                       const char *body, int status)
{
    t_answer_t a = t_takeover(who, target, action, body);
    assert_status(&a, status);
}
