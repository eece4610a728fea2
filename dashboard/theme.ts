// Light, dark, or as the system has it.
import {store} from './store.ts';

export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'va.theme';
const kept = localStorage.getItem(KEY);

export const theme = store<Theme>(kept === 'light' || kept === 'dark' ? kept : 'auto');

export function choose(to: Theme) {
  localStorage.setItem(KEY, to);
  if (to === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = to;
  theme.set(to);
}
