/*
 * A workbook (ECMA-376): a zip of XML parts, of which the sheets and the table of texts they
 * share are read. Numbers stand as they are stored, so that a date is its day's number.
 */
#include <libxml/xmlreader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "worker/extract/extract.h"

#define MAX_SHEETS 64

static const char not_one[] = "The document is no XLSX workbook, or a damaged one.";

/* ---------------------------------------------------------------- parts */

/* The whole part, to be freed; absent when there is none. What is unpacked of all is limited.
 */
static va_str_t part(zip_t *zip, const char *name)
{
    static size_t unpacked;
    zip_file_t *file = zip_fopen(zip, name, 0);
    char *data = NULL;
    size_t len = 0, room = 0;
    zip_int64_t n = 1;
    while (file != NULL && n > 0) {
        if (len == room) {
            room = room > 0 ? 2 * room : 64 << 10;
            data = realloc(data, room);
        }
        n = data != NULL ? zip_fread(file, data + len, room - len) : -1;
        if (n < 0) {
            ex_fail(not_one);
        }
        len += (size_t)n;
        unpacked += (size_t)n;
        if (unpacked > EX_MAX_UNPACKED) {
            ex_fail("The workbook is too large: 64 MB unpacked at most.");
        }
    }
    if (file != NULL) {
        zip_fclose(file);
    }
    return va_str(data, len);
}

static void ignore(void *arg, const char *message, xmlParserSeverities severity,
                   xmlTextReaderLocatorPtr where)
{
    (void)arg;
    (void)message;
    (void)severity;
    (void)where;
}

static xmlTextReaderPtr reader_of(va_str_t xml)
{
    xmlTextReaderPtr r = xml.data != NULL
                             ? xmlReaderForMemory(xml.data, (int)xml.len, NULL, NULL,
                                                  XML_PARSE_NONET | XML_PARSE_COMPACT)
                             : NULL;
    if (r == NULL) {
        ex_fail(not_one);
    }
    xmlTextReaderSetErrorHandler(r, ignore, NULL);
    return r;
}

/* The next node; false at the end. No part of a workbook declares entities. */
static bool next(xmlTextReaderPtr r)
{
    int more = xmlTextReaderRead(r);
    if (more < 0 || (more > 0 && xmlTextReaderNodeType(r) == XML_READER_TYPE_DOCUMENT_TYPE)) {
        ex_fail(not_one);
    }
    return more > 0;
}

static bool begins(xmlTextReaderPtr r, const char *name)
{
    return xmlTextReaderNodeType(r) == XML_READER_TYPE_ELEMENT &&
           strcmp((const char *)xmlTextReaderConstLocalName(r), name) == 0;
}

static bool ends(xmlTextReaderPtr r, const char *name)
{
    bool end = xmlTextReaderNodeType(r) == XML_READER_TYPE_END_ELEMENT ||
               (xmlTextReaderNodeType(r) == XML_READER_TYPE_ELEMENT &&
                xmlTextReaderIsEmptyElement(r) == 1);
    return end && strcmp((const char *)xmlTextReaderConstLocalName(r), name) == 0;
}

static bool is_text(xmlTextReaderPtr r)
{
    int type = xmlTextReaderNodeType(r);
    return type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
           type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE;
}

/* To be freed; NULL when there is no such attribute. */
static char *attribute(xmlTextReaderPtr r, const char *name)
{
    return (char *)xmlTextReaderGetAttribute(r, (const xmlChar *)name);
}

/* ---------------------------------------------------------------- texts */

/* Bytes one behind another, and where each text begins. */
typedef struct {
    char *bytes;
    size_t len, room;
    size_t *begin;
    size_t count, places;
} texts_t;

static void append(texts_t *t, const char *text)
{
    size_t len = strlen(text);
    if (t->len + len > t->room) {
        t->room = 2 * (t->len + len);
        t->bytes = realloc(t->bytes, t->room);
    }
    if (t->bytes == NULL) {
        ex_fail("The workbook needs too much memory.");
    }
    memcpy(t->bytes + t->len, text, len);
    t->len += len;
}

static void begin_text(texts_t *t)
{
    if (t->count == t->places) {
        t->places = t->places > 0 ? 2 * t->places : 1024;
        t->begin = realloc(t->begin, t->places * sizeof(*t->begin));
    }
    if (t->begin == NULL) {
        ex_fail("The workbook needs too much memory.");
    }
    t->begin[t->count++] = t->len;
}

static va_str_t text_at(const texts_t *t, size_t i)
{
    if (i >= t->count) {
        return VA_STR("");
    }
    size_t end = i + 1 < t->count ? t->begin[i + 1] : t->len;
    return va_str(t->bytes + t->begin[i], end - t->begin[i]);
}

