/*
 * A shop on its way from its sign-up to its agent. Whoever works on it has a holder's mark of his
 * own in its row: what he writes counts as long as nobody has taken its place.
 */
#ifndef WK_STORE_SIGNUP_H
#define WK_STORE_SIGNUP_H

#include "worker/db.h"

/* $1 name of a time zone, $2 hours, JSON: known (the zone). WK_INVALID: they are no hours. */
extern const wk_sql_t wk_sql_signup_check;

/*
 * The organization of the transaction, which is made by it: pending and not active.
 * $1 JSON: name type plan timezone language languages country currency phone owner_phone email
 * website description services referral terms; $2 slug, $3 hours, $4 days of the trial or null,
 * $5 job, $6 holder, $7 how many seconds he has. WK_CONFLICT "routing_keys_slug": another slug
 * is needed.
 */
extern const wk_sql_t wk_sql_signup_organization;

/*
 * Its first person, an admin. $1 e-mail, $2 hash, $3 first name, $4 last name, $5 phone: id.
 * WK_CONFLICT "routing_keys_email": the address is taken.
 */
extern const wk_sql_t wk_sql_signup_owner;

/* $1 name of its agent, $2 JSON: appointment type to minutes. */
extern const wk_sql_t wk_sql_signup_agent;
extern const wk_sql_t wk_sql_signup_services;

/* $1 e-mail: user, organization, password_hash of whoever has it; no row: nobody. No tenant. */
extern const wk_sql_t wk_sql_signup_known;

/*
 * Takes the place of whoever has worked on it, when his time is over. $1 holder, $2 seconds, $3
 * the job it is of from now on, or null: id. No row: somebody is at work.
 */
extern const wk_sql_t wk_sql_signup_take;

/*
 * The shop as it stands: id name slug plan trial_ends_at timezone country language type phone
 * state job active error agent number number_sid number_id; number_name, by which its
 * number and its agent are made and looked for, whatever the shop is called since; and held, for
 * how many ms somebody is at work on it (0: nobody is).
 */
extern const wk_sql_t wk_sql_signup_shop;

/* Its owner, as wk_sql_login_subject tells a user. */
extern const wk_sql_t wk_sql_signup_user;

/*
 * bought: the numbers that all shops have bought, or are about to, in the last 24 hours. No
 * other transaction is told before this one is over. No tenant.
 */
extern const wk_sql_t wk_sql_signup_numbers_of_a_day;

/* $1 JSON list of numbers: number, those that no shop here has, active or not, in order. */
extern const wk_sql_t wk_sql_signup_free_numbers;

/* $1 JSON list of sids at the carrier: sid, those that are no number of the shop's, in order. */
extern const wk_sql_t wk_sql_signup_unnoted_numbers;

/* $1 number, $2 its sid at the carrier: bought, and the first of the shop. */
extern const wk_sql_t wk_sql_signup_number;

/*
 * $1 holder, $2 state: the shop is open. id; no row: another has taken the holder's place. $3
 * credits it begins with, granted once.
 */
extern const wk_sql_t wk_sql_signup_open;
extern const wk_sql_t wk_sql_signup_credits;

/*
 * A step of setting up the agent is done. $1 holder, $2 state, $3 agent or null, $4 id of the
 * number at the agent's platform or null. id; no row: another has taken the holder's place.
 */
extern const wk_sql_t wk_sql_signup_step;

/* The last step: calls go to the agent first. $1 holder. */
extern const wk_sql_t wk_sql_signup_complete;

/* $1 holder, $2 why it did not go on or null: nobody is at work on it any more. */
extern const wk_sql_t wk_sql_signup_leave;

/*
 * held: somebody is at work on it, or was within two minutes and may come back. Nobody takes the
 * place until the end of the transaction.
 */
extern const wk_sql_t wk_sql_signup_is_held;

/* $1 holder: a pending shop is gone, with all that is its. id; no row: it is another's. */
extern const wk_sql_t wk_sql_signup_undo;

/* organization of shops whose sign-up was left in its middle, at most $1. No tenant. */
extern const wk_sql_t wk_sql_registrations_due;

#endif
