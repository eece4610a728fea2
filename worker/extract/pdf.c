#include <poppler.h>
#include <string.h>

#include "core/utf8.h"
#include "worker/extract/extract.h"

#define MAX_PAGES 2000

static bool ends_sentence(va_str_t line)
{
    return line.len == 0 || strchr(".:;!?", line.data[line.len - 1]) != NULL;
}

static bool begins_lower(const char *text, const char *end)
{
    uint32_t c = 0;
    (void)va_utf8_next(va_str(text, (size_t)(end - text)), &c);
    return g_unichar_islower(c);
}

/* A page's lines end where the paper does: a sentence that goes on is put together again. */
static void put_page(const char *text)
{
    const char *end = text + strlen(text);
    while (text < end) {
        const char *eol = strchr(text, '\n');
        size_t len = eol != NULL ? (size_t)(eol - text) : (size_t)(end - text);
        va_str_t line = va_str(text, len);
        text += len + (eol != NULL);
        ex_put(line);
        if (!ends_sentence(line) && begins_lower(text, end)) {
            ex_put(VA_STR(" "));
        } else if (len == 0) {
            ex_paragraph();
        } else {
            ex_line();
        }
    }
    ex_paragraph();
}

static void put_pages(PopplerDocument *document)
{
    int n = poppler_document_get_n_pages(document);
    if (n > MAX_PAGES) {
        ex_fail("The document has too many pages: 2000 at most.");
    }
    for (int i = 0; i < n; i++) {
        PopplerPage *page = poppler_document_get_page(document, i);
        char *text = page != NULL ? poppler_page_get_text(page) : NULL;
        put_page(text != NULL ? text : "");
        g_free(text);
        g_clear_object(&page);
    }
}

void ex_read_pdf(va_str_t document)
{
    GError *error = NULL;
    GBytes *bytes = g_bytes_new_static(document.data, document.len);
    PopplerDocument *pdf = poppler_document_new_from_bytes(bytes, NULL, &error);
    if (pdf == NULL) {
        bool locked = g_error_matches(error, POPPLER_ERROR, POPPLER_ERROR_ENCRYPTED);
        ex_fail(locked ? "The PDF is locked with a password."
                       : "The document is no PDF, or a damaged one.");
    }
    put_pages(pdf);
    g_object_unref(pdf);
    g_bytes_unref(bytes);
}
