// What the page remembers of the chat, in the visitor's browser: on his device until a day of
// silence is over (as the server does), in the tab, or nowhere. Tabs of one site share it.
import type {Lead, NextAction, Shop} from './protocol.ts';

const LIFE_MS = 86400e3;
const SHOP_LIFE_MS = 600e3;
const MOST = 200;

export interface Entry {
  id: string;
  kind: 'visitor' | 'agent' | 'person' | 'note';
  text: string;  // of a note: its key in the texts
  at: number;
  state?: 'waiting' | 'failed' | 'sent';  // of the visitor's
  why?: string;                           // it failed: a key of the texts
  lead?: Partial<Lead>;                   // goes with it
  shown?: string;                         // in its place: what a number stands for
  urgent?: boolean;
  action?: NextAction;
}

export interface Kept {
  sessionId?: string;
  after: number;  // the last number we have of what people wrote
  person: boolean;
  action: NextAction;
  lead: Lead;
  entries: Entry[];
  at: number;
}

const nothing = (): Kept => ({
  after: 0,
  person: false,
  action: 'continue',
  lead: {name: null, email: null, phone: null},
  entries: [],
  at: 0,
});

const RANK = {waiting: 0, failed: 1, sent: 2};
const rank = (e: Entry) => RANK[e.state ?? 'sent'];

// One of each, in the order they came; of two of one the one that is further.
function merge(ours: Entry[], theirs: Entry[]): Entry[] {
  const all = new Map(theirs.map((e) => [e.id, e]));
  for (const e of ours) {
    const other = all.get(e.id);
    if (!other || rank(e) >= rank(other)) all.set(e.id, e);
  }
  return [...all.values()].sort((a, b) => a.at - b.at).slice(-MOST);
}

// Browsers throw where a page may keep nothing.
function storageOf(where: 'device' | 'tab' | 'none'): Storage | undefined {
  try {
    return where === 'none' ? undefined : where === 'device' ? localStorage : sessionStorage;
  } catch {
    return undefined;
  }
}

export class Memory {
  kept = nothing();
  readonly #name: string;
  readonly #storage: Storage | undefined;
  readonly #tab: Storage | undefined;
  readonly #dropped = new Set<string>();

  constructor(name: string, where: 'device' | 'tab' | 'none', heard: (forgotten: boolean) => void) {
    this.#name = name;
    this.#storage = storageOf(where);
    this.#tab = storageOf(where === 'none' ? 'none' : 'tab');
    const before = this.#read();
    if (!before) this.#try((s) => s.removeItem(name));  // of a day that is over nothing stays
    this.kept = before ?? nothing();
    addEventListener('storage', (e) => {
      if (e.storageArea !== this.#storage || (e.key !== null && e.key !== name)) return;
      const theirs = this.#read();
      this.kept = theirs ? {...theirs, entries: merge(this.kept.entries, theirs.entries)} : nothing();
      heard(!theirs);
    });
  }

  #read(): Kept | undefined {
    try {
      const kept = JSON.parse(this.#storage?.getItem(this.#name) ?? '') as Kept;
      const entries = kept.entries.filter((e) => !this.#dropped.has(e.id));
      return kept.at > Date.now() - LIFE_MS ? {...nothing(), ...kept, entries} : undefined;
    } catch {
      return undefined;
    }
  }

  save(): void {
    const {kept} = this;
    const theirs = this.#read();
    kept.at = Date.now();
    kept.entries = merge(kept.entries, theirs?.entries ?? []);
    if (theirs?.sessionId === kept.sessionId) kept.after = Math.max(kept.after, theirs?.after ?? 0);
    this.#try((s) => s.setItem(this.#name, JSON.stringify(kept)));
  }

  drop(id: string): void {
    this.#dropped.add(id);
    this.kept.entries = this.kept.entries.filter((e) => e.id !== id);
    this.save();
  }

  forget(): void {
    this.kept = nothing();
    this.#try((s) => s.removeItem(this.#name));
  }

  // Whether the chat stands open in this tab, from one page of the site to the next.
  get open(): boolean {
    try {
      return this.#tab?.getItem(`${this.#name}.open`) === '1';
    } catch {
      return false;
    }
  }
  set open(open: boolean) {
    try {
      this.#tab?.setItem(`${this.#name}.open`, open ? '1' : '0');
    } catch {
      // It is closed on the next page.
    }
  }

  // Whose chat it is, so that the site's next page need not ask; as the open chat, of the tab.
  get shop(): Shop | undefined {
    try {
      const {shop, at} = JSON.parse(this.#tab?.getItem(`${this.#name}.shop`) ?? '') as {shop: Shop; at: number};
      return at > Date.now() - SHOP_LIFE_MS ? shop : undefined;
    } catch {
      return undefined;
    }
  }
  set shop(shop: Shop) {
    try {
      this.#tab?.setItem(`${this.#name}.shop`, JSON.stringify({shop, at: Date.now()}));
    } catch {
      // The next page asks.
    }
  }

  // What cannot be written (full, forbidden since) is only in this page.
  #try(write: (storage: Storage) => void) {
    try {
      if (this.#storage) write(this.#storage);
    } catch {
      // see above
    }
  }
}
