// How the service refuses; as text, since the description lets such an answer pass twice over.
import {randomUUID} from 'node:crypto';

export const refuse = (status, err_code, err_msg) => ({
  status,
  headers: {'content-type': 'application/json'},
  body: JSON.stringify({err_code, err_msg, request_id: randomUUID()}),
});