static void read_shared(zip_t *zip, texts_t *shared)
{
    va_str_t xml = part(zip, "xl/sharedStrings.xml");
    if (xml.data == NULL) {
        return; /* a workbook of numbers has none */
    }
    xmlTextReaderPtr r = reader_of(xml);
    bool in_text = false;
    while (next(r)) {
        if (begins(r, "si")) {
            begin_text(shared);
        }
        in_text =
            begins(r, "t") ? xmlTextReaderIsEmptyElement(r) == 0 : in_text && !ends(r, "t");
        if (in_text && is_text(r) && shared->count > 0) {
            append(shared, (const char *)xmlTextReaderConstValue(r));
        }
    }
    xmlFreeTextReader(r);
    free((char *)xml.data);
}

/* ---------------------------------------------------------------- sheets */

typedef struct {
    const texts_t *shared;
    size_t column;
    char type; /* 's' shared, 'b' true or false; 0: as it stands */
    texts_t value;
} cell_t;

/* "AB12" is column 27. */
static size_t column_of(const char *place, size_t after)
{
    size_t n = 0;
    for (; place != NULL && *place >= 'A' && *place <= 'Z' && n < 100000; place++) {
        n = 26 * n + (size_t)(*place - 'A') + 1;
    }
    return n > 0 ? n - 1 : after;
}

static void begin_cell(cell_t *c, xmlTextReaderPtr r)
{
    char *place = attribute(r, "r"), *type = attribute(r, "t");
    c->column = column_of(place, c->column);
    c->type = type != NULL && (strcmp(type, "s") == 0 || strcmp(type, "b") == 0) ? *type : '\0';
    c->value.len = 0;
    free(place);
    free(type);
}

static void end_cell(cell_t *c)
{
    char number[24];
    va_str_t value = va_str(c->value.bytes, c->value.len);
    if (c->type == 's') {
        snprintf(number, sizeof(number), "%.*s", (int)value.len,
                 value.len > 0 ? value.data : "");
        value = text_at(c->shared, (size_t)strtoul(number, NULL, 10));
    } else if (c->type == 'b') {
        value = value.len == 1 && value.data[0] == '1' ? VA_STR("yes") : VA_STR("no");
    }
    ex_table_cell(c->column++, value);
}

static void read_sheet(zip_t *zip, const char *name, const texts_t *shared)
{
    va_str_t xml = part(zip, name);
    xmlTextReaderPtr r = reader_of(xml);
    cell_t cell = {.shared = shared};
    bool in_value = false;
    ex_table_begin();
    while (next(r)) {
        if (begins(r, "row")) {
            cell.column = 0;
        }
        if (begins(r, "c")) {
            begin_cell(&cell, r);
        }
        if (begins(r, "v") || begins(r, "t")) {
            in_value = xmlTextReaderIsEmptyElement(r) == 0;
        } else if (in_value && is_text(r)) {
            append(&cell.value, (const char *)xmlTextReaderConstValue(r));
        }
        if (ends(r, "v") || ends(r, "t")) {
            in_value = false;
        } else if (ends(r, "c")) {
            end_cell(&cell);
        } else if (ends(r, "row")) {
            ex_table_row();
        }
    }
    ex_paragraph();
    xmlFreeTextReader(r);
    free(cell.value.bytes);
    free((char *)xml.data);
}

/* The part that a relation of the workbook names, to be freed; NULL: there is none. */
static char *target_of(zip_t *zip, const char *relation)
{
    char *found = NULL;
    va_str_t xml = part(zip, "xl/_rels/workbook.xml.rels");
    xmlTextReaderPtr r = reader_of(xml);
    while (found == NULL && next(r)) {
        char *id = begins(r, "Relationship") ? attribute(r, "Id") : NULL;
        if (id != NULL && strcmp(id, relation) == 0) {
            found = attribute(r, "Target");
        }
        free(id);
    }
    xmlFreeTextReader(r);
    free((char *)xml.data);
    return found;
}

static void read_named_sheet(zip_t *zip, xmlTextReaderPtr r, const texts_t *shared)
{
    char path[256];
    char *title = attribute(r, "name");
    char *relation = attribute(r, "r:id"); /* by the prefix that all programs write */
    char *target = relation != NULL ? target_of(zip, relation) : NULL;
    if (target == NULL || title == NULL) {
        ex_fail(not_one);
    }
    bool absolute = target[0] == '/';
    snprintf(path, sizeof(path), "%s%s", absolute ? "" : "xl/", target + absolute);
    ex_heading();
    ex_put(va_str_c(title));
    ex_line();
    read_sheet(zip, path, shared);
    free(target);
    free(relation);
    free(title);
}

void ex_read_xlsx(va_str_t document)
{
    zip_error_t error;
    size_t sheets = 0;
    texts_t shared = {.bytes = NULL};
    zip_source_t *source = zip_source_buffer_create(document.data, document.len, 0, &error);
    zip_t *zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, &error) : NULL;
    if (zip == NULL) {
        ex_fail(not_one);
    }
    read_shared(zip, &shared);
    xmlTextReaderPtr r = reader_of(part(zip, "xl/workbook.xml"));
    while (next(r)) {
        if (begins(r, "sheet") && ++sheets <= MAX_SHEETS) {
            read_named_sheet(zip, r, &shared);
        }
    }
    xmlFreeTextReader(r);
    zip_discard(zip);
}
