// OAuth 2: the authorization request, the token endpoint, revocation, service accounts.
import {createPublicKey, verify} from 'node:crypto';

import {json} from '../lib/server.mjs';

import {digest, random, unsealed} from './resource.mjs';

const CODE_LIFE = 10 * 60000;
const REAL_TOKEN_URL = 'https://oauth2.googleapis.com/token';
const SKEW = 300;  // seconds a service account's clock may be off

const deny = (status, error, error_description) =>
    json(status, {error, error_description}, {'cache-control': 'no-store'});
const page = (status, code, detail) => ({
  status,
  body: `<!doctype html><title>Error ${status}: ${code}</title><p>${detail}</p>`,
  headers: {'content-type': 'text/html; charset=utf-8'},
});

export class OAuth {
  constructor({grants, clientId, clientSecret, redirects}) {
    Object.assign(this, {grants, clientId, clientSecret, redirects});
    this.reset();
  }

  reset() {
    this.codes = new Map();
    this.services = new Map();
    this.next = {};
  }

  // GET /o/oauth2/v2/auth. What the owner must not be sent back for is a page.
  authorize(req) {
    const q = Object.fromEntries(req.query);
    if (q.client_id !== this.clientId)
      return page(401, 'invalid_client', 'The OAuth client was not found.');
    if (!this.#registered(q.redirect_uri))
      return page(400, 'redirect_uri_mismatch', 'The redirect URI is not registered.');
    const missing = ['response_type', 'scope'].find((name) => !q[name]);
    if (missing) return page(400, 'invalid_request', `Required parameter is missing: ${missing}`);
    if (q.response_type !== 'code')
      return page(400, 'unsupported_response_type', `Invalid response_type: ${q.response_type}`);
    const {deny: denied, account = q.login_hint, scopes = q.scope.split(' ')} = this.next;
    this.next = {};
    const back = new URL(q.redirect_uri);
    if (q.state !== undefined) back.searchParams.set('state', q.state);
    if (denied) {
      back.searchParams.set('error', 'access_denied');
    } else {
      back.searchParams.set('code', this.#code(q, account, scopes));
      back.searchParams.set('scope', scopes.join(' '));
    }
    return {status: 302, body: '', headers: {location: back.href}};
  }

  #registered(redirect) {
    return this.redirects.some((r) => redirect === r || redirect?.startsWith(`${r}/`));
  }

  // A refresh token comes with the first consent, and with each that was asked for anew.
  #code(q, wanted, scopes) {
    const account = this.grants.knows(wanted) ? wanted : Object.keys(this.grants.accounts)[0];
    const offline = q.access_type === 'offline' &&
        (/\bconsent\b/.test(q.prompt ?? '') || !this.grants.hasConsent(account));
    const code = `4/0${random(32)}`;
    this.codes.set(code, {
      grant: {account, scopes},
      offline,
      redirect: q.redirect_uri,
      challenge: q.code_challenge,
      method: q.code_challenge_method ?? 'plain',
      until: Date.now() + CODE_LIFE,
    });
    return code;
  }

  // POST /token
  token(req) {
    if (req.kind !== 'form') return deny(400, 'invalid_request', 'Bad Request');
    const form = req.body;
    if (form.grant_type === 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      return this.#byAssertion(form.assertion, `http://${req.headers.host}/token`);
    const stranger = this.#stranger(form, req.headers.authorization);
    if (stranger) return stranger;
    if (form.grant_type === 'authorization_code') return this.#byCode(form);
    if (form.grant_type === 'refresh_token') return this.#byRefresh(form.refresh_token);
    return deny(400, 'unsupported_grant_type', `Invalid grant_type: ${form.grant_type ?? ''}`);
  }

  #stranger(form, authorization) {
    const basic = /^Basic (.+)$/.exec(authorization ?? '')?.[1];
    const [id, secret] = basic ? Buffer.from(basic, 'base64').toString().split(':') :
                                 [form.client_id, form.client_secret];
    if (id !== this.clientId) return deny(401, 'invalid_client', 'The OAuth client was not found.');
    return secret === this.clientSecret ? undefined : deny(401, 'invalid_client', 'Unauthorized');
  }

