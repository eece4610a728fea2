#include <libxml/HTMLparser.h>
#include <string.h>
#include <strings.h>

#include "worker/extract/extract.h"

static bool is_one_of(const xmlNode *node, const char *const *names)
{
    if (node->type != XML_ELEMENT_NODE) {
        return false;
    }
    for (; *names != NULL; names++) {
        if (strcasecmp((const char *)node->name, *names) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_hidden(const xmlNode *node)
{
    static const char *const names[] = {"script", "style", "noscript", "template", "head",
                                        "svg",    "nav",   "iframe",   "select",   NULL};
    return is_one_of(node, names);
}

static bool is_heading(const xmlNode *node)
{
    static const char *const names[] = {"h1", "h2", "h3", "h4", "h5", "h6", NULL};
    return is_one_of(node, names);
}

/* Elements that end a line; those of the first row end a paragraph. */
static bool is_block(const xmlNode *node)
{
    static const char *const names[] = {"p",  "div", "section",    "article", "table", "ul",
                                        "ol", "dl",  "blockquote", "pre",     NULL};
    return is_one_of(node, names);
}

static bool is_line(const xmlNode *node)
{
    static const char *const names[] = {"br", "li",     "tr",      "dt",
                                        "dd", "option", "address", NULL};
    return is_one_of(node, names);
}

static bool is_cell(const xmlNode *node)
{
    static const char *const names[] = {"td", "th", NULL};
    return is_one_of(node, names);
}

static void enter(const xmlNode *node)
{
    if (is_heading(node)) {
        ex_heading();
    } else if (is_block(node)) {
        ex_paragraph();
    } else if (is_line(node)) {
        ex_line();
    } else if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
        ex_put(va_str_c((const char *)node->content));
    }
}

static void leave(const xmlNode *node)
{
    if (is_block(node)) {
        ex_paragraph();
    } else if (is_heading(node) || is_line(node)) {
        ex_line();
    } else if (is_cell(node)) {
        ex_put(VA_STR(" "));
    }
}

/* Without recursion: how deep a document nests is its author's choice. */
static void walk(const xmlNode *root)
{
    const xmlNode *node = root;
    while (node != NULL) {
        bool hidden = is_hidden(node);
        if (!hidden) {
            enter(node);
        }
        if (!hidden && node->type == XML_ELEMENT_NODE && node->children != NULL) {
            node = node->children;
            continue;
        }
        leave(node);
        while (node != root && node->next == NULL) {
            node = node->parent;
            leave(node);
        }
        node = node == root ? NULL : node->next;
    }
}

/* What it is written in is not looked for in its meta elements: ex_utf8() knows. */
static htmlDocPtr parse(va_str_t document)
{
    const int options =
        HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET;
    va_str_t text = ex_utf8(document);
    return htmlReadMemory(text.data, (int)text.len, NULL, "UTF-8", options);
}

static htmlDocPtr document_of(va_str_t document)
{
    htmlDocPtr doc = parse(document);
    if (doc == NULL) {
        ex_fail("The document is no HTML.");
    }
    return doc;
}

void ex_read_html(va_str_t document)
{
    htmlDocPtr doc = document_of(document);
    walk(xmlDocGetRootElement(doc));
    xmlFreeDoc(doc);
}

/* ---------------------------------------------------------------- a page of a site */

/* The next element, whatever is between; NULL behind the last. */
static const xmlNode *next_element(const xmlNode *node)
{
    do {
        if (node->children != NULL) {
            node = node->children;
            continue;
        }
        while (node != NULL && node->next == NULL) {
            node = node->parent;
        }
        node = node != NULL ? node->next : NULL;
    } while (node != NULL && node->type != XML_ELEMENT_NODE);
    return node;
}

static bool is_named(const xmlNode *node, const char *name)
{
    return strcasecmp((const char *)node->name, name) == 0;
}

/* A line of its own; a text that is absent, or empty, is none. */
static void put_marked(char mark, xmlChar *text)
{
    if (text != NULL && *text != '\0') {
        ex_marked(mark, va_str_c((const char *)text));
    }
    xmlFree(text);
}

/* Navigation too: a reader of the site follows it. */
static void put_head(xmlNode *root)
{
    bool titled = false, based = false;
    for (const xmlNode *node = root; node != NULL; node = next_element(node)) {
        if (!titled && is_named(node, "title")) {
            put_marked(EX_TITLE, xmlNodeGetContent(node));
            titled = true;
        } else if (!based && is_named(node, "base")) {
            put_marked(EX_BASE, xmlGetProp(node, (const xmlChar *)"href"));
            based = true;
        } else if (is_named(node, "a") || is_named(node, "area")) {
            put_marked(EX_LINK, xmlGetProp(node, (const xmlChar *)"href"));
        }
    }
}

void ex_read_page(va_str_t document)
{
    htmlDocPtr doc = document_of(document);
    xmlNode *root = xmlDocGetRootElement(doc);
    if (root != NULL) {
        put_head(root);
        walk(root);
    }
    xmlFreeDoc(doc);
}
