#include <cmark.h>

#include "worker/extract/extract.h"

static void put_c(const char *text)
{
    if (text != NULL) {
        ex_put(va_str_c(text));
    }
}

/* Lines of code, and of a table that CommonMark does not know, stay lines. */
static void put_lines(const char *text)
{
    ex_read_text(va_str_c(text != NULL ? text : ""));
    ex_paragraph();
}

static void enter(cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_HEADING:
        ex_heading();
        break;
    case CMARK_NODE_TEXT:
    case CMARK_NODE_CODE:
        put_c(cmark_node_get_literal(node));
        break;
    case CMARK_NODE_SOFTBREAK:
        put_c(" ");
        break;
    case CMARK_NODE_LINEBREAK:
        ex_line();
        break;
    case CMARK_NODE_CODE_BLOCK:
        put_lines(cmark_node_get_literal(node));
        break;
    default:
        break;
    }
}

static void leave(cmark_node *node)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_PARAGRAPH:
        ex_paragraph();
        break;
    case CMARK_NODE_HEADING:
    case CMARK_NODE_ITEM:
        ex_line();
        break;
    default:
        break;
    }
}

void ex_read_markdown(va_str_t document)
{
    cmark_event_type event;
    va_str_t text = ex_utf8(document);
    cmark_node *root = cmark_parse_document(text.data, text.len, CMARK_OPT_DEFAULT);
    cmark_iter *walk = cmark_iter_new(root);
    while ((event = cmark_iter_next(walk)) != CMARK_EVENT_DONE) {
        (event == CMARK_EVENT_ENTER ? enter : leave)(cmark_iter_get_node(walk));
    }
    cmark_iter_free(walk);
    cmark_node_free(root);
}
