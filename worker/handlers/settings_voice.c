#include "worker/handlers/settings_voice.h"

#include "worker/providers/speaker.h"
#include "worker/store/agent_config.h"

static const wk_member_rule_t rules[] = {WK_SETTINGS_VOICE_RULES};

bool wk_settings_is_speaker(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                            const va_json_t *value)
{
    (void)rule;
    (void)c;
    return wk_speaker_find(va_json_string(value)) != NULL;
}

bool wk_settings_voice_read(wk_arena_t *a, const va_json_t *part, va_str_t *json, wk_error_t *e)
{
    return wk_members_read(a, NULL, rules, sizeof(rules) / sizeof(*rules), part, json, e);
}

bool wk_settings_voice_put(wk_tx_t *tx, va_str_t json, wk_plan_gap_t *gap, wk_error_t *e)
{
    return wk_plan_require(tx, WK_FEATURE_VOICE_SETTINGS, gap, e) &&
           wk_sql(tx, &wk_sql_agent_voice_put, &json, NULL, e);
}
