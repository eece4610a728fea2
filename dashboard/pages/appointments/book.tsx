// Books an appointment, as the agents do: a time that somebody else took meanwhile is refused, and others are offered.
import {useState} from 'preact/hooks';

import {type ApiError, asApiError, post} from '../../api.ts';
import {SERVICES} from '../../appointments.ts';
import {Button, Dialog, Select, TextArea, TextField, toast} from '../../components/index.ts';
import {dayTime} from '../../format.ts';
import {t, word} from '../../texts/index.ts';
import {Alternatives, Times} from './times.tsx';

export function Book({date, onClose, onDone}: {date: string; onClose: () => void; onDone: () => void}) {
  const [draft, setDraft] = useState({service: 'tune_up', date, start: '', name: '', phone: '', notes: ''});
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const set = (changes: Partial<typeof draft>) => setDraft((d) => ({...d, ...changes}));

  async function book(e: Event) {
    e.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await post('/api/appointments', {
        service_type: draft.service,
        appointment_datetime: draft.start,
        customer_name: draft.name,
        customer_phone: draft.phone,
        ...(draft.notes && {notes: draft.notes}),
      });
      toast(t('appointments.booked', {when: dayTime(draft.start)}));
      onDone();
    } catch (x) {
      setError(asApiError(x));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog title={t('appointments.book')} onClose={onClose}>
      <form class="form" onSubmit={book}>
        <Select name={t('appointments.service')} value={draft.service} onInput={(service) => set({service, start: ''})}
            options={SERVICES.map((s) => [s, word('service_type', s)])} />
        <Times service={draft.service} date={draft.date} value={draft.start} onDate={(d) => set({date: d, start: ''})}
            onTime={(start) => set({start})} />
        <div class="two">
          <TextField name={t('appointments.name')} required maxLength={200} value={draft.name} onInput={(name) => set({name})} />
          <TextField name={t('appointments.phone')} type="tel" required placeholder="+14165550100" value={draft.phone} onInput={(phone) => set({phone})} />
        </div>
        <TextArea name={t('appointments.notes')} rows={2} value={draft.notes} onInput={(notes) => set({notes})} />
        {error && <Alternatives error={error} onTime={(start) => {
          set({start, date: start.slice(0, 10)});
          setError(undefined);
        }} />}
        <footer>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={!draft.start}>{t('appointments.book')}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
