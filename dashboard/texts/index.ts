// Every sentence of the pages, in the language of who reads them: his choice, else his browser's.
import {ApiError} from '../http.ts';
import {store} from '../store.ts';
import {en} from './en.ts';
import {fr} from './fr.ts';

export type Key = keyof typeof en;
export type Texts = Record<Key, string>;
export type Language = 'en' | 'fr';

const KEY = 'va.language';
const TEXTS: Record<Language, Texts> = {en, fr};
export const LANGUAGES: Record<Language, string> = {en: 'English', fr: 'Français'};

function chosen(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === 'en' || kept === 'fr') return kept;
  const wanted = navigator.languages.map((l) => l.slice(0, 2).toLowerCase()).find((l) => l in TEXTS);
  return (wanted as Language | undefined) ?? 'en';
}

export const language = store<Language>(chosen());
document.documentElement.lang = language.get();

export function choose(l: Language) {
  localStorage.setItem(KEY, l);
  document.documentElement.lang = l;
  language.set(l);
}

// The browser's own English or French (en-CA), since dates differ between countries.
export const locale = () =>
    navigator.languages.find((l) => l.slice(0, 2).toLowerCase() === language.get()) ?? language.get();

// The sentence, with what stands for its {names}.
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return TEXTS[language.get()][key].replace(/\{(\w+)\}/g, (all, name) => String(values[name] ?? all));
}

// "1 call", "3 calls": the keys are that with .one and .other behind.
export function tn(key: string, n: number, values: Record<string, string | number> = {}): string {
  const rule = new Intl.PluralRules(language.get()).select(n) === 'one' ? 'one' : 'other';
  return t(`${key}.${rule}` as Key, {n: new Intl.NumberFormat(locale()).format(n), ...values});
}

// A word that the API stores (missed, in_progress, …); one that nobody has translated, as it is.
export function word(of: string, value: string | null | undefined): string {
  if (!value) return '';
  const text = (TEXTS[language.get()] as Record<string, string>)[`${of}.${value}`];
  return text ?? value.replaceAll('_', ' ');
}

// What went wrong, in plain words; what the server says of it beside where it knows more.
export function explain(e: ApiError): string {
  const texts = TEXTS[language.get()] as Record<string, string>;
  if (e.code === 'too_many_requests' && e.retryAfter) return t('error.wait', {seconds: e.retryAfter});
  const known = texts[`error.${e.code}`] ??
      texts[e.status >= 500 || e.status === 0 ? 'error.internal' : 'error.bad_request']!;
  const particular = ['bad_request', 'conflict', 'unprocessable', 'too_large', 'unsupported_media_type'];
  return particular.includes(e.code) && e.message ? `${known} (${e.message})` : known;
}
