#include "worker/secretbox.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "core/base64.h"
#include "core/buf.h"

#define KEY_SIZE   32
#define NONCE_SIZE 12
#define TAG_SIZE   16
#define ID_MAX     255

/* ---------------------------------------------------------------- keys */

typedef struct {
    va_str_t id;
    uint8_t bytes[VA_BASE64_MAX(VA_BASE64_LEN(KEY_SIZE))];
} secret_key_t;

/* "id:base64" */
static bool read_key(va_str_t text, secret_key_t *key)
{
    size_t len;
    const char *colon = memchr(text.data, ':', text.len);
    if (colon == NULL || colon == text.data || colon - text.data > ID_MAX) {
        return false;
    }
    key->id = va_str(text.data, (size_t)(colon - text.data));
    va_str_t base64 = va_str(colon + 1, text.len - key->id.len - 1);
    return base64.len == VA_BASE64_LEN(KEY_SIZE) &&
           va_base64_decode(key->bytes, &len, base64) == VA_OK && len == KEY_SIZE;
}

/* The key of that id; absent: the first. */
static bool find_key(const wk_config_t *config, va_str_t id, secret_key_t *key)
{
    const char *at = config->encryption_keys != NULL ? config->encryption_keys : "";
    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        if (read_key(va_str(at, len), key) && (id.data == NULL || va_str_eq(key->id, id))) {
            return true;
        }
        at += len;
        at += *at == ',';
    }
    return false;
}

va_str_t wk_secret_key_id(const wk_config_t *config)
{
    secret_key_t key;
    bool found = find_key(config, VA_STR_NULL, &key);
    OPENSSL_cleanse(key.bytes, sizeof(key.bytes));
    return found ? key.id : VA_STR_NULL;
}

/* ---------------------------------------------------------------- the cipher */

/* Each part ends with a zero byte, which none of them can hold: no two places look alike. */
static va_str_t place_text(wk_arena_t *a, const wk_secret_place_t *place)
{
    va_buf_t text;
    const va_str_t parts[] = {va_str_c(place->table), va_str_c(place->column),
                              place->organization, place->row};
    va_buf_init(&text, wk_mem(a), 128);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        va_buf_add_str(&text, parts[i]);
        va_buf_add_char(&text, '\0');
    }
    return va_buf_str(&text);
}

typedef struct {
    const uint8_t *key;
    uint8_t *nonce, *tag;
    va_str_t place, in;
    uint8_t *out;
} gcm_t;

static bool encrypt_with(EVP_CIPHER_CTX *c, const gcm_t *g)
{
    int n;
    return EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, g->key, g->nonce) == 1 &&
           EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *)g->place.data, (int)g->place.len) ==
               1 &&
           EVP_EncryptUpdate(c, g->out, &n, (const uint8_t *)g->in.data, (int)g->in.len) == 1 &&
           EVP_EncryptFinal_ex(c, g->out + n, &n) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, g->tag) == 1;
}

static bool decrypt_with(EVP_CIPHER_CTX *c, const gcm_t *g)
{
    int n;
    return EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, g->key, g->nonce) == 1 &&
           EVP_DecryptUpdate(c, NULL, &n, (const uint8_t *)g->place.data, (int)g->place.len) ==
               1 &&
           EVP_DecryptUpdate(c, g->out, &n, (const uint8_t *)g->in.data, (int)g->in.len) == 1 &&
           EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, g->tag) == 1 &&
           EVP_DecryptFinal_ex(c, g->out + n, &n) == 1;
}

static bool run_cipher(bool (*work)(EVP_CIPHER_CTX *, const gcm_t *), const gcm_t *g)
{
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    bool ok = c != NULL && work(c, g);
    EVP_CIPHER_CTX_free(c);
    return ok;
}

/* ---------------------------------------------------------------- bytea as text */

