/*
 * Embeddings as OpenAI defines them and others serve them: a vector of a text's meaning.
 * Address and key are those of chat completions, the model is [openai] embedding_model.
 */
#ifndef WK_PROVIDERS_EMBEDDINGS_H
#define WK_PROVIDERS_EMBEDDINGS_H

#include "worker/context.h"

#define WK_EMBEDDINGS_MAX 32 /* texts of one request */

/* True when a key and a model are configured. */
bool wk_embeddings_configured(const wk_config_t *config);

/*
 * vectors[i] is that of texts[i], as a Postgres array in text; n is 1 to WK_EMBEDDINGS_MAX, and
 * no text is empty. Asks once; failures are those of wk_openai_chat() (openai.h).
 */
bool wk_embeddings(wk_ctx_t *ctx, const va_str_t *texts, size_t n, int timeout_ms,
                   va_str_t *vectors, wk_error_t *e);

#endif
