// Times of events: RFC 3339 with an offset, a local time in a time zone, or a whole day.
const OFFSET = /(Z|[+-]\d\d:\d\d)$/i;
const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?/;

export const isInstant = (text) =>
    LOCAL.test(text ?? '') && OFFSET.test(text) && !Number.isNaN(Date.parse(text));

export function isTimeZone(name) {
  try {
    return Boolean(new Intl.DateTimeFormat('en', {timeZone: name}));
  } catch {
    return false;
  }
}

/*
 * What is wrong with an event's start or end ("start", "end"): [reason, message], or
 * nothing.
 */
export function timeProblem(time, which) {
  if (!time || (!time.dateTime && !time.date)) return ['required', `Missing ${which} time.`];
  if (time.dateTime && time.date) return ['invalid', `Invalid ${which} time.`];
  if (time.timeZone && !isTimeZone(time.timeZone))
    return ['invalid', `Invalid time zone definition for ${which} time.`];
  if (time.date) return undefined;
  if (!LOCAL.test(time.dateTime)) return ['invalid', `Invalid value for: ${which}.dateTime`];
  return OFFSET.test(time.dateTime) || time.timeZone ?
      undefined :
      ['required', `Missing time zone definition for ${which} time.`];
}

// Milliseconds since 1970. A day begins at midnight in the calendar's time zone.
export function instantOf(time, calendarZone) {
  const text = time.dateTime ?? `${time.date}T00:00:00`;
  return OFFSET.test(text) ? Date.parse(text) : localInstant(text, time.timeZone ?? calendarZone);
}

// A local time is that of the offset then in force; of a skipped hour, the one after it.
function localInstant(text, zone) {
  const asUtc = Date.parse(`${text}Z`);
  const guess = asUtc - offsetAt(asUtc, zone);
  return asUtc - offsetAt(guess, zone);
}

function offsetAt(ms, timeZone) {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit'
  });
  const p = Object.fromEntries(format.formatToParts(ms).map((x) => [x.type, x.value]));
  const local = Date.parse(`${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}:${p.second}Z`);
  return local - Math.floor(ms / 1000) * 1000;
}

export function rfc3339(ms, timeZone) {
  const offset = offsetAt(ms, timeZone);
  const local = new Date(ms + offset).toISOString().slice(0, 19);
  if (offset === 0) return `${local}Z`;
  const minutes = Math.abs(offset) / 60000;
  const two = (n) => String(n).padStart(2, '0');
  return `${local}${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
