// A word from the browser when somebody calls, for who has asked for it.
import {numberOf} from './calls.ts';
import {phone} from './format.ts';
import {onEvent, talks} from './live.ts';
import {go} from './router.ts';
import {store} from './store.ts';
import {t} from './texts/index.ts';

const KEY = 'va.notify';

export const possible = 'Notification' in window;

// Whether this person wants them here: only a click asks the browser for its permission.
export const askedFor = store(possible && localStorage.getItem(KEY) === 'yes' && Notification.permission === 'granted');

export async function askFor(wanted: boolean): Promise<boolean> {
  const granted = wanted && possible && await Notification.requestPermission() === 'granted';
  localStorage.setItem(KEY, granted ? 'yes' : 'no');
  askedFor.set(granted);
  return granted;
}

function show(title: string, body: string, call: string | null | undefined, urgent: boolean) {
  const note = new Notification(title, {body, tag: call ?? undefined, requireInteraction: urgent});
  note.onclick = () => {
    window.focus();
    if (call) go(`/calls/${call}`);
    note.close();
  };
}

export function watchCalls(): () => void {
  return onEvent((e) => {
    if (!askedFor.get() || !['call_started', 'emergency'].includes(e.type)) return;
    const call = e.callId ? talks.get().get(e.callId)?.call : undefined;
    const who = call?.customer_name || phone(e.phoneNumber ?? (call && numberOf(call)));
    if (e.type === 'emergency') show(t('notify.emergency', {who}), e.message ?? '', e.callId, true);
    else if (document.visibilityState === 'hidden') show(t('notify.call'), who, e.callId, false);
  });
}
