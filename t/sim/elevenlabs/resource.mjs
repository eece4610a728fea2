// What ElevenLabs' resources share: ids, errors, lists by cursor, merging of patches.
import {randomBytes} from 'node:crypto';

import {json} from '../lib/server.mjs';

export const newId = (prefix) => `${prefix}_${randomBytes(13).toString('hex')}`;
export const unixNow = () => Math.floor(Date.now() / 1000);

// Most errors are {"detail":{"status","message"}}; a body of the wrong shape is a list.
export const refuse = (status, code, message) => json(status, {detail: {status: code, message}});
export const malformed = (problems) => json(422, {
  detail: problems.map((p) => ({loc: ['body', ...p.path], msg: p.message, type: 'value_error'}))
});

// 422 unless every path names a member of the body that passes its test.
export function check(body, rules) {
  const problems = [];
  for (const [path, test, message] of rules) {
    const value = path.split('.').reduce((at, k) => at?.[k], body);
    if (!test(value)) problems.push({path: path.split('.'), message});
  }
  return problems.length > 0 ? malformed(problems) : undefined;
}
export const isText = (v) => typeof v === 'string' && v !== '';
export const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
export const isE164 = (v) => /^\+[1-9]\d{1,14}$/.test(v ?? '');

export const ACCESS = {
  is_creator: true,
  creator_name: 'Owner',
  creator_email: 'owner@example.com',
  role: 'admin'
};

// Things by id, oldest first; `what` names them in errors.
export class Collection {
  #items = new Map();

  constructor(prefix, what) {
    this.prefix = prefix;
    this.what = what;
  }

  clear() {
    this.#items.clear();
  }

  add(item, id = newId(this.prefix)) {
    this.#items.set(id, item);
    return id;
  }

  get(id) {
    return this.#items.get(id);
  }

  remove(id) {
    return this.#items.delete(id);
  }

  entries() {
    return [...this.#items];
  }

  missing(id) {
    return refuse(404, `${this.what}_not_found`, `No ${this.what} of id ${id} was found`);
  }

  // answer(item, id) for the item the path names, 404 without it.
  with(req, answer) {
    const item = this.#items.get(req.params.id);
    return item === undefined ? this.missing(req.params.id) : answer(item, req.params.id);
  }
}

// One page of entries [id, item], shown by show(item, id); the cursor is the last id before it.
export function page(req, key, entries, show) {
  const size = Math.min(Math.max(Number(req.query.get('page_size') ?? 30) || 30, 1), 100);
  const cursor = req.query.get('cursor');
  const start = cursor ? entries.findIndex(([id]) => id === cursor) + 1 : 0;
  const shown = entries.slice(start, start + size);
  const more = start + size < entries.length;
  return json(200, {
    [key]: shown.map(([id, item]) => show(item, id)),
    next_cursor: more ? shown.at(-1)[0] : null,
    has_more: more,
  });
}

// A patch's objects are merged, everything else replaces what was there.
export function merged(old, patch) {
  if (!isObject(old) || !isObject(patch)) return patch;
  const out = {...old};
  for (const [k, v] of Object.entries(patch)) out[k] = k in old ? merged(old[k], v) : v;
  return out;
}
