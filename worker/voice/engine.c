#include "worker/voice/engine.h"

/* A new engine is a file and its line here. */
static const wk_media_engine_type_t *const engines[] = {
    &wk_media_engine_realtime, &wk_media_engine_elevenlabs, &wk_media_engine_pipeline};

const wk_media_engine_type_t *wk_media_engine_find(va_str_t name)
{
    for (size_t i = 0; i < sizeof(engines) / sizeof(*engines); i++) {
        if (va_str_eq(name, va_str_c(engines[i]->traits.name))) {
            return engines[i];
        }
    }
    return NULL;
}
