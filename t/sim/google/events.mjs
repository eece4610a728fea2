// Events: insert, get, patch, update, delete, and lists, whole and by what has changed.
import {json} from '../lib/server.mjs';

import {notFound, patched, random, refuse, sealed, unsealed} from './resource.mjs';
import {instantOf, timeProblem} from './time.mjs';

const ID = /^[0-9a-v]{5,1024}$/;
const EMAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
const LATEST_REMINDER = 40320;  // minutes: four weeks

// What only the service sets.
const READ_ONLY = ['kind', 'etag', 'htmlLink', 'created', 'updated', 'creator', 'organizer'];

// What a list by sync token may not be narrowed by.
const NOT_WITH_SYNC = [
  'iCalUID', 'orderBy', 'privateExtendedProperty', 'q', 'sharedExtendedProperty', 'timeMin',
  'timeMax', 'updatedMin'
];

export class Events {
  constructor(calendars) {
    this.calendars = calendars;
  }

  insert(req) {
    return this.calendars.with(req, (calendar) => {
      const told = writable(req.body);
      const {id = random(20).toLowerCase().replace(/[^0-9a-v]/g, '0'), iCalUID} = told;
      if (!ID.test(id)) return refuse(400, 'invalid', 'Invalid resource id value.');
      if (told.id && iCalUID) return refuse(400, 'invalid', 'Invalid value for: iCalUID');
      if (calendar.events.has(id))
        return refuse(409, 'duplicate', 'The requested identifier already exists.');
      return problemOf(told, calendar, req.grant) ??
          json(200, this.calendars.keep(calendar, newEvent(told, id, calendar)));
    });
  }

  // Deleted ones are still there, as cancelled.
  get(req) {
    return this.#with(req, (event) => json(200, event));
  }

  patch(req) {
    return this.#change(req, (old) => patched(old, writable(req.body)));
  }

  update(req) {
    return this.#change(req, (old) => ({
                               ...Object.fromEntries(READ_ONLY.map((k) => [k, old[k]])),
                               iCalUID: old.iCalUID,
                               reminders: {useDefault: true},
                               status: 'confirmed',
                               ...writable(req.body),
                             }));
  }

  #change(req, next) {
    return this.#with(req, (old, calendar) => {
      const stale = precondition(req, old);
      if (stale) return stale;
      const event = {...next(old), id: old.id};
      const wrong = problemOf(event, calendar, req.grant);
      if (wrong) return wrong;
      const moved =
          ['start', 'end'].some((k) => JSON.stringify(old[k]) !== JSON.stringify(event[k]));
      event.sequence = old.sequence + (moved ? 1 : 0);
      return json(200, this.calendars.keep(calendar, event));
    });
  }

  remove(req) {
    return this.#with(req, (event, calendar) => {
      if (event.status === 'cancelled') return refuse(410, 'deleted', 'Resource has been deleted');
      const stale = precondition(req, event);
      if (stale) return stale;
      this.calendars.keep(calendar, {...event, status: 'cancelled'});
      return {status: 204, body: ''};
    });
  }

  #with(req, answer) {
    return this.calendars.with(req, (calendar) => {
      const found = calendar.events.get(req.params.event);
      return found ? answer(found.shown, calendar) : notFound();
    });
  }

  list(req) {
    return this.calendars.with(req, (calendar) => {
      const q = req.query;
      const token = q.get('syncToken');
      const since = token === null ? undefined : this.#sync(token, calendar, q);
      if (since?.refused) return since.refused;
      const wrong = listProblem(q);
      if (wrong) return wrong;
      const found =
          [...calendar.events.values()]
              .filter(since === undefined ? wanted(q, calendar) : (e) => e.changed > since.version)
              .sort(order(q, calendar));
      const items = found.map((e) => shownInList(e.shown, since !== undefined));
      return this.#page(req, calendar, items);
    });
  }

  // {version} a sync token stands for, or {refused}.
  #sync(token, calendar, q) {
    const told = unsealed(token);
    const odd = NOT_WITH_SYNC.find((name) => q.has(name));
    if (odd) {
      return {
        refused: refuse(400, 'invalid', `Sync token cannot be used with the parameter ${odd}.`)
      };
    }
    if (told?.calendar !== calendar.id)
      return {refused: refuse(400, 'invalid', 'Invalid sync token value.')};
    if (told.epoch !== this.calendars.epoch) {
      return {
        refused: refuse(
            410, 'fullSyncRequired', 'Sync token is no longer valid, a full sync is required.')
      };
    }
    if (told.singleEvents !== q.get('singleEvents'))
      return {refused: refuse(400, 'invalid', 'Sync token was made for other parameters.')};
    return told;
  }

  // The sync token stands on the last page, for the time the first one was made.
  #page(req, calendar, items) {
    const q = req.query;
    const size = Math.min(Number(q.get('maxResults') ?? 250), 2500);
    const at =
        q.has('pageToken') ? unsealed(q.get('pageToken')) : {start: 0, version: calendar.version};
    if (!(at?.start >= 0)) return refuse(400, 'invalid', 'Invalid page token value.');
    const end = at.start + size;
    const more = end < items.length;
    return json(200, {
      kind: 'calendar#events',
      etag: `"p${calendar.version}"`,
      summary: calendar.summary,
      timeZone: calendar.timeZone,
      updated: new Date().toISOString(),
      accessRole: 'owner',
      defaultReminders: [{method: 'popup', minutes: 30}],
      items: items.slice(at.start, end),
      ...(more ? {nextPageToken: sealed({start: end, version: at.version})} : {
        nextSyncToken: sealed({
          calendar: calendar.id,
          epoch: this.calendars.epoch,
          version: at.version,
          singleEvents: q.get('singleEvents'),
        })
      }),
    });
  }
}

