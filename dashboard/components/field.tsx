// Form fields: a name that is read out with them, a hint, and what is wrong.
import type {ComponentChildren} from 'preact';
import {useId, useState} from 'preact/hooks';

import {Icon} from './icon.tsx';

interface Named {
  name: string;  // what it is called, for people
  hint?: string;
  error?: string;
}

interface Ids {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': boolean;
}

export function Field({name, hint, error, children}: Named & {children: (ids: Ids) => ComponentChildren}) {
  const id = useId();
  const told = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <label for={id}>{name}</label>
      {children({id, 'aria-describedby': told || undefined, 'aria-invalid': Boolean(error)})}
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
      {error && <p class="error" id={`${id}-error`}>{error}</p>}
    </div>
  );
}

interface Valued<T> {
  value: T;
  onInput: (value: T) => void;
}

type Input = Named & Valued<string> & {
  type?: 'text' | 'email' | 'password' | 'tel' | 'date' | 'time' | 'datetime-local' | 'number' | 'url' | 'color';
  required?: boolean;
  disabled?: boolean;
  autoComplete?: string;
  placeholder?: string;
  min?: string | number;
  max?: string | number;
  step?: string | number;
  maxLength?: number;
};

export function TextField({name, hint, error, value, onInput, type = 'text', ...more}: Input) {
  return (
    <Field {...{name, hint, error}}>
      {(ids) => <input {...ids} {...more} type={type as 'text'} value={value} onInput={(e) => onInput(e.currentTarget.value)} />}
    </Field>
  );
}

/*
 * A number as it is written: what is none yet ("0.", nothing) is not told, and not sent as it is
 * required.
 */
export function NumberField({value, onInput, ...more}: Omit<Input, 'value' | 'onInput' | 'type'> & Valued<number>) {
  const [text, setText] = useState(String(value));
  const isNumber = (v: string) => v.trim() !== '' && Number.isFinite(Number(v));
  return (
    <TextField {...more} type="number" required value={!isNumber(text) || Number(text) === value ? text : String(value)} onInput={(v) => {
      setText(v);
      if (isNumber(v)) onInput(Number(v));
    }} />
  );
}

export function TextArea({name, hint, error, value, onInput, rows = 4, ...more}:
    Named & Valued<string> & {rows?: number; maxLength?: number; required?: boolean; disabled?: boolean}) {
  return (
    <Field {...{name, hint, error}}>
      {(ids) => <textarea {...ids} {...more} rows={rows} value={value} onInput={(e) => onInput(e.currentTarget.value)} />}
    </Field>
  );
}

export function Select({name, hint, error, value, onInput, options, disabled}:
    Named & Valued<string> & {options: [value: string, text: string][]; disabled?: boolean}) {
  return (
    <Field {...{name, hint, error}}>
      {(ids) => (
        <select {...ids} disabled={disabled} value={value} onChange={(e) => onInput(e.currentTarget.value)}>
          {options.map(([v, text]) => <option key={v} value={v}>{text}</option>)}
        </select>
      )}
    </Field>
  );
}

export function Switch({name, hint, value, onInput, disabled}: Named & Valued<boolean> & {disabled?: boolean}) {
  const id = useId();
  return (
    <div class="field switch">
      <input id={id} type="checkbox" role="switch" checked={value} disabled={disabled}
          aria-describedby={hint ? `${id}-hint` : undefined} onChange={(e) => onInput(e.currentTarget.checked)} />
      <label for={id}>{name}</label>
      {hint && <p class="hint" id={`${id}-hint`}>{hint}</p>}
    </div>
  );
}

// Searches when Enter is pressed, or the field is left.
export function SearchField({name, value, onSearch}: {name: string; value: string; onSearch: (q: string) => void}) {
  return (
    <form class="search" role="search" onSubmit={(e) => {
      e.preventDefault();
      onSearch((e.currentTarget.elements[0] as HTMLInputElement).value.trim());
    }}>
      <Icon name="search" />
      <input type="search" aria-label={name} placeholder={name} defaultValue={value} key={value}
          onChange={(e) => onSearch(e.currentTarget.value.trim())} />
    </form>
  );
}
