#include "worker/mail_header.h"

#include "core/base64.h"
#include "core/utf8.h"

#define MAX_LOCAL  64 /* RFC 5321 4.5.3.1.1 */
#define MAX_LABEL  63 /* RFC 1035 2.3.4 */
#define MAX_PLAIN  60 /* of a line of 78 */
#define WORD_BEGIN "=?UTF-8?B?"
#define WORD_END   "?="
#define WORD_BYTES 39 /* in base64 52: a line of them and a name within the 76 of RFC 2047 */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 5322 3.2.3 */
static bool is_atext(char c)
{
    return c != '\0' && (is_alnum(c) || strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* ---------------------------------------------------------------- addresses */

static bool is_dot_atom(va_str_t s)
{
    bool after_atom = false;
    for (size_t i = 0; i < s.len; i++) {
        bool dot = s.data[i] == '.';
        if (dot ? !after_atom : !is_atext(s.data[i])) {
            return false;
        }
        after_atom = !dot;
    }
    return after_atom;
}

static bool is_label(va_str_t s)
{
    if (s.len == 0 || s.len > MAX_LABEL || s.data[0] == '-' || s.data[s.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (!is_alnum(s.data[i]) && s.data[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool is_domain(va_str_t s)
{
    size_t labels = 0;
    for (;;) {
        const char *dot = s.len > 0 ? memchr(s.data, '.', s.len) : NULL;
        size_t len = dot != NULL ? (size_t)(dot - s.data) : s.len;
        if (!is_label(va_str(s.data, len))) {
            return false;
        }
        labels++;
        if (dot == NULL) {
            return labels > 1;
        }
        s = va_str(dot + 1, s.len - len - 1);
    }
}

bool wk_mail_is_address(va_str_t text)
{
    const char *at = text.len > 0 ? memchr(text.data, '@', text.len) : NULL;
    if (at == NULL || text.len > WK_MAIL_ADDRESS_MAX) {
        return false;
    }
    size_t local = (size_t)(at - text.data);
    return local <= MAX_LOCAL && is_dot_atom(va_str(text.data, local)) &&
           is_domain(va_str(at + 1, text.len - local - 1));
}

/* ---------------------------------------------------------------- texts */

/* Atoms with single spaces between them: a phrase, and a text that is no encoded-word. */
static bool is_plain(va_str_t s)
{
    bool after_atom = false;
    for (size_t i = 0; i < s.len; i++) {
        bool space = s.data[i] == ' ';
        if (space ? !after_atom : !is_atext(s.data[i])) {
            return false;
        }
        if (s.data[i] == '=' && i + 1 < s.len && s.data[i + 1] == '?') {
            return false;
        }
        after_atom = !space;
    }
    return after_atom && s.len <= MAX_PLAIN;
}

static void add_word(va_buf_t *to, const char *bytes, size_t len)
{
    char text[VA_BASE64_LEN(WORD_BYTES)];
    va_buf_add_c(to, WORD_BEGIN);
    va_buf_add(to, text, va_base64_encode(text, bytes, len));
    va_buf_add_c(to, WORD_END);
}

/* C0, DEL and C1 */
static bool is_control(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
}

/* A character is never divided between two words. */
static void add_words(va_buf_t *to, va_str_t text)
{
    char word[WORD_BYTES];
    size_t len = 0;
    while (text.len > 0) {
        uint32_t code_point;
        va_str_t c = va_utf8_take(&text, &code_point);
        if (is_control(code_point)) {
            c = VA_STR(" ");
        }
        if (len + c.len > sizeof(word)) {
            add_word(to, word, len);
            va_buf_add_c(to, "\r\n ");
            len = 0;
        }
        memcpy(word + len, c.data, c.len);
        len += c.len;
    }
    add_word(to, word, len);
}

void wk_mail_add_text(va_buf_t *to, va_str_t text)
{
    if (is_plain(text)) {
        va_buf_add_str(to, text);
    } else if (text.len > 0) {
        add_words(to, text);
    }
}

void wk_mail_add_mailbox(va_buf_t *to, va_str_t name, va_str_t address)
{
    if (name.len == 0) {
        va_buf_add_str(to, address);
        return;
    }
    wk_mail_add_text(to, name);
    va_buf_add_c(to, " <");
    va_buf_add_str(to, address);
    va_buf_add_char(to, '>');
}