const writable = (body = {}) =>
    Object.fromEntries(Object.entries(body).filter(([k]) => !READ_ONLY.includes(k)));

function newEvent(told, id, calendar) {
  const owner = {email: calendar.owner, self: true};
  return {
    kind: 'calendar#event',
    status: 'confirmed',
    htmlLink: `https://www.google.com/calendar/event?eid=${sealed({id})}`,
    created: new Date().toISOString(),
    creator: owner,
    organizer: owner,
    iCalUID: `${id}@google.com`,
    reminders: {useDefault: true},
    eventType: 'default',
    ...told,
    id,
    sequence: 0,
    ...(told.attendees &&
        {attendees: told.attendees.map((a) => ({responseStatus: 'needsAction', ...a}))}),
  };
}

// The refusal of an event that cannot be, or nothing.
function problemOf(event, calendar, grant) {
  if (event.recurrence) throw new Error('the simulated calendar knows no recurring events');
  const wrong = timeProblem(event.start, 'start') ?? timeProblem(event.end, 'end') ??
      emptyRange(event, calendar) ?? reminderProblem(event.reminders) ??
      attendeeProblem(event.attendees);
  if (wrong) return refuse(400, ...wrong);
  return event.attendees?.length > 0 && grant.service ?
      refuse(
          403, 'forbiddenForServiceAccounts',
          'Service accounts cannot invite attendees without Domain-Wide Delegation of Authority.') :
      undefined;
}

function emptyRange({start, end}, {timeZone}) {
  if (Boolean(start.date) !== Boolean(end.date)) return ['invalid', 'Invalid start time.'];
  const length = instantOf(end, timeZone) - instantOf(start, timeZone);
  return length < 0 || (start.date && length === 0) ?
      ['timeRangeEmpty', 'The specified time range is empty.'] :
      undefined;
}

function reminderProblem({useDefault, overrides} = {}) {
  if (!overrides) return undefined;
  if (useDefault) {
    return [
      'cannotUseDefaultRemindersAndSpecifyOverride',
      'Cannot specify both default reminders and overrides at the same time.'
    ];
  }
  if (overrides.length > 5) return ['invalid', 'Too many reminder overrides.'];
  const good = ({method, minutes}) => ['email', 'popup'].includes(method) &&
      Number.isInteger(minutes) && minutes >= 0 && minutes <= LATEST_REMINDER;
  return overrides.every(good) ? undefined : ['invalid', 'Invalid value for: reminders.overrides'];
}

function attendeeProblem(attendees = []) {
  if (attendees.some((a) => !a.email)) return ['required', 'Missing attendee email.'];
  return attendees.every((a) => EMAIL.test(a.email)) ? undefined :
                                                       ['invalid', 'Invalid attendee email.'];
}

function precondition(req, event) {
  const tag = req.headers['if-match'];
  return tag === undefined || tag === '*' || tag === event.etag ?
      undefined :
      refuse(412, 'conditionNotMet', 'Precondition Failed');
}

function listProblem(q) {
  if (q.get('orderBy') === 'startTime' && q.get('singleEvents') !== 'true') {
    return refuse(
        400, 'badRequest', 'The requested ordering is not available for the particular query.');
  }
  const [min, max] = ['timeMin', 'timeMax'].map((name) => Date.parse(q.get(name) ?? ''));
  return min >= max ? refuse(400, 'timeRangeEmpty', 'The specified time range is empty.') :
                      undefined;
}

// timeMin bounds the end and timeMax the start of what is listed, both exclusive.
function wanted(q, {timeZone}) {
  const [min, max, updatedMin] =
      ['timeMin', 'timeMax', 'updatedMin'].map((name) => Date.parse(q.get(name) ?? ''));
  const properties = q.getAll('privateExtendedProperty').map((p) => p.split(/=(.*)/s));
  const text = q.get('q')?.toLowerCase();
  return ({shown: e}) => (e.status !== 'cancelled' || q.get('showDeleted') === 'true') &&
      !(instantOf(e.end, timeZone) <= min) && !(instantOf(e.start, timeZone) >= max) &&
      !(Date.parse(e.updated) < updatedMin) &&
      (!q.has('iCalUID') || e.iCalUID === q.get('iCalUID')) &&
      (text === undefined || searched(e).includes(text)) &&
      properties.every(([k, v]) => e.extendedProperties?.private?.[k] === v);
}

const searched =
    (e) => [e.summary, e.description, e.location, ...(e.attendees ?? []).map((a) => a.email)]
               .join('\n')
               .toLowerCase();

const ORDERS = {
  startTime: (a, b, zone) => instantOf(a.shown.start, zone) - instantOf(b.shown.start, zone),
  updated: (a, b) => a.changed - b.changed,
};
const order = (q, {timeZone}) => (a, b) => ORDERS[q.get('orderBy') ?? 'updated'](a, b, timeZone);

// Of what was deleted, a list of changes tells little more than the id.
const shownInList = (e, changes) => (
    changes && e.status === 'cancelled' ? {kind: e.kind, etag: e.etag, id: e.id, status: e.status} :
                                          e);
