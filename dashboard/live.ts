/*
 * The calls of this moment, for all pages of a tab: one stream of the shop's events, open as long
 * as somebody is signed in who may see calls.
 */
import {get} from './api.ts';
import {apply, type Call, isLive, type Talk, talkOf, type Turn} from './calls.ts';
import {type Connection, type LiveEvent, openStream} from './events.ts';
import {store} from './store.ts';

const READ_AT_ONCE = 20;       // of many calls the others are read when something happens in them
const ENDED_STAY_MS = 20_000;  // a talk that has ended can still be read for a moment

export const talks = store<Map<string, Talk>>(new Map());
export const connection = store<Connection>('connecting');

const listeners = new Set<(e: LiveEvent) => void>();

// Everything that happens in the shop; gives what ends the listening.
export function onEvent(listener: (e: LiveEvent) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function change(id: string, to: (talk: Talk | undefined) => Talk | undefined) {
  const next = new Map(talks.get());
  const talk = to(next.get(id));
  if (talk) next.set(id, talk);
  else next.delete(id);
  talks.set(next);
}

// What was read anew, with what only events had told.
export function after(before: Talk | undefined, talk: Talk): Talk {
  const same = before?.holder?.id === talk.holder?.id;
  return before ? {...talk, cards: before.cards, holder: same ? before.holder : talk.holder,
                   emergency: talk.emergency ?? before.emergency} : talk;
}

// Its events that come before the answer are in the answer, or follow in `waiting`.
const waiting = new Map<string, LiveEvent[]>();

async function read(id: string) {
  if (waiting.has(id)) return;
  waiting.set(id, []);
  try {
    const {call, turns} = await get<{call: Call; turns: Turn[]}>(`/api/calls/${id}`);
    const before = talks.get().get(id);
    const talk = waiting.get(id)!.reduce(apply, after(before, {...talkOf(call, turns), read: true}));
    if (isLive(talk.call) || before) change(id, () => talk);
    if (!isLive(talk.call)) leave(id);
  } catch {
    // the next event of it, or the next connection, asks again
  } finally {
    waiting.delete(id);
  }
}

function leave(id: string) {
  setTimeout(() => change(id, (talk) => (talk && isLive(talk.call) ? talk : undefined)), ENDED_STAY_MS);
}

function show(calls: Call[]) {
  const there = new Set(calls.map((c) => c.id));
  const next = new Map([...talks.get()].filter(([id, talk]) => there.has(id) || !isLive(talk.call)));
  for (const call of calls) {
    const before = next.get(call.id);
    next.set(call.id, before ? {...before, call} : talkOf(call));
  }
  talks.set(next);
  calls.slice(0, READ_AT_ONCE).forEach((call) => void read(call.id));
}

async function readAll() {
  const lists = await Promise.all(['in_progress', 'connecting'].map(
      (status) => get<{calls: Call[]}>('/api/calls', {status, limit: 100})));
  show(lists.flatMap((l) => l.calls));
}

function take(e: LiveEvent) {
  listeners.forEach((listener) => listener(e));
  if (e.type === 'active_calls') return show(e.calls);
  if (e.type === 'resync') return void readAll().catch(() => {});
  const id = e.callId;
  if (!id) return;
  if (waiting.has(id)) {
    waiting.get(id)!.push(e);
  } else if (talks.get().get(id)?.read) {
    change(id, (talk) => talk && apply(talk, e));
    if (e.type === 'call_ended') leave(id);
  } else if (e.type !== 'call_ended' && e.type !== 'call_completed') {
    void read(id);
  }
}

// Gives what closes it.
export function watchShop(): () => void {
  const stream = openStream('/api/stream/organization', {event: take, connection: (c) => connection.set(c)});
  return () => {
    stream.close();
    talks.set(new Map());
  };
}
