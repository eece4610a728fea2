// Days of the demonstration's shops, as their calendar has them: open Monday to Saturday, closed
// on Sundays. Tests ask for days by what they need of them, so that they hold on every date; who
// is told a day by its name asks for one three days ahead: at midnight the day after the next
// becomes "tomorrow".
const ZONE = 'America/Toronto';
const DAY_MS = 86400e3;

// Sweden writes 2026-11-28, whatever edition of the locales is installed.
const today = () => new Intl.DateTimeFormat('sv-SE', {timeZone: ZONE}).format();
const weekdayOf = (noon) => new Intl.DateTimeFormat('en-US', {timeZone: 'UTC', weekday: 'long'}).format(noon);

// The next `count` days that pass the test, the first of them at least `ahead` days from today.
function days(ahead, count, passes) {
  const found = [];
  // From noon to noon of UTC, which never changes its clocks.
  for (let noon = Date.parse(`${today()}T12:00Z`) + ahead * DAY_MS; found.length < count; noon += DAY_MS) {
    const day = {date: new Date(noon).toISOString().slice(0, 10), weekday: weekdayOf(noon)};
    if (passes(day)) found.push(day);
  }
  return found;
}

const isSunday = ({weekday}) => weekday === 'Sunday';
const isWeekend = ({weekday}) => isSunday({weekday}) || weekday === 'Saturday';

export const openDays = (ahead, count) => days(ahead, count, (day) => !isSunday(day));
// Open from 8:00 AM to 6:00 PM.
export const workingDay = (ahead) => days(ahead, 1, (day) => !isWeekend(day))[0];
// The same by its French name, whatever edition of the locales is installed.
export const workingDayInFrench = (ahead) => ({
  Monday: 'lundi', Tuesday: 'mardi', Wednesday: 'mercredi', Thursday: 'jeudi', Friday: 'vendredi'
})[workingDay(ahead).weekday];
export const closedDay = (ahead) => days(ahead, 1, isSunday)[0];
export const dayNamed = (weekday, ahead) => days(ahead, 1, (day) => day.weekday === weekday)[0];

// Hours of a shop that is open all the time, so that there is somebody a call can be put through to.
export const ALWAYS = JSON.stringify(Object.fromEntries(
    ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map(
        (day) => [day, {open: '00:00', close: '24:00'}])));
