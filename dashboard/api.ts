/*
 * What pages ask the API with. A session that runs out is prolonged; one that has ended shows the
 * form to sign in with, and behind it the page that was asked for.
 */
import {useEffect, useRef, useState} from 'preact/hooks';

import {ApiError, type Options, type Query, readAnswer, send} from './http.ts';
import {forget, fresh} from './session.ts';

export {ApiError, urlOf} from './http.ts';

const PENDING_MS = 60_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function signedIn(method: string, path: string, o: Options): Promise<Response> {
  let again = false;
  for (;;) {
    if (!await fresh(again)) throw new ApiError(401, 'unauthorized', '');
    const res = await send(method, path, o);
    if (res.status !== 401 || again) {
      if (res.status === 401) forget();
      return res;
    }
    again = true;
  }
}

// An effect that takes longer goes on without its request: what came of it is asked for.
async function outcomeOf<T>(job: string, signal?: AbortSignal): Promise<T> {
  const end = Date.now() + PENDING_MS;
  for (;;) {
    await pause(1000);
    const res = await signedIn('GET', `/api/jobs/${encodeURIComponent(job)}`, {signal});
    if (res.status !== 202) {
      const answer = await readAnswer<any>(res);
      if (answer?.status === 'failed' && answer.job === job) throw new ApiError(503, 'failed', '');
      return answer as T;
    }
    if (Date.now() > end) throw new ApiError(202, 'pending', '');
  }
}

export async function api<T = any>(method: string, path: string, o: Options = {}): Promise<T> {
  const res = await signedIn(method, path, o);
  if (res.status !== 202) return readAnswer<T>(res);
  const said = await readAnswer<{job?: string}>(res);
  return said?.job ? outcomeOf<T>(said.job, o.signal) : said as T;
}

export const get = <T = any>(path: string, query?: Query, signal?: AbortSignal) =>
    api<T>('GET', path, {query, signal});
export const post = <T = any>(path: string, body?: unknown) => api<T>('POST', path, {body});
export const put = <T = any>(path: string, body: unknown) => api<T>('PUT', path, {body});
export const patch = <T = any>(path: string, body: unknown) => api<T>('PATCH', path, {body});
export const remove = <T = any>(path: string, body?: unknown) => api<T>('DELETE', path, {body});

// ------------------------------------------------------------------ for pages

export interface Loaded<T> {
  data?: T;
  error?: ApiError;
  loading: boolean;
  reload(): void;
  set(data: T): void;  // what is known better than by asking again
}

export const asApiError = (e: unknown) => (e instanceof ApiError ? e : new ApiError(0, 'internal', String(e)));

// What a path answers; path null: nothing is asked for. Asked again when path or query change.
export function useApi<T = any>(path: string | null, query: Query = {}): Loaded<T> {
  const [state, setState] = useState<{data?: T; error?: ApiError; loading: boolean; of?: string}>({loading: true});
  const [turn, setTurn] = useState(0);
  const key = JSON.stringify([path, query]);
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    setState((s) => ({...(s.of === key && s), loading: true, of: key}));
    get<T>(path, query, stop.signal)
        .then((data) => setState({data, loading: false, of: key}))
        .catch((e) => stop.signal.aborted ||
                      setState((s) => ({...s, error: asApiError(e), loading: false})));
    return () => stop.abort();
  }, [key, turn]);
  return {
    data: state.of === key ? state.data : undefined,
    error: state.of === key ? state.error : undefined,
    loading: state.loading || state.of !== key,
    reload: () => setTurn((n) => n + 1),
    set: (data) => setState({data, loading: false, of: key}),
  };
}

export interface Pages<T> {
  items: T[];
  error?: ApiError;
  loading: boolean;
  more: boolean;
  next(): void;
  reload(): void;
}

/*
 * A list of the API, page by page. name: the member that has the items. What is asked for anew
 * begins with the first page; the same, loaded again, stays until it has come.
 */
export function useList<T = any>(path: string, name: string, query: Query = {}): Pages<T> {
  const key = JSON.stringify([path, query]);
  const [state, setState] = useState<{items: T[]; cursor?: string; error?: ApiError; loading: boolean}>(
      {items: [], loading: true});
  const [turn, setTurn] = useState(0);
  const stop = useRef<AbortController | undefined>(undefined);
  const load = (before: T[], cursor?: string) => {
    stop.current?.abort();
    const now = stop.current = new AbortController();
    setState((s) => ({...s, loading: true, error: undefined}));
    get(path, {...query, cursor}, now.signal)
        .then((page) => setState({
          items: [...before, ...page[name]],
          cursor: page.next_cursor ?? undefined,
          loading: false,
        }))
        .catch((e) => now.signal.aborted || setState((s) => ({...s, error: asApiError(e), loading: false})));
  };
  const of = useRef(key);
  useEffect(() => {
    if (of.current !== key) setState({items: [], loading: true});
    of.current = key;
    load([]);
    return () => stop.current?.abort();
  }, [key, turn]);
  return {
    items: state.items,
    error: state.error,
    loading: state.loading,
    more: state.cursor !== undefined,
    next: () => load(state.items, state.cursor),
    reload: () => setTurn((n) => n + 1),
  };
}