static va_str_t to_bytea(wk_arena_t *a, const uint8_t *bytes, size_t n)
{
    char *text = wk_alloc(a, 2 + 2 * n);
    text[0] = '\\';
    text[1] = 'x';
    va_hex_encode(text + 2, bytes, n);
    return va_str(text, 2 + 2 * n);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool from_bytea(wk_arena_t *a, va_str_t text, uint8_t **bytes, size_t *n)
{
    if (text.len < 2 || text.len % 2 != 0 || text.data[0] != '\\' || text.data[1] != 'x') {
        return false;
    }
    *n = text.len / 2 - 1;
    *bytes = wk_alloc(a, *n + 1);
    for (size_t i = 0; i < *n; i++) {
        int high = digit(text.data[2 + 2 * i]), low = digit(text.data[3 + 2 * i]);
        if (high < 0 || low < 0) {
            return false;
        }
        (*bytes)[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* ---------------------------------------------------------------- seal, open */

bool wk_secret_seal(const wk_config_t *config, wk_arena_t *a, const wk_secret_place_t *place,
                    va_str_t plain, va_str_t *sealed, wk_error_t *e)
{
    secret_key_t key;
    *sealed = VA_STR_NULL;
    if (plain.data == NULL) {
        return true;
    }
    if (!find_key(config, VA_STR_NULL, &key)) {
        return wk_error(e, WK_INTERNAL, "ENCRYPTION_KEY is not set");
    }
    size_t n = 1 + key.id.len + NONCE_SIZE + TAG_SIZE + plain.len;
    uint8_t *bytes = wk_alloc(a, n);
    bytes[0] = (uint8_t)key.id.len;
    memcpy(bytes + 1, key.id.data, key.id.len);
    uint8_t *nonce = bytes + 1 + key.id.len;
    gcm_t g = {.key = key.bytes,
               .nonce = nonce,
               .tag = nonce + NONCE_SIZE,
               .place = place_text(a, place),
               .in = plain,
               .out = nonce + NONCE_SIZE + TAG_SIZE};
    bool ok = RAND_bytes(nonce, NONCE_SIZE) == 1 && run_cipher(encrypt_with, &g);
    OPENSSL_cleanse(key.bytes, sizeof(key.bytes));
    if (!ok) {
        return wk_error(e, WK_INTERNAL, "%s.%s cannot be encrypted", place->table,
                        place->column);
    }
    *sealed = to_bytea(a, bytes, n);
    return true;
}

bool wk_secret_open(const wk_config_t *config, wk_arena_t *a, const wk_secret_place_t *place,
                    va_str_t sealed, va_str_t *plain, wk_error_t *e)
{
    size_t n;
    uint8_t *bytes;
    secret_key_t key;
    *plain = VA_STR_NULL;
    if (sealed.data == NULL) {
        return true;
    }
    if (!from_bytea(a, sealed, &bytes, &n) || n < 1 ||
        n < 1 + (size_t)bytes[0] + NONCE_SIZE + TAG_SIZE) {
        return wk_error(e, WK_INTERNAL, "%s.%s is not an encrypted value", place->table,
                        place->column);
    }
    va_str_t id = va_str((const char *)bytes + 1, bytes[0]);
    if (id.len == 0 || !find_key(config, id, &key)) {
        return wk_error(e, WK_INTERNAL, "%s.%s: ENCRYPTION_KEY lacks the key it needs",
                        place->table, place->column);
    }
    uint8_t *nonce = bytes + 1 + id.len;
    size_t head = 1 + id.len + NONCE_SIZE + TAG_SIZE;
    uint8_t *text = wk_alloc(a, n - head + 1);
    gcm_t g = {.key = key.bytes,
               .nonce = nonce,
               .tag = nonce + NONCE_SIZE,
               .place = place_text(a, place),
               .in = va_str((const char *)bytes + head, n - head),
               .out = text};
    bool ok = run_cipher(decrypt_with, &g);
    OPENSSL_cleanse(key.bytes, sizeof(key.bytes));
    if (!ok) {
        return wk_error(e, WK_INTERNAL, "%s.%s was changed, or belongs elsewhere", place->table,
                        place->column);
    }
    *plain = va_str((const char *)text, n - head);
    return true;
}
