#include "worker/agent/engines.h"

#include "worker/providers/livekit.h"

static bool has_realtime(const wk_config_t *config, va_str_t agent)
{
    (void)agent;
    return config->openai_api_key != NULL;
}

/* Without a model the receptionist answers what is heard. */
static bool has_pipeline(const wk_config_t *config, va_str_t agent)
{
    (void)agent;
    return config->deepgram_api_key != NULL;
}

static bool has_elevenlabs(const wk_config_t *config, va_str_t agent)
{
    return config->elevenlabs_api_key != NULL && agent.len > 0;
}

static bool has_livekit(const wk_config_t *config, va_str_t agent)
{
    (void)agent;
    return wk_livekit_configured(config);
}

static const wk_engines_entry_t engines[] = {
    {"receptionist", WK_ENGINE_TALK, false, NULL},
    {"gather", WK_ENGINE_TALK, false, NULL},
    {"realtime", WK_ENGINE_MEDIA, true, has_realtime},
    {"pipeline", WK_ENGINE_MEDIA, true, has_pipeline},
    {"elevenlabs", WK_ENGINE_AGENT, true, has_elevenlabs},
    {"livekit", WK_ENGINE_ROOM, true, has_livekit},
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
    return engine->configured == NULL || engine->configured(config, agent);
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
