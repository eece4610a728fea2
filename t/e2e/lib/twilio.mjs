// Twilio as its official SDK sees it: a client for any base address, and signatures.
import twilio from 'twilio';
import webhooks from 'twilio/lib/webhooks/webhooks.js';

// The SDK knows its host by heart; only that part of the address is replaced.
class RedirectedClient extends twilio.RequestClient {
  #base;

  constructor(base) {
    super();
    this.#base = base.replace(/\/$/, '');
  }

  request(options) {
    return super.request(
        {...options, uri: options.uri.replace('https://api.twilio.com', this.#base)});
  }
}

export function twilioClient({accountSid, authToken, baseUrl}) {
  return twilio(accountSid, authToken, {httpClient: new RedirectedClient(baseUrl)});
}

// Headers and body of a signed form request, as Twilio sends it to url.
export function signedForm({url, params, authToken}) {
  return {
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'x-twilio-signature':
          webhooks.getExpectedTwilioSignature(authToken, url.replace(/#.*$/, ''), params),
    },
    body: new URLSearchParams(
              Object.entries(params).flatMap(([k, v]) => [v].flat().map((x) => [k, x])))
              .toString(),
  };
}

// The SDK's own verdict on a received request.
export function verifiesAsTwilio({authToken, signature, url, params}) {
  return twilio.validateRequest(authToken, signature, url, params);
}
