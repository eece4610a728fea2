
/*
 * Copyright (C) voiceagent authors
 */


/* an event of an organization: one text for all the clients it goes to */


#include "ngx_voiceagent_ring.h"


#define NGX_VOICEAGENT_ID_LEN  (2 * NGX_INT64_LEN + 1)


/* one allocation: the event, its fields, and its text */

ngx_voiceagent_event_t *
ngx_voiceagent_event_create(ngx_voiceagent_entry_t *m)
{
    u_char                  *p;
    size_t                   size;
    ngx_voiceagent_event_t  *event;

    size = sizeof(ngx_voiceagent_event_t) + m->customer.len + m->call.len
           + m->id.len + m->type.len + m->data.len
           + sizeof("id: \nevent: \ndata: \n\n");

    event = ngx_alloc(size, ngx_cycle->log);
    if (event == NULL) {
        return NULL;
    }

    event->refs = 1;

    p = (u_char *) event + sizeof(ngx_voiceagent_event_t);

    event->customer.data = p;
    event->customer.len = m->customer.len;
    p = ngx_voiceagent_copy(p, m->customer);

    event->call.data = p;
    event->call.len = m->call.len;
    p = ngx_voiceagent_copy(p, m->call);

    event->text.data = p;
    p = ngx_cpymem(p, "id: ", 4);
    p = ngx_voiceagent_copy(p, m->id);
    p = ngx_cpymem(p, "\nevent: ", 8);
    p = ngx_voiceagent_copy(p, m->type);
    p = ngx_cpymem(p, "\ndata: ", 7);
    p = ngx_voiceagent_copy(p, m->data);
    p = ngx_cpymem(p, "\n\n", 2);
    event->text.len = p - event->text.data;

    return event;
}


ngx_voiceagent_event_t *
ngx_voiceagent_event_text(ngx_str_t *text)
{
    ngx_voiceagent_event_t  *event;

    event = ngx_alloc(sizeof(ngx_voiceagent_event_t) + text->len,
                      ngx_cycle->log);
    if (event == NULL) {
        return NULL;
    }

    ngx_memzero(event, sizeof(ngx_voiceagent_event_t));

    event->refs = 1;
    event->text.data = (u_char *) event + sizeof(ngx_voiceagent_event_t);
    event->text.len = text->len;
    ngx_memcpy(event->text.data, text->data, text->len);

    return event;
}


void
ngx_voiceagent_event_release(ngx_voiceagent_event_t *event)
{
    if (--event->refs == 0) {
        ngx_free(event);
    }
}


/* "1526919030474-55" */

ngx_int_t
ngx_voiceagent_event_id(va_str_t id, uint64_t *ms, uint64_t *seq)
{
    u_char     *p, *last, *dash;
    ngx_int_t   a, b;

    p = (u_char *) id.data;
    last = p + id.len;

    if (id.len == 0 || id.len > NGX_VOICEAGENT_ID_LEN) {
        return NGX_ERROR;
    }

    dash = ngx_strlchr(p, last, '-');
    if (dash == NULL) {
        return NGX_ERROR;
    }

    a = ngx_atoi(p, dash - p);
    b = ngx_atoi(dash + 1, last - dash - 1);

    if (a == NGX_ERROR || b == NGX_ERROR) {
        return NGX_ERROR;
    }

    *ms = (uint64_t) a;
    *seq = (uint64_t) b;

    return NGX_OK;
}
