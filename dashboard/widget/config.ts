// What the page's own script tag says of the chat.
import type {Language} from './texts.ts';
import {pickLanguage} from './texts.ts';

export interface Config {
  host: string;  // the origin this script came from, which has the API
  business: string;
  key: string;
  language: Language;
  theme: 'light' | 'dark' | 'auto';
  color: string | undefined;
  side: 'left' | 'right';
  storage: 'device' | 'tab' | 'none';
  title: string | undefined;
  phone: string | undefined;
  suggestions: string[] | undefined;
}

const oneOf = <T extends string>(value: string | undefined, allowed: readonly T[]): T =>
    allowed.find((a) => a === value?.trim().toLowerCase()) ?? allowed[0]!;

function suggestionsOf(value: string | undefined) {
  return value?.split('|').map((s) => s.trim()).filter(Boolean).slice(0, 6);
}

// Undefined: the tag names no shop, or no key.
export function readConfig(tag: HTMLScriptElement): Config | undefined {
  const {business, key, lang, theme, color, position, storage, title, phone, suggestions} = tag.dataset;
  if (!business || !key) return undefined;
  return {
    host: new URL(tag.src).origin,
    business,
    key,
    language: pickLanguage([lang, document.documentElement.lang, ...navigator.languages]),
    theme: oneOf(theme, ['auto', 'light', 'dark'] as const),
    color,
    side: oneOf(position, ['right', 'left'] as const),
    storage: oneOf(storage, ['device', 'tab', 'none'] as const),
    title: title || undefined,
    phone: phone || undefined,
    suggestions: suggestionsOf(suggestions),
  };
}
