/* The sound of calls: what became of each recording, and its encrypted pieces. */
#ifndef WK_STORE_RECORDINGS_H
#define WK_STORE_RECORDINGS_H

#include "worker/db.h"

/* $1 the customer's number or null: wanted, the shop records calls, and he has not refused. */
extern const wk_sql_t wk_sql_recording_wanted;

/* $1 call, $2 CallSid, $3 language of the notice: the document that begins it is given out. */
extern const wk_sql_t wk_sql_recording_begin;

/*
 * $1 CallSid; locked, and put off for a while: id state removed, age (s), over
 * (the call ended minutes ago, or must have), kept (the shop's retention still allows it),
 * customer_id, customer_number.
 */
extern const wk_sql_t wk_sql_recording_look;

/* $1 recording, $2 RecordingSid: its sound is about to come; pieces of another one go. */
extern const wk_sql_t wk_sql_recording_other_pieces, wk_sql_recording_take;

/* $1 recording, $2 n, $3 key id, $4 length, $5 sealed: a row; none when it is not wanted any more. */
extern const wk_sql_t wk_sql_recording_put_piece;

/* $1 recording, $2 pieces, $3 bytes, $4 media type, $5 seconds or null: a row when all are there. */
extern const wk_sql_t wk_sql_recording_stored;

/* $1 recording, $2 state: none of its sound will be had. */
extern const wk_sql_t wk_sql_recording_ended;

/* $1 recording, behind the statement that ended it: what is here of its sound goes. */
extern const wk_sql_t wk_sql_recording_forget;

/* $1 recording: the carrier has nothing of it any more. */
extern const wk_sql_t wk_sql_recording_removed;

/* $1 recording: nobody tries any more. */
extern const wk_sql_t wk_sql_recording_lost;

/*
 * $1 call: id sid customer_id customer_number, where it is recorded and nobody had declined
 * before: now the customer has. wk_sql_recording_forget comes next.
 */
extern const wk_sql_t wk_sql_recording_decline;

/* Without a tenant. $1 at most: organization, of shops with recordings to ask the carrier for. */
extern const wk_sql_t wk_sql_recordings_due;

/* $1 at most: sid, the CallSids of those. */
extern const wk_sql_t wk_sql_recordings_unsettled;

/* $1 call: id bytes media_type, of one that may be played. */
extern const wk_sql_t wk_sql_recording_of_call;

/* $1 recording, $2 first, $3 last: n sealed. */
extern const wk_sql_t wk_sql_recording_pieces;

/* $1 key id, $2 at most: recording_id n sealed key_id, of pieces under another one. */
extern const wk_sql_t wk_sql_recording_pieces_to_rotate;

/* $1 recording, $2 n, $3 its key id until now, $4 sealed, $5 key id. */
extern const wk_sql_t wk_sql_recording_piece_rotated;

#endif
