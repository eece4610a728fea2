// Short messages at the edge of the screen, read out as they come.
import {asApiError} from '../api.ts';
import {store, useStore} from '../store.ts';
import {explain, t} from '../texts/index.ts';
import {Icon} from './icon.tsx';

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const GOOD_MS = 5000;
const BAD_MS = 12_000;

const toasts = store<Toast[]>([]);
let last = 0;

const drop = (id: number) => toasts.set(toasts.get().filter((toast) => toast.id !== id));

export function toast(text: string, bad = false) {
  const id = ++last;
  toasts.set([...toasts.get(), {id, text, bad}]);
  setTimeout(() => drop(id), bad ? BAD_MS : GOOD_MS);
}

export function toastError(e: unknown) {
  const error = asApiError(e);
  if (error.status !== 401) toast(explain(error), true);  // of that the form to sign in tells
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {useStore(toasts).map(({id, text, bad}) => (
        <div key={id} class={bad ? 'toast bad' : 'toast'}>
          <Icon name={bad ? 'alert' : 'check'} />
          <p>{text}</p>
          <button type="button" class="button quiet" aria-label={t('common.close')} onClick={() => drop(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
