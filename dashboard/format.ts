// Dates, numbers and words as people of this shop write them: its time zone, the reader's language.
import {addDays} from './days.ts';
import {user} from './session.ts';
import {locale, t} from './texts/index.ts';

const here = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

// The shop's; one that this browser has never heard of is its own.
export function zone(): string {
  const shop = user.get()?.organization_timezone ?? here();
  try {
    new Intl.DateTimeFormat('en', {timeZone: shop});
    return shop;
  } catch {
    return here();
  }
}

type Moment = string | number | Date;

const date = (at: Moment, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale(), {timeZone: zone(), ...options}).format(new Date(at));

export const time = (at: Moment) => date(at, {hour: 'numeric', minute: '2-digit'});
export const day = (at: Moment) => date(at, {weekday: 'short', day: 'numeric', month: 'short'});
// A date alone, in no zone.
export const dayOf = (isoDate: string) =>
    new Intl.DateTimeFormat(locale(), {timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short'}).format(Date.parse(isoDate));
export const fullDay = (at: Moment) => date(at, {weekday: 'long', day: 'numeric', month: 'long', year: 'numeric'});
export const dayTime = (at: Moment) => `${day(at)}, ${time(at)}`;

// A moment's date in the shop, 2026-11-27; what from= and to= of the API's lists take.
export function isoDay(at: Moment = Date.now()): string {
  const parts = new Intl.DateTimeFormat('en-CA', {timeZone: zone(), year: 'numeric', month: '2-digit', day: '2-digit'});
  return parts.format(new Date(at));
}

// "Today, 14:05", "Yesterday, …", else the day.
export function when(at: Moment): string {
  const that = isoDay(at);
  if (that === isoDay()) return t('time.today', {time: time(at)});
  if (that === addDays(isoDay(), -1)) return t('time.yesterday', {time: time(at)});
  return dayTime(at);
}

export const number = (n: number, options: Intl.NumberFormatOptions = {}) =>
    new Intl.NumberFormat(locale(), options).format(n);
export const percent = (n: number | null | undefined) =>
    n == null ? '–' : number(n / 100, {style: 'percent', maximumFractionDigits: 1});
export const money = (n: number | string, currency = 'USD') => number(Number(n), {style: 'currency', currency});

// 4:05, 1:02:03.
export function duration(seconds: number | null | undefined): string {
  if (seconds == null) return '–';
  const s = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m] = [Math.floor(s / 3600), Math.floor(s / 60) % 60];
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

// +14165551234 as North Americans read it; any other in groups that can be read out.
export function phone(e164: string | null | undefined): string {
  if (!e164) return t('phone.withheld');
  const na = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(e164);
  if (na) return `(${na[1]}) ${na[2]}-${na[3]}`;
  return e164.replace(/^(\+\d{2})(\d+)$/, (_, country, rest) => `${country} ${rest.match(/\d{1,3}/g).join(' ')}`);
}

// "French" for fr, in the reader's language.
export function languageName(code: string | null | undefined): string {
  if (!code) return '';
  try {
    return new Intl.DisplayNames([locale()], {type: 'language'}).of(code) ?? code;
  } catch {
    return code;
  }
}
