// A form whose changes count when they are saved, and a list of things in it.
import type {ComponentChildren} from 'preact';
import {useState} from 'preact/hooks';

import {type ApiError, asApiError} from '../api.ts';
import {t} from '../texts/index.ts';
import {Button} from './button.tsx';
import {Failure} from './page.tsx';
import {toast} from './toast.tsx';

// onSave is given what was changed, and all as it looks now: what somebody else has changed meanwhile
// is not put back. What the server refuses stays to be put right.
export function DraftForm<T extends object>({value, onSave, children}: {
  value: T;
  onSave: (changes: Partial<T>, now: T) => Promise<unknown>;
  children: (draft: T, set: (changes: Partial<T>) => void) => ComponentChildren;
}) {
  const [changes, setChanges] = useState<Partial<T>>();
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const now = {...value, ...changes};

  async function save(e: Event) {
    e.preventDefault();
    if (busy || !changes) return;
    setBusy(true);
    setError(undefined);
    try {
      await onSave(changes, now);
      setChanges(undefined);
      toast(t('common.saved'));
    } catch (x) {
      setError(asApiError(x));
    } finally {
      setBusy(false);
    }
  }

  return (
    <form class="form" onSubmit={save}>
      {children(now, (more) => setChanges((c) => ({...c, ...more}) as Partial<T>))}
      {error && <Failure error={error} />}
      <footer>
        {changes && <Button onClick={() => {
          setChanges(undefined);
          setError(undefined);
        }}>{t('common.undo')}</Button>}
        <Button kind="primary" type="submit" busy={busy} disabled={!changes}>{t('common.save')}</Button>
      </footer>
    </form>
  );
}

export function RowsEditor<T>({label, rows, fresh, add, most, onChange, children}: {
  label: string;
  rows: T[];
  fresh: () => T;
  add: string;
  most: number;
  onChange: (rows: T[]) => void;
  children: (row: T, set: (changes: Partial<T>) => void, index: number) => ComponentChildren;
}) {
  const move = (from: number, to: number) => {
    const next = [...rows];
    next.splice(to, 0, ...next.splice(from, 1));
    onChange(next);
  };
  return (
    <fieldset class="rows">
      <legend>{label}</legend>
      {rows.map((row, i) => (
        <div class="row" key={i} role="group" aria-label={`${label} ${i + 1}`}>
          <div class="row-fields">{children(row, (changes) => onChange(rows.with(i, {...row, ...changes})), i)}</div>
          <div class="actions">
            <Button kind="quiet" label={t('common.up')} disabled={i === 0} onClick={() => move(i, i - 1)}>↑</Button>
            <Button kind="quiet" label={t('common.down')} disabled={i === rows.length - 1} onClick={() => move(i, i + 1)}>↓</Button>
            <Button kind="quiet" icon="close" label={t('common.take_away')} onClick={() => onChange(rows.filter((_, j) => j !== i))}>{''}</Button>
          </div>
        </div>
      ))}
      {rows.length < most && <Button icon="plus" onClick={() => onChange([...rows, fresh()])}>{add}</Button>}
    </fieldset>
  );
}
