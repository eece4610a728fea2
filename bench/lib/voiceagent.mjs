// Our candidate: nginx with the module, its keys, its Redis.
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginx } from './nginx.mjs';
import { ACCOUNT, TOKEN } from './twilio.mjs';

export const TOOLS_SECRET = 'bench-tools-secret-0123456789';
const JWT_SECRET = 'bench-secret-bench-secret-bench-secret';

/** A staff member's token for an organization. */
export function token(organization) {
  const b64 = (text) => Buffer.from(text).toString('base64url');
  const text = `${b64('{"alg":"HS256"}')}.${b64(JSON.stringify({ organizationId: organization, userId: 'u',
    role: 'staff', exp: Math.floor(Date.now() / 1000) + 3600 }))}`;
  return `${text}.${createHmac('sha256', JWT_SECRET).update(text).digest('base64url')}`;
}

export function voiceagent(context, { name, store, port }) {
  const { dir, root, modules } = context;
  writeFileSync(join(dir, 'twilio.key'), `${ACCOUNT} ${TOKEN}\n`);
  writeFileSync(join(dir, 'tools.key'), `${TOOLS_SECRET}\n`);
  writeFileSync(join(dir, 'jwt.key'), `${JWT_SECRET}\n`);
  return nginx({ dir, name, modules: [modules.voiceagent], conf: join(root, 'bench/peers/voiceagent.conf'),
    values: { REDIS: store.socket }, port });
}
