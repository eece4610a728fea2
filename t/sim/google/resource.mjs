// What Google's endpoints share: errors, ids, versions of what they hold.
import {createHash, randomBytes} from 'node:crypto';

import {json} from '../lib/server.mjs';

// Google's error body: the reason tells errors of one status apart.
export const refuse = (status, reason, message, where = {}) => json(status, {
  error: {
    errors: [{domain: DOMAINS[reason] ?? 'global', reason, message, ...where}],
    code: status,
    message,
  }
});

const DOMAINS = {
  deleted: 'calendar',
  fullSyncRequired: 'calendar',
  channelIdNotUnique: 'push',
  webhookUrlNotHttps: 'push',
};

export const notFound = () => refuse(404, 'notFound', 'Not Found');

export const random = (bytes) => randomBytes(bytes).toString('base64url');
export const digest = (text) => createHash('sha256').update(text).digest('base64url');

export const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);

// Tokens a client hands back without looking into them.
export const sealed = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
export function unsealed(token) {
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

// Members of a patch replace, objects are merged, null takes away, lists are replaced whole.
export function patched(old, patch) {
  if (!isObject(patch)) return patch;
  const out = isObject(old) ? {...old} : {};
  for (const [k, v] of Object.entries(patch)) {
    if (v === null)
      delete out[k];
    else
      out[k] = patched(out[k], v);
  }
  return out;
}
