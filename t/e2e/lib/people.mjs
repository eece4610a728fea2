// People of a shop who take talks over.
import {call} from './http.mjs';

export const takeOver = (token, target, action, body) =>
    call('POST', `/api/takeover/${target}/${action}`, {token, body: body ?? {}, totalMs: 30000});
