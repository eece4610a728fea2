// ElevenLabs as its official SDK sees it: a client for any base address, and the
// platform's webhook signature.
import {ElevenLabsClient} from '@elevenlabs/elevenlabs-js';
import {createHmac} from 'node:crypto';

export function elevenlabsClient({apiKey, baseUrl}) {
  return new ElevenLabsClient({apiKey, baseUrl, maxRetries: 0});
}

// The header of a webhook with that body (text, as it is sent). The SDK only verifies;
// verifiesAsElevenLabs() holds this function to it.
export function elevenlabsSignature({secret, body, timestamp = Math.floor(Date.now() / 1000)}) {
  const v0 = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return {'elevenlabs-signature': `t=${timestamp},v0=${v0}`};
}

// The event, when the SDK accepts the signature; it throws otherwise.
export function verifiesAsElevenLabs({secret, body, header}) {
  return new ElevenLabsClient({apiKey: 'unused'}).webhooks.constructEvent(body, header, secret);
}
