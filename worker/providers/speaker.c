#include "worker/providers/speaker.h"

const wk_speaker_t *wk_speaker_find(va_str_t name)
{
    static const wk_speaker_t *const speakers[] = {&wk_speaker_deepgram, &wk_speaker_elevenlabs,
                                                   &wk_speaker_openai};
    for (size_t i = 0; i < sizeof(speakers) / sizeof(*speakers); i++) {
        if (va_str_eq(va_str_c(speakers[i]->name), name)) {
            return speakers[i];
        }
    }
    return NULL;
}
