#include "worker/handlers/settings_voicemail.h"

#include "worker/handlers/members.h"
#include "worker/store/settings.h"

static const char *const actions[] = {"leave_message", "hang_up", "ignore", NULL};

static const char *const in_message[] = {"shop", "agent", NULL};

/* A language that the message does not name has the catalogue's words. */
static const wk_member_rule_t rules[] = {
    {.name = "action",
     .check = wk_member_word,
     .of = actions,
     .must = "leave_message, hang_up or ignore"},
    {.name = "message",
     .check = wk_member_templates_by_language,
     .of = in_message,
     .min = 1,
     .max = 1000,
     .must = "texts of 1 to 1000 bytes by language, with nothing in braces but {shop} and "
             "{agent}"},
};

bool wk_settings_voicemail_read(wk_arena_t *a, const wk_catalogue_t *c, const va_json_t *part,
                                va_str_t *json, wk_error_t *e)
{
    return wk_members_read(a, c, rules, sizeof(rules) / sizeof(*rules), part, json, e);
}

bool wk_settings_voicemail_put(wk_tx_t *tx, va_str_t json, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_settings_voicemail, &json, NULL, e);
}
