// Who is asking: the demo owners, logged in; and one-time tickets for streams.
import {ask} from './http.mjs';

export const DOWNTOWN = {
  email: 'owner@downtown.example',
  password: 'demo-password',
  number: '+14165550001'
};
export const UPTOWN = {
  email: 'owner@uptown.example',
  password: 'demo-password',
  number: '+14165550002'
};
export const JOHN = '+14165559876';   // known to Downtown
export const SARAH = '+14165559877';  // known to Uptown

// The answer of the login: {token, expires_in, user}.
export async function login({email, password}) {
  const answer = await ask('POST', '/api/auth/login', {body: {email, password}});
  if (!answer?.token)
    throw new Error(`the login of ${email} gave no token: ${JSON.stringify(answer)}`);
  return answer;
}

// Opens one stream, for 30 seconds.
export async function ticket(token) {
  const answer = await ask('POST', '/api/auth/ticket', {token});
  if (!answer?.ticket) throw new Error(`no ticket: ${JSON.stringify(answer)}`);
  return answer.ticket;
}
