#include "worker/agent/engines.h"

static const wk_engines_entry_t engines[] = {
    {"receptionist", WK_ENGINE_TALK, false}, {"gather", WK_ENGINE_TALK, false},
    {"realtime", WK_ENGINE_MEDIA, true},     {"pipeline", WK_ENGINE_MEDIA, true},
    {"elevenlabs", WK_ENGINE_HANDED, true},
};

#define LAST (&engines[1])

const wk_engines_entry_t *wk_engines_find(va_str_t name)
{
    for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++) {
        if (va_str_eq(name, va_str_c(engines[i].name))) {
            return &engines[i];
        }
    }
    return NULL;
}

bool wk_engines_usable(const wk_engines_entry_t *engine, const wk_config_t *config,
                       va_str_t plan, va_str_t agent)
{
    if (engine->pro && !va_str_eq(plan, VA_STR("PRO"))) {
        return false;
    }
    switch (engine->kind) {
    case WK_ENGINE_MEDIA:
        return config->openai_api_key != NULL;
    case WK_ENGINE_HANDED:
        return config->elevenlabs_api_key != NULL && agent.len > 0;
    default:
        return true;
    }
}

const wk_engines_entry_t *wk_engines_next(const va_json_t *chain, va_str_t after,
                                          const wk_config_t *config, va_str_t plan,
                                          va_str_t agent)
{
    bool behind = after.len == 0;
    const va_json_t *name = va_json_is(chain, VA_JSON_ARRAY) ? chain->first : NULL;
    for (; name != NULL; name = name->next) {
        const wk_engines_entry_t *engine = wk_engines_find(va_json_string(name));
        if (behind && engine != NULL && wk_engines_usable(engine, config, plan, agent)) {
            return engine;
        }
        behind = behind || va_str_eq(va_json_string(name), after);
    }
    return LAST;
}
