// One request of the documented API, and what it was answered.
export class ApiError extends Error {
  constructor(
      readonly status: number,  // 0: no answer
      readonly code: string,
      message: string,
      readonly retryAfter = 0,  // s
      readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | boolean | undefined | null>;

export interface Options {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  keepalive?: boolean;  // goes on when the page is left
}

export function urlOf(path: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, v]) => v !== undefined && v !== null && v !== '');
  const args = new URLSearchParams(given.map(([k, v]) => [k, String(v)]));
  return given.length ? `${path}?${args}` : path;
}

export async function send(method: string, path: string, o: Options): Promise<Response> {
  const raw = o.body instanceof Blob || o.body instanceof FormData;
  try {
    return await fetch(urlOf(path, o.query), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: o.signal,
      keepalive: o.keepalive,
      body: o.body === undefined ? undefined : raw ? (o.body as BodyInit) : JSON.stringify(o.body),
      headers: {
        accept: 'application/json',
        ...(o.body !== undefined && !raw && {'content-type': 'application/json'}),
        ...o.headers,
      },
    });
  } catch (e) {
    if ((e as Error).name === 'AbortError') throw e;
    throw new ApiError(0, 'network', '');
  }
}

export async function readAnswer<T>(res: Response): Promise<T> {
  let json: any;
  try {
    json = await res.json();
  } catch (e) {
    if ((e as Error).name === 'AbortError') throw e;
    json = undefined;
  }
  if (res.ok) return json as T;
  const error = json?.error ?? {};
  throw new ApiError(res.status, error.code ?? 'internal', error.message ?? '',
                     Number(res.headers.get('retry-after')) || 0, json ?? {});
}
