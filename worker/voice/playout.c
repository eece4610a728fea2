#include "worker/voice/playout.h"

#define MS(ms) ((uint64_t)(ms) * WK_PLAYOUT_RATE)

void wk_playout_free(wk_playout_t *p)
{
    wk_bytes_free(&p->sound);
}

/* ---------------------------------------------------------------- utterances */

static void forget_heard_items(wk_playout_t *p)
{
    size_t n = 0;
    while (n < p->n_items && p->items[n].end <= p->confirmed && n + 1 < p->n_items) {
        n++;
    }
    if (n > 0) {
        p->n_items -= n;
        memmove(p->items, p->items + n, p->n_items * sizeof(*p->items));
    }
}

/* The utterance that goes on; NULL: too many, or a name too long to be kept. */
static wk_playout_item_t *item_at_end(wk_playout_t *p, va_str_t name)
{
    wk_playout_item_t *last = p->n_items > 0 ? &p->items[p->n_items - 1] : NULL;
    if (last != NULL && va_str_eq(va_str_c(last->name), name)) {
        return last;
    }
    if (p->n_items == WK_PLAYOUT_ITEMS || name.len >= WK_PLAYOUT_ITEM_MAX) {
        return NULL;
    }
    wk_playout_item_t *item = &p->items[p->n_items++];
    *item = (wk_playout_item_t){.begin = p->end, .end = p->end};
    memcpy(item->name, name.data, name.len);
    return item;
}

bool wk_playout_add(wk_playout_t *p, va_str_t name, va_str_t mulaw, int64_t now)
{
    if (p->sound.len + mulaw.len > MS(WK_PLAYOUT_MAX_MS)) {
        return false;
    }
    forget_heard_items(p);
    wk_playout_item_t *item = item_at_end(p, name);
    if (item == NULL) {
        return false;
    }
    wk_bytes_add(&p->sound, mulaw.data, mulaw.len);
    p->end += mulaw.len;
    item->end = p->end;
    p->grown_ms = now;
    return true;
}

static void confirm(wk_playout_t *p, uint64_t position)
{
    wk_bytes_take(&p->sound, (size_t)(position - p->confirmed));
    p->confirmed = position;
}

/* ---------------------------------------------------------------- sending */

/* An engine that is only as fast as speech is at the end with each piece: that is none yet. */
static bool mark_due(const wk_playout_t *p, int64_t now)
{
    bool ended = p->sent == p->end && now - p->grown_ms >= WK_PLAYOUT_END_MS;
    return p->sent - p->marked >= MS(WK_PLAYOUT_MARK_MS) || (ended && p->sent > p->marked);
}

static void send_piece(wk_playout_t *p, int64_t now, wk_playout_frame_t *frame)
{
    uint64_t left = p->end - p->sent;
    size_t len = left < WK_PLAYOUT_FRAME ? (size_t)left : WK_PLAYOUT_FRAME;
    va_str_t kept = wk_bytes_str(&p->sound);
    frame->sound = va_str(kept.data + (p->sent - p->confirmed), len);
    p->sent += len;
    p->dry_at = (p->dry_at > now ? p->dry_at : now) + (int64_t)(len / WK_PLAYOUT_RATE);
}

/* Else the agent would be speaking for the rest of the call. */
static void give_up_marks(wk_playout_t *p, int64_t now)
{
    if (p->awaited != 0 && now - p->dry_at >= WK_PLAYOUT_LOST_MS) {
        confirm(p, p->marked);
        p->awaited = 0;
    }
}

bool wk_playout_next(wk_playout_t *p, int64_t now, wk_playout_frame_t *frame)
{
    *frame = (wk_playout_frame_t){.has_mark = false};
    if (p->held) {
        return false;
    }
    give_up_marks(p, now);
    if (p->sent < p->end && p->dry_at - now < WK_PLAYOUT_LEAD_MS) {
        send_piece(p, now, frame);
    }
    if (mark_due(p, now)) {
        frame->has_mark = true;
        frame->mark = (wk_twilio_mark_t){p->run, p->sent};
        p->marked = p->sent;
        p->awaited = p->awaited != 0 ? p->awaited : p->sent;
    }
    return frame->sound.len > 0 || frame->has_mark;
}

/* ---------------------------------------------------------------- hearing */

bool wk_playout_heard_mark(wk_playout_t *p, wk_twilio_mark_t mark, int64_t now)
{
    if (mark.run != p->run || mark.position <= p->confirmed || mark.position > p->marked) {
        return false;
    }
    confirm(p, mark.position);
    p->dry_at = now + (int64_t)((p->sent - mark.position) / WK_PLAYOUT_RATE);
    /* Marks stand where wk_playout_next() put them: at most a mark's distance further on. */
    p->awaited = p->marked > mark.position ? mark.position + MS(WK_PLAYOUT_MARK_MS) : 0;
    if (p->awaited > p->marked) {
        p->awaited = p->marked;
    }
    return true;
}

uint64_t wk_playout_heard(const wk_playout_t *p, int64_t now)
{
    uint64_t ahead = p->dry_at > now ? MS(p->dry_at - now) : 0;
    uint64_t heard = p->sent > ahead ? p->sent - ahead : 0;
    if (p->awaited != 0 && heard > p->awaited) {
        heard = p->awaited;
    }
    return heard > p->confirmed ? heard : p->confirmed;
}

bool wk_playout_busy(const wk_playout_t *p)
{
    return p->confirmed < p->end;
}

bool wk_playout_waits(const wk_playout_t *p, va_str_t item)
{
    for (size_t i = 0; i < p->n_items; i++) {
        if (p->items[i].end > p->confirmed && va_str_eq(va_str_c(p->items[i].name), item)) {
            return true;
        }
    }
    return false;
}

/* ---------------------------------------------------------------- stopping */

void wk_playout_hold(wk_playout_t *p, int64_t now)
{
    uint64_t heard = wk_playout_heard(p, now);
    confirm(p, heard);
    p->sent = p->marked = heard;
    p->awaited = 0;
    p->dry_at = now;
    p->run++;
    p->held = true;
}

void wk_playout_resume(wk_playout_t *p)
{
    p->held = false;
}

size_t wk_playout_drop(wk_playout_t *p, int64_t now, wk_cut_t *cuts)
{
    size_t n = 0;
    if (!p->held) {
        wk_playout_hold(p, now);
    }
    for (size_t i = 0; i < p->n_items; i++) {
        const wk_playout_item_t *item = &p->items[i];
        if (item->end > p->confirmed) {
            uint64_t heard = p->confirmed > item->begin ? p->confirmed - item->begin : 0;
            cuts[n++] = (wk_cut_t){va_str_c(item->name), (unsigned)(heard / WK_PLAYOUT_RATE),
                                   (unsigned)((item->end - item->begin) / WK_PLAYOUT_RATE)};
        }
    }
    wk_bytes_free(&p->sound);
    p->confirmed = p->sent = p->marked = p->end;
    p->n_items = 0;
    p->held = false;
    return n;
}

va_str_t wk_playout_heard_part(va_str_t text, const wk_cut_t *cut)
{
    size_t len = cut->total_ms > 0 ? text.len * cut->heard_ms / cut->total_ms : 0;
    while (len > 0 && len < text.len && text.data[len] != ' ') {
        len--;
    }
    return va_str(text.data, len);
}