  #byCode({code, redirect_uri, code_verifier}) {
    const given = this.codes.get(code);
    this.codes.delete(code);  // good once, also when what follows is refused
    if (!given || given.until < Date.now())
      return deny(400, 'invalid_grant', given ? 'Bad Request' : 'Malformed auth code.');
    if (given.redirect !== redirect_uri) return deny(400, 'redirect_uri_mismatch', 'Bad Request');
    if (!proves(given, code_verifier)) return deny(400, 'invalid_grant', 'Invalid code verifier.');
    return json(200, this.grants.issue(given.grant, given.offline), {'cache-control': 'no-store'});
  }

  #byRefresh(token) {
    const issued = this.grants.refreshed(token);
    return issued ? json(200, issued, {'cache-control': 'no-store'}) :
                    deny(400, 'invalid_grant', 'Token has been expired or revoked.');
  }

  // A service account's signed claim, for itself or, with delegation, for `sub`.
  #byAssertion(assertion, ownUrl) {
    const [head, body, signature] = (assertion ?? '').split('.');
    const claims = unsealed(body ?? '');
    const service = this.services.get(claims?.iss);
    if (!service) return deny(400, 'invalid_grant', 'Invalid grant: account not found');
    const good = unsealed(head)?.alg === 'RS256' &&
        verify('RSA-SHA256', `${head}.${body}`, service.key,
               Buffer.from(signature ?? '', 'base64url'));
    if (!good) return deny(400, 'invalid_grant', 'Invalid JWT Signature.');
    const now = Date.now() / 1000;
    const {iat, exp, aud, sub, scope} = claims;
    if (!(exp > now - SKEW && iat < now + SKEW && exp - iat <= 3600)) {
      return deny(
          400, 'invalid_grant',
          'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.');
    }
    if (aud !== REAL_TOKEN_URL && aud !== ownUrl)
      return deny(400, 'invalid_grant', 'Invalid JWT: Failed audience check.');
    if (!scope)
      return deny(400, 'invalid_scope', 'Invalid OAuth scope or ID token audience provided.');
    if (sub && !(service.delegated && this.grants.knows(sub))) {
      return deny(
          401, 'unauthorized_client',
          'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.');
    }
    const grant = {account: sub ?? claims.iss, scopes: scope.split(' '), service: !sub};
    return json(200, this.grants.issue(grant, false));
  }

  // POST /revoke: any of an account's tokens takes all of them along.
  revoke(req) {
    const token = req.body?.token ?? req.query.get('token');
    const account = this.grants.accountOf(token);
    if (!account) return deny(400, 'invalid_token', 'Token expired or revoked');
    this.grants.withdraw(account);
    return json(200, {});
  }

  // POST /_sim/grant
  grant(req) {
    const {account, scopes = ['https://www.googleapis.com/auth/calendar']} = req.body ?? {};
    if (!this.grants.knows(account)) return json(400, {error: `there is no account ${account}`});
    return json(200, this.grants.issue({account, scopes}, true));
  }

  // POST /_sim/consent
  consent(req) {
    const {account} = req.body ?? {};
    if (account && !this.grants.knows(account))
      return json(400, {error: `there is no account ${account}`});
    this.next = req.body ?? {};
    return json(200, this.next);
  }

  // POST /_sim/revoke
  withdraw(req) {
    return this.grants.withdraw(req.body?.account) ?
        json(200, {}) :
        json(400, {error: `${req.body?.account} has given no consent`});
  }

  // POST /_sim/service-account
  serviceAccount(req) {
    const {email, public_key, delegated = false} = req.body ?? {};
    try {
      this.services.set(email, {key: createPublicKey(public_key), delegated});
      return json(200, {email, delegated});
    } catch (e) {
      return json(400, {error: e.message});
    }
  }
}

function proves({challenge, method}, verifier = '') {
  if (challenge === undefined) return true;
  return challenge === (method === 'S256' ? digest(verifier) : verifier);
}
