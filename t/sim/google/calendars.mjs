// The calendars of the accounts, each with its events and a number that rises with every
// change, which is what sync tokens remember.
import {json} from '../lib/server.mjs';

import {digest, notFound, random, refuse} from './resource.mjs';
import {isTimeZone} from './time.mjs';

export class Calendars {
  #all = new Map();
  #listeners = [];

  constructor(accounts) {
    this.accounts = accounts;
    this.reset();
  }

  reset() {
    this.#all.clear();
    this.forgetSync();
    for (const [email, {timeZone}] of Object.entries(this.accounts))
      this.#add({id: email, owner: email, summary: email, timeZone});
  }

  // Sync tokens of another epoch are no longer good.
  forgetSync() {
    this.epoch = random(6);
    return {};
  }

  #add(told) {
    const calendar = {events: new Map(), version: 0, etag: `"${random(8)}"`, ...told};
    this.#all.set(calendar.id, calendar);
    return calendar;
  }

  // The calendar of that name, if the account has it; "primary" is its own.
  find(account, id) {
    const calendar = this.#all.get(id === 'primary' ? account : id);
    return calendar?.owner === account ? calendar : undefined;
  }

  // answer(calendar) for the calendar the path names, 404 without it.
  with(req, answer) {
    const calendar = this.find(req.grant.account, req.params.calendar);
    return calendar ? answer(calendar) : notFound();
  }

  onChange(listener) {
    this.#listeners.push(listener);
  }

  // Keeps an event and tells the channels.
  keep(calendar, event) {
    calendar.version++;
    const updated = new Date().toISOString();
    const kept = {
      ...event,
      updated,
      etag: `"${digest(`${event.id}:${calendar.version}`).slice(0, 16)}"`,
    };
    calendar.events.set(event.id, {shown: kept, changed: calendar.version});
    this.#listeners.forEach((listen) => listen(calendar));
    return kept;
  }

  list(req) {
    const own = [...this.#all.values()].filter((c) => c.owner === req.grant.account);
    const items = own.map((c) => ({
                            kind: 'calendar#calendarListEntry',
                            ...described(c),
                            accessRole: 'owner',
                            primary: c.id === c.owner,
                          }));
    return json(200, {kind: 'calendar#calendarList', etag: `"${items.length}"`, items});
  }

  get(req) {
    return this.with(req, (c) => json(200, {kind: 'calendar#calendar', ...described(c)}));
  }

  insert(req) {
    const {summary, timeZone = 'UTC'} = req.body ?? {};
    if (!summary) return refuse(400, 'required', 'Missing title.');
    if (!isTimeZone(timeZone)) return refuse(400, 'invalid', 'Invalid time zone.');
    const id = `c_${random(16).toLowerCase()}@group.calendar.google.com`;
    const made = this.#add({id, owner: req.grant.account, summary, timeZone});
    return json(200, {kind: 'calendar#calendar', ...described(made)});
  }
}

const described = ({id, etag, summary, timeZone}) => ({id, etag, summary, timeZone});
