// POST /freeBusy: when calendars are taken. One that fails is an error within a 200.
import {json} from '../lib/server.mjs';

import {refuse} from './resource.mjs';
import {instantOf, isInstant, isTimeZone, rfc3339} from './time.mjs';

const MOST = 50;

export function freeBusy(calendars, req) {
  const {timeMin, timeMax, timeZone = 'UTC', items = []} = req.body ?? {};
  const missing = ['timeMin', 'timeMax'].find((name) => !req.body?.[name]);
  if (missing) return refuse(400, 'required', `Missing ${missing} parameter.`);
  if (!isInstant(timeMin) || !isInstant(timeMax)) return refuse(400, 'badRequest', 'Bad Request');
  if (!isTimeZone(timeZone)) return refuse(400, 'invalid', 'Invalid time zone.');
  const [from, to] = [Date.parse(timeMin), Date.parse(timeMax)];
  if (from >= to) return refuse(400, 'timeRangeEmpty', 'The specified time range is empty.');
  const busyOf = (id, i) => {
    if (i >= MOST) return failed('tooManyCalendarsRequested');
    const calendar = calendars.find(req.grant.account, id);
    if (!calendar) return failed('notFound');
    const shown = ([start, end]) =>
        ({start: rfc3339(start, timeZone), end: rfc3339(end, timeZone)});
    return {busy: busy(calendar, from, to).map(shown)};
  };
  return json(200, {
    kind: 'calendar#freeBusy',
    timeMin: new Date(from).toISOString(),
    timeMax: new Date(to).toISOString(),
    calendars: Object.fromEntries(items.map(({id}, i) => [id, busyOf(id, i)])),
  });
}

const failed = (reason) => ({errors: [{domain: 'global', reason}], busy: []});

// Spans within the time asked for, in order; what overlaps or touches is one.
function busy({events, timeZone}, from, to) {
  const spans = [...events.values()]
                    .map((e) => e.shown)
                    .filter((e) => e.status !== 'cancelled' && e.transparency !== 'transparent')
                    .map((e) => [instantOf(e.start, timeZone), instantOf(e.end, timeZone)])
                    .filter(([start, end]) => start < to && end > from)
                    .sort((a, b) => a[0] - b[0]);
  const merged = [];
  for (const [start, end] of spans) {
    const last = merged.at(-1);
    if (last && start <= last[1])
      last[1] = Math.max(last[1], end);
    else
      merged.push([start, end]);
  }
  return merged.map(([start, end]) => [Math.max(start, from), Math.min(end, to)]);
}
