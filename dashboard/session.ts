/*
 * Who is signed in. The tokens are in cookies that no script can read (docs/decisions.md); what is
 * kept here is what the pages show, and when the cookie runs out. All tabs share both.
 */
import {ApiError, readAnswer, send} from './http.ts';
import {store} from './store.ts';

export type Role = 'super_admin' | 'admin' | 'manager' | 'staff' | 'service_tech';

export interface User {
  id: string;
  email: string;
  first_name: string | null;
  last_name: string | null;
  role: Role;
  organization_id: string;
  organization_name: string;
  organization_timezone: string;
}

interface Kept {
  user: User;
  until: number;  // ms; the access cookie's end
}

const KEY = 'va.session';
const EARLY_MS = 60_000;  // before its end a cookie is no good for a request that takes long

function read(): Kept | null {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? 'null') as Kept | null;
  } catch {
    return null;
  }
}

// Undefined until a session of before is known to last or not.
export const user = store<User | null>(read()?.user ?? null);

addEventListener('storage', (e) => {
  if (e.key === KEY) user.set(read()?.user ?? null);
});

export function forget() {
  localStorage.removeItem(KEY);
  user.set(null);
}

// answer: a login's, a refresh's or a sign-up's.
export function keep(answer: {expires_in: number; user: User}) {
  const kept: Kept = {user: answer.user, until: Date.now() + answer.expires_in * 1000};
  localStorage.setItem(KEY, JSON.stringify(kept));
  user.set(kept.user);
}

export async function signIn(email: string, password: string) {
  keep(await readAnswer(await send('POST', '/api/auth/login', {body: {email, password}})));
}

export async function signOut() {
  await navigator.locks.request('va.refresh', async () => {  // a refresh under way would sign in again
    const res = await send('POST', '/api/auth/logout', {});
    if (res.status !== 401) await readAnswer(res);
    forget();
  });
}

/*
 * A refresh token counts once, and a second use ends the session: one tab at a time asks, and who
 * waited finds it done. Where the server cannot be reached the session may well last: that throws.
 */
async function refresh(unlessSince: number): Promise<boolean> {
  return navigator.locks.request('va.refresh', async () => {
    const kept = read();
    if (!kept) return false;
    if (kept.until !== unlessSince) return true;
    try {
      keep(await readAnswer(await send('POST', '/api/auth/refresh', {keepalive: true})));
      return true;
    } catch (e) {
      if (!(e instanceof ApiError) || e.status !== 401) throw e;
      forget();
      return false;
    }
  });
}

// Whether a request may be sent now. after401: the server has refused what seemed to last.
export async function fresh(after401 = false): Promise<boolean> {
  const kept = read();
  if (!kept) return false;
  if (!after401 && kept.until - Date.now() > EARLY_MS) return true;
  return refresh(kept.until);
}

const RANK: Role[] = ['service_tech', 'staff', 'manager', 'admin', 'super_admin'];

// Whether this person has at least that role.
export const may = (who: User | null, role: Role) =>
    who !== null && RANK.indexOf(who.role) >= RANK.indexOf(role);
