// Which page the address names, without loading a document for each.
import {store, useStore} from './store.ts';

export const address = store(location.pathname + location.search);

addEventListener('popstate', () => address.set(location.pathname + location.search));

export function go(to: string, {replace = false} = {}) {
  if (to === address.get()) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  address.set(to);
  if (!replace) scrollTo(0, 0);
}

// Clicks on links of ours that the browser would follow in this tab.
addEventListener('click', (e) => {
  const link = (e.target as Element).closest?.('a');
  if (!link || e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey ||
      link.target || link.hasAttribute('download') || link.origin !== location.origin ||
      link.pathname.startsWith('/api/')) return;
  e.preventDefault();
  go(link.pathname + link.search);
});

// The arguments of the address, and what changes them; empty ones are left out.
export function useArgs(): [URLSearchParams, (changes: Record<string, string>) => void] {
  const now = new URL(useStore(address), location.origin);
  return [now.searchParams, (changes) => {
    for (const [name, value] of Object.entries(changes)) {
      if (value) now.searchParams.set(name, value);
      else now.searchParams.delete(name);
    }
    go(now.pathname + now.search, {replace: true});
  }];
}

// What a pattern like /calls/:id finds in a path; null: it is another's.
export function match(pattern: string, path: string): Record<string, string> | null {
  const names: string[] = [];
  const source = pattern.replace(/:(\w+)/g, (_, name) => {
    names.push(name);
    return '([^/]+)';
  });
  const found = new RegExp(`^${source}/?$`).exec(path);
  try {
    return found && Object.fromEntries(names.map((name, i) => [name, decodeURIComponent(found[i + 1]!)]));
  } catch {
    return null;  // %ff
  }
}
