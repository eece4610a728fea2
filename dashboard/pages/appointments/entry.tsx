// One appointment: what is known of it, and what may become of it.
import {useState} from 'preact/hooks';

import {type ApiError, asApiError, patch, remove} from '../../api.ts';
import {type Appointment, STANDING} from '../../appointments.ts';
import {Badge, Button, Confirm, Dialog, Failure, TextArea, toast} from '../../components/index.ts';
import {dayTime, isoDay, money, phone, time} from '../../format.ts';
import {may, user} from '../../session.ts';
import {useStore} from '../../store.ts';
import {t, word} from '../../texts/index.ts';
import {TONES} from '../appointments.tsx';
import {Alternatives, Times} from './times.tsx';

// To what it may be marked, as far as it has begun or not; the server has the last word.
function marks(a: Appointment): string[] {
  const begun = Date.parse(a.starts_at) <= Date.now();
  if (a.status === 'confirmed' || a.status === 'held') return begun ? ['in_progress', 'completed', 'no_show'] : ['in_progress'];
  return a.status === 'in_progress' ? ['completed'] : [];
}

function Move({entry, onMoved}: {entry: Appointment; onMoved: () => void}) {
  const [draft, setDraft] = useState({date: isoDay(entry.starts_at), start: ''});
  const [error, setError] = useState<ApiError>();
  async function move() {
    setError(undefined);
    try {
      await patch(`/api/appointments/${entry.id}`, {appointment_datetime: draft.start});
      toast(t('appointments.moved', {when: dayTime(draft.start)}));
      onMoved();
    } catch (x) {
      setError(asApiError(x));
    }
  }
  return (
    <div class="form">
      <Times service={entry.appointment_type} date={draft.date} value={draft.start} onDate={(date) => setDraft({date, start: ''})}
          onTime={(start) => setDraft({...draft, start})} />
      {error && <Alternatives error={error} onTime={(start) => {
        setDraft({date: start.slice(0, 10), start});
        setError(undefined);
      }} />}
      <div class="actions"><Button kind="primary" disabled={!draft.start} onClick={move}>{t('appointments.move')}</Button></div>
    </div>
  );
}

export function Entry({entry: a, onClose, onChange}: {entry: Appointment; onClose: () => void; onChange: () => void}) {
  const seesCustomer = may(useStore(user), 'staff');
  const [notes, setNotes] = useState(a.notes ?? '');
  const [moving, setMoving] = useState(false);
  const [cancelling, setCancelling] = useState(false);
  const [error, setError] = useState<ApiError>();
  const stands = STANDING.includes(a.status);

  async function change(changes: object, told: string) {
    setError(undefined);
    try {
      await patch(`/api/appointments/${a.id}`, changes);
      toast(told);
      onChange();
    } catch (x) {
      setError(asApiError(x));
    }
  }

  return (
    <Dialog title={`${word('service_type', a.appointment_type)}: ${a.customer_name || t('appointments.somebody')}`} onClose={onClose}>
      <dl class="facts">
        <div><dt>{t('appointments.when')}</dt><dd>{dayTime(a.starts_at)} – {time(a.ends_at)}</dd></div>
        <div><dt>{t('appointments.state')}</dt><dd><Badge tone={TONES[a.status as keyof typeof TONES]}>{word('appointment', a.status)}</Badge></dd></div>
        <div><dt>{t('appointments.phone')}</dt><dd>{phone(a.customer_phone)}</dd></div>
        {a.purpose && <div><dt>{t('appointments.purpose')}</dt><dd>{a.purpose}</dd></div>}
        {a.price !== null && <div><dt>{t('appointments.price')}</dt><dd>{money(a.price)}</dd></div>}
        {a.cancel_reason && <div><dt>{t('appointments.reason')}</dt><dd>{a.cancel_reason}</dd></div>}
        {a.pickup_ready_at && <div><dt>{t('appointments.ready')}</dt><dd>{dayTime(a.pickup_ready_at)}</dd></div>}
      </dl>
      {seesCustomer && a.lead_id && <p><a href={`/customers/${a.lead_id}`}>{t('appointments.customer')}</a></p>}
      {a.status !== 'cancelled' && (
        <div class="form">
          <TextArea name={t('appointments.notes')} rows={2} value={notes} onInput={setNotes} />
          {notes !== (a.notes ?? '') &&
              <div class="actions"><Button kind="primary" onClick={() => change({notes}, t('common.saved'))}>{t('common.save')}</Button></div>}
        </div>
      )}
      <div class="actions">
        {marks(a).map((m) => (
          <Button key={m} onClick={() => change({status: m}, t('common.saved'))}>{t(`appointments.mark_${m}` as 'appointments.mark_completed')}</Button>
        ))}
        {a.status !== 'cancelled' && a.status !== 'no_show' && !a.pickup_ready_at &&
            <Button onClick={() => change({pickup_ready: true}, t('appointments.told_ready'))}>{t('appointments.mark_ready')}</Button>}
        {stands && <Button onClick={() => setMoving(!moving)}>{t('appointments.move')}</Button>}
        {stands && <Button kind="danger" onClick={() => setCancelling(true)}>{t('appointments.cancel')}</Button>}
      </div>
      {error && <Failure error={error} />}
      {moving && stands && <Move entry={a} onMoved={() => {
        setMoving(false);
        onChange();
      }} />}
      {cancelling && (
        <Confirm title={t('appointments.cancel')} action={t('appointments.cancel')} danger onClose={() => setCancelling(false)}
            onConfirm={async () => {
              await remove(`/api/appointments/${a.id}`);
              onChange();
            }}>{t('appointments.cancel_text')}</Confirm>
      )}
    </Dialog>
  );
}
