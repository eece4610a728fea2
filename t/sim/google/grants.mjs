// Who may do what: refresh tokens last until they are revoked, access tokens an hour.
import {random} from './resource.mjs';

const HOUR = 3599;
const CALENDAR = 'https://www.googleapis.com/auth/calendar';

export class Grants {
  constructor(accounts) {
    this.accounts = accounts;
    this.reset();
  }

  reset() {
    this.seconds = HOUR;
    this.access = new Map();
    this.refresh = new Map();
    for (const [account, {refresh_token}] of Object.entries(this.accounts)) {
      if (refresh_token) this.refresh.set(refresh_token, {account, scopes: [CALENDAR]});
    }
  }

  knows = (account) => account in this.accounts;

  // {access_token, expires_in, …} for {account, scopes, service}, and a refresh token if asked.
  issue(grant, withRefresh) {
    const access_token = `ya29.${random(40)}`;
    this.access.set(access_token, {...grant, until: Date.now() + this.seconds * 1000});
    const refresh_token = withRefresh ? `1//0${random(32)}` : undefined;
    if (refresh_token) this.refresh.set(refresh_token, grant);
    return {
      access_token,
      expires_in: this.seconds,
      scope: grant.scopes.join(' '),
      token_type: 'Bearer',
      ...(refresh_token && {refresh_token}),
    };
  }

  // The grant of a living access token.
  of(token) {
    const grant = this.access.get(token);
    return grant && grant.until > Date.now() ? grant : undefined;
  }

  refreshed(token) {
    const grant = this.refresh.get(token);
    return grant && this.issue(grant, false);
  }

  hasConsent = (account) => [...this.refresh.values()].some((g) => g.account === account);

  allows = (grant, scopes) => grant.scopes.some((s) => scopes.includes(s));

  // All tokens of an account; false when there was none.
  withdraw(account) {
    const before = this.access.size + this.refresh.size;
    for (const tokens of [this.access, this.refresh]) {
      for (const [token, grant] of tokens)
        if (grant.account === account) tokens.delete(token);
    }
    return this.access.size + this.refresh.size < before;
  }

  accountOf = (token) => (this.access.get(token) ?? this.refresh.get(token))?.account;
}
