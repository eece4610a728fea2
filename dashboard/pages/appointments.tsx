// The schedule of a week, by the shop's clock: booking, moving, marking, cancelling.
import {useEffect, useState} from 'preact/hooks';

import {type ApiError, asApiError} from '../api.ts';
import {type Appointment, readDays, weekOf} from '../appointments.ts';
import {Badge, Button, Card, Failure, Loading, Page} from '../components/index.ts';
import {addDays, isDate} from '../days.ts';
import {dayOf, isoDay, time} from '../format.ts';
import {onEvent} from '../live.ts';
import {useArgs} from '../router.ts';
import {t, word} from '../texts/index.ts';
import {Book} from './appointments/book.tsx';
import {Entry} from './appointments/entry.tsx';

export const TONES = {
  held: 'warn', confirmed: 'info', in_progress: 'live', completed: 'good', no_show: 'bad', cancelled: 'plain',
} as const;

function Day({date, entries, onOpen, onBook}: {
  date: string;
  entries: Appointment[];
  onOpen: (a: Appointment) => void;
  onBook: () => void;
}) {
  const name = dayOf(date);
  return (
    <section class={date === isoDay() ? 'day-column today' : 'day-column'} aria-label={name}>
      <header>
        <h2>{name}</h2>
        {date >= isoDay() && <Button kind="quiet" icon="plus" label={t('appointments.book_on', {day: name})} onClick={onBook}>{''}</Button>}
      </header>
      {entries.length === 0 && <p class="hint">{t('appointments.nothing')}</p>}
      <ul>
        {entries.map((a) => (
          <li key={a.id}>
            <button type="button" class={`entry ${a.status}`} onClick={() => onOpen(a)}>
              <span class="at">{time(a.starts_at)}</span>
              <b>{a.customer_name || t('appointments.somebody')}</b>
              <span>{word('service_type', a.appointment_type)}</span>
              <Badge tone={TONES[a.status as keyof typeof TONES]}>{word('appointment', a.status)}</Badge>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

export default function Appointments() {
  const [args, setArgs] = useArgs();
  const wished = args.get('week') ?? '';
  const monday = weekOf(isDate(wished) ? wished : isoDay());
  const [state, setState] = useState<{of: string; entries?: Appointment[]; error?: ApiError}>({of: monday});
  const [turn, setTurn] = useState(0);
  const [open, setOpen] = useState<string>();
  const [booking, setBooking] = useState<string>();
  const reload = () => setTurn((n) => n + 1);

  useEffect(() => {
    const stop = new AbortController();
    readDays(monday, addDays(monday, 6), stop.signal)
        .then((entries) => setState({of: monday, entries}))
        .catch((e) => stop.signal.aborted || setState((s) => ({...s, of: monday, error: asApiError(e)})));
    return () => stop.abort();
  }, [monday, turn]);
  useEffect(() => onEvent((e) => {
    if (e.type === 'appointment_changed' || e.type === 'resync') reload();
  }), []);

  const entries = state.of === monday ? state.entries : undefined;
  const shown = entries?.find((a) => a.id === open);
  const go = (week: string) => setArgs({week: week === weekOf(isoDay()) ? '' : week});
  const days = Array.from({length: 7}, (_, i) => addDays(monday, i));
  return (
    <Page title={t('appointments.title')}
        actions={<Button kind="primary" icon="plus" onClick={() => setBooking(isoDay())}>{t('appointments.book')}</Button>}>
      <Card label={t('appointments.week')}>
        <div class="actions week-choice">
          <Button icon="back" label={t('appointments.week_before')} onClick={() => go(addDays(monday, -7))}>{''}</Button>
          <Button onClick={() => go(weekOf(isoDay()))}>{t('appointments.this_week')}</Button>
          <Button class="turned" icon="back" label={t('appointments.week_after')} onClick={() => go(addDays(monday, 7))}>{''}</Button>
          <p aria-live="polite"><b>{t('appointments.from_to', {from: dayOf(monday), to: dayOf(addDays(monday, 6))})}</b></p>
        </div>
        {state.error && <Failure error={state.error} retry={reload} />}
        {!entries && !state.error && <Loading />}
        {entries && (
          <div class="week-grid">
            {days.map((date) => (
              <Day key={date} date={date} entries={entries.filter((a) => isoDay(a.starts_at) === date)}
                  onOpen={(a) => setOpen(a.id)} onBook={() => setBooking(date)} />
            ))}
          </div>
        )}
      </Card>
      {booking && <Book date={booking} onClose={() => setBooking(undefined)} onDone={() => {
        setBooking(undefined);
        reload();
      }} />}
      {shown && <Entry entry={shown} onClose={() => setOpen(undefined)} onChange={reload} />}
    </Page>
  );
}
