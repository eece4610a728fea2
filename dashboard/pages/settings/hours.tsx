// When the shop is open: the week, and days that differ. A close before the open is on the next day.
import {DraftForm, RowsEditor, Switch, TextField} from '../../components/index.ts';
import {locale, t} from '../../texts/index.ts';
import {type Day, type Part, save} from './parts.ts';

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const MONDAY = Date.UTC(2024, 0, 1);  // a week's first day, for their names

const dayName = (i: number) =>
    new Intl.DateTimeFormat(locale(), {weekday: 'long', timeZone: 'UTC'}).format(MONDAY + i * 86_400_000);

interface Draft {
  hours: Record<string, Day>;
  holidays: ({date: string} & Day)[];
}

const kept = ({open, close, closed}: Day): Day => (closed ? {closed: true} : {open, close});

function Times({name, of, set}: {name: string; of: Day; set: (changes: Day) => void}) {
  return (
    <>
      <Switch name={name} value={!of.closed} onInput={(open) => set(open ? {closed: false, open: of.open ?? '09:00', close: of.close ?? '17:00'} : {closed: true})} />
      {!of.closed && (
        <>
          <TextField name={t('hours.open')} type="time" required value={of.open ?? ''} onInput={(open) => set({open})} />
          <TextField name={t('hours.close')} type="time" required value={of.close ?? ''} onInput={(close) => set({close})} />
        </>
      )}
    </>
  );
}

export function HoursPart({settings: {shop}, asked}: Part) {
  const value: Draft = {
    hours: Object.fromEntries(DAYS.map((d) => [d, shop.hours[d] ?? {closed: true}])),
    holidays: Object.entries(shop.holidays ?? {}).sort().map(([date, day]) => ({date, ...day})),
  };
  return (
    <DraftForm value={value} onSave={(d) => save(asked, {shop: {
      hours: {
        ...(d.hours && Object.fromEntries(DAYS.map((name) => [name, kept(d.hours![name]!)]))),
        ...(d.holidays && {exceptions: Object.fromEntries(d.holidays.map(({date, ...day}) => [date, kept(day)]))}),
      },
    }})}>
      {(d, set) => (
        <>
          <fieldset class="rows week">
            <legend>{t('hours.week')}</legend>
            {DAYS.map((name, i) => (
              <div class="day" key={name} role="group" aria-label={dayName(i)}>
                <Times name={dayName(i)} of={d.hours[name]!}
                    set={(changes) => set({hours: {...d.hours, [name]: {...d.hours[name], ...changes}}})} />
              </div>
            ))}
          </fieldset>
          <RowsEditor label={t('hours.exceptions')} rows={d.holidays} most={366} add={t('hours.add')}
              fresh={() => ({date: '', closed: true})} onChange={(holidays) => set({holidays})}>
            {(row, change) => (
              <div class="day">
                <TextField name={t('hours.date')} type="date" required value={row.date} onInput={(date) => change({date})} />
                <Times name={t('hours.is_open')} of={row} set={change} />
              </div>
            )}
          </RowsEditor>
        </>
      )}
    </DraftForm>
  );
}
