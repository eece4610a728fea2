// A day, and one of its free times for a service.
import {useEffect, useState} from 'preact/hooks';

import {type ApiError, asApiError} from '../../api.ts';
import {freeTimes, type Slot} from '../../appointments.ts';
import {Failure, Loading, TextField} from '../../components/index.ts';
import {dayTime, isoDay, time} from '../../format.ts';
import {t} from '../../texts/index.ts';

export function Times({service, date, value, onDate, onTime}: {
  service: string;
  date: string;
  value: string;
  onDate: (date: string) => void;
  onTime: (start: string) => void;
}) {
  const [state, setState] = useState<{slots?: Slot[]; error?: ApiError}>({});
  useEffect(() => {
    let gone = false;
    setState({});
    if (date) {
      freeTimes(service, date).then((slots) => gone || setState({slots}), (e) => gone || setState({error: asApiError(e)}));
    }
    return () => {
      gone = true;
    };
  }, [service, date]);
  return (
    <>
      <TextField name={t('appointments.date')} type="date" required min={isoDay()} value={date} onInput={onDate} />
      {state.error && <Failure error={state.error} />}
      {date && !state.slots && !state.error && <Loading />}
      {state.slots?.length === 0 && <p class="notice">{t('appointments.none_free')}</p>}
      {state.slots && state.slots.length > 0 && (
        <fieldset class="times">
          <legend>{t('appointments.time')}</legend>
          {state.slots.map((s) => (
            <label key={s.start}>
              <input type="radio" name="time" required checked={s.start === value} onChange={() => onTime(s.start)} />
              <span>{time(s.start)}</span>
            </label>
          ))}
        </fieldset>
      )}
    </>
  );
}

// What is free instead of what was wished, as a refusal tells.
export function Alternatives({error, onTime}: {error: ApiError; onTime: (start: string) => void}) {
  const slots = (error.details.alternatives ?? []) as Slot[];
  if (slots.length === 0) return <Failure error={error} />;
  return (
    <div role="alert" class="form">
      <p class="notice bad">{t('appointments.taken')}</p>
      <div class="actions">
        {slots.map((s) => <button key={s.start} type="button" class="button" onClick={() => onTime(s.start)}>{dayTime(s.start)}</button>)}
      </div>
    </div>
  );
}
