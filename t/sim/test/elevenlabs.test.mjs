import assert from 'node:assert/strict';
import {test} from 'node:test';

import {elevenlabsClient, elevenlabsSignature, verifiesAsElevenLabs} from '../../e2e/lib/elevenlabs.mjs';
import {twilioClient} from '../../e2e/lib/twilio.mjs';
import {elevenlabs} from '../elevenlabs.mjs';
import {request} from '../lib/client.mjs';
import {twilio} from '../twilio.mjs';

import {application, control, start, until} from './support.mjs';

const apiKey = 'sk_0123456789abcdef';
const secret = 'wsec_4f1c0a5be2d94a7c8b3e6d17a9f05c21';
const OURS = '+14165550001';
const THEIRS = '+14165559876';

async function setUp(answer, options = {}) {
  const app = await application(answer);
  const seed = ({agent, secrets, webhook, numbers}) => {
    const secret_id = secrets.add({name: 'tools', value: 'Bearer s3cret'});
    const hook = webhook.add({name: 'post-call', url: `${app.url}/post-call`, secret});
    agent.add(
        {
          name: 'Seeded',
          conversation_config: {
            agent: {
              first_message: '{{store_greeting}} {{customer_name}}',
              prompt: {prompt: '{{system__time_utc}} {{shop}}'},
              dynamic_variables: {dynamic_variable_placeholders: {shop: 'Demo'}}
            }
          },
          platform_settings: {
            overrides: {
              enable_conversation_initiation_client_data_from_webhook: true,
              conversation_config_override: {agent: {language: true}}
            },
            workspace_overrides: {
              conversation_initiation_client_data_webhook: {
                url: `${app.url}/initiation`,
                request_headers: {Authorization: {secret_id}, 'X-Plain': 'v'}
              },
              webhooks: {post_call_webhook_id: hook, events: ['transcript']},
            },
          },
        },
        'agent_seeded');
    numbers.add({phone_number: OURS, label: 'Shop', agent_id: 'agent_seeded'}, 'phnum_seeded');
  };
  const sim =
      elevenlabs({apiKey, publicUrl: app.url, socketUrl: 'ws://127.0.0.1:1', seed, ...options});
  const base = await start(sim);
  return {app, sim, base, ctl: control(base), client: elevenlabsClient({apiKey, baseUrl: base})};
}

// Body and status of what the service refuses, as the SDK tells it.
async function refused(status, promise) {
  let error;
  await assert.rejects(promise, (e) => {
    error = e;
    return true;
  });
  assert.equal(error.statusCode, status, error.message);
  return error.body?.detail;
}

test('without the right key nothing is answered', async () => {
  const {base} = await setUp();
  const wrong = elevenlabsClient({apiKey: 'sk_wrong', baseUrl: base});
  assert.equal(
      (await refused(401, wrong.conversationalAi.agents.list())).status, 'invalid_api_key');
  const none = await request(`${base}/v1/convai/agents`);
  assert.equal(JSON.parse(none.body).detail.status, 'needs_authorization');
  const bearer =
      await request(`${base}/v1/convai/agents`, {headers: {authorization: `Bearer ${apiKey}`}});
  assert.equal(bearer.status, 401);
});

// Every member the product's provisioning may send.
const FULL_AGENT = (ids) => ({
  name: 'Bike shop FR',
  tags: ['tenant:t1'],
  conversationConfig: {
    agent: {
      firstMessage: 'Bonjour {{shop}}',
      language: 'fr',
      disableFirstMessageInterruptions: false,
      dynamicVariables: {dynamicVariablePlaceholders: {shop: 'Demo'}},
      prompt: {
        prompt: 'You are …',
        llm: 'gpt-4.1-mini',
        temperature: 0.2,
        maxTokens: -1,
        toolIds: [ids.tool],
        builtInTools: {endCall: {name: 'end_call', params: {systemToolType: 'end_call'}}},
        knowledgeBase: [{type: 'text', name: 'FAQ', id: ids.document, usageMode: 'auto'}],
        rag: {
          enabled: true,
          embeddingModel: 'multilingual_e5_large_instruct',
          maxVectorDistance: 0.6,
          maxDocumentsLength: 50000
        },
      },
    },
    asr: {
      quality: 'high',
      provider: 'scribe_realtime',
      userInputAudioFormat: 'ulaw_8000',
      keywords: ['Cervelo']
    },
    tts: {
      modelId: 'eleven_flash_v2_5',
      voiceId: 'voice',
      agentOutputAudioFormat: 'ulaw_8000',
      stability: 0.5,
      similarityBoost: 0.8,
      speed: 1
    },
    turn: {turnTimeout: 7, silenceEndCallTimeout: 30},
    conversation: {
      textOnly: false,
      maxDurationSeconds: 600,
      clientEvents: ['audio', 'interruption', 'user_transcript', 'agent_response']
    },
  },
  platformSettings: {
    auth: {enableAuth: true, allowlist: [{hostname: 'app.example.com'}]},
    overrides: {
      enableConversationInitiationClientDataFromWebhook: true,
      conversationConfigOverride: {
        agent: {firstMessage: true, language: true, prompt: {prompt: true}},
        tts: {voiceId: true}
      }
    },
    workspaceOverrides: {
      conversationInitiationClientDataWebhook:
          {url: 'https://h/el/init', requestHeaders: {'X-Auth': {secretId: ids.secret}}},
      webhooks: {postCallWebhookId: ids.webhook, events: ['transcript', 'call_initiation_failure']},
    },
    evaluation: {
      criteria: [{
        id: 'booked',
        name: 'Booked',
        type: 'prompt',
        conversationGoalPrompt: '…',
        useKnowledgeBase: false
      }]
    },
    dataCollection: {customer_name: {type: 'string', description: '…'}},
    privacy: {recordVoice: true, retentionDays: -1, zeroRetentionMode: false},
    callLimits: {agentConcurrencyLimit: -1, dailyLimit: 100000, burstingEnabled: true},
  },
});

const WEBHOOK_TOOL = (secretId) => ({
  toolConfig: {
    type: 'webhook',
    name: 'book_slot',
    description: 'Books a slot',
    responseTimeoutSecs: 20,
    apiSchema: {
      url: 'https://h/tool/book',
      method: 'POST',
      requestBodySchema: {
        type: 'object',
        required: ['start'],
        properties: {
          start: {type: 'string', description: 'ISO time'},
          caller: {type: 'string', dynamicVariable: 'system__caller_id'}
        }
      },
      requestHeaders: {
        Authorization: {secretId},
        'X-Conv': {variableName: 'system__conversation_id'},
        'X-Plain': 'v'
      },
    },
  }
});

test(
    'an agent with everything it refers to is made, read, patched, listed and removed',
    async () => {
      const {client, ctl} = await setUp();
      const ai = client.conversationalAi;
      const {secretId} = await ai.secrets.create({name: 'tools', value: 'Bearer x'});
      const tool = await ai.tools.create(WEBHOOK_TOOL(secretId));
      assert.equal(tool.toolConfig.apiSchema.requestHeaders['X-Plain'], 'v');
      const {id: document} =
          await ai.knowledgeBase.documents.createFromText({text: 'We fix bikes.', name: 'FAQ'});
      const {webhookId, webhookSecret} = await client.webhooks.create(
          {settings: {authType: 'hmac', name: 'x', webhookUrl: 'https://h/post-call'}});
      assert.match(webhookSecret, /^wsec_/);
      const {agentId} = await ai.agents.create(
          FULL_AGENT({tool: tool.id, document, secret: secretId, webhook: webhookId}));
      const agent = await ai.agents.get(agentId);
      assert.equal(agent.conversationConfig.agent.firstMessage, 'Bonjour {{shop}}');
      assert.equal(agent.platformSettings.workspaceOverrides.webhooks.postCallWebhookId, webhookId);
      const patched = await ai.agents.update(
          agentId, {name: 'New name', conversationConfig: {agent: {language: 'en'}}});
      assert.equal(patched.name, 'New name');
      assert.equal(patched.conversationConfig.agent.language, 'en');
      assert.equal(
          patched.conversationConfig.agent.firstMessage, 'Bonjour {{shop}}',
          'a patch leaves the rest');
      assert.deepEqual(
          (await ai.agents.list({search: 'new'})).agents.map((a) => a.agentId), [agentId]);
      assert.equal(
          (await refused(400, ai.knowledgeBase.documents.delete(document))).status,
          'document_in_use');
      await ai.agents.delete(agentId);
      await refused(404, ai.agents.get(agentId));
      await ai.knowledgeBase.documents.delete(document);
      await refused(404, ai.knowledgeBase.documents.get(document));
      await ai.tools.delete(tool.id);
      await ai.secrets.delete(secretId);
      const marked = (await ctl.requests()).filter((r) => r.problems.length > 0);
      assert.deepEqual(
          marked.map((r) => [r.path, r.problems]), [], 'the SDK keeps to the description');
    });

test('what is malformed, or refers to nothing, is refused', async () => {
  const {base, client} = await setUp();
  const ai = client.conversationalAi;
  const raw = (method, path, body) => request(base + path, {
    method,
    body: JSON.stringify(body),
    headers: {'xi-api-key': apiKey, 'content-type': 'application/json'}
  });
  const missing = await raw('POST', '/v1/convai/agents/create', {name: 'x'});
  assert.equal(missing.status, 422);
  assert.ok(Array.isArray(JSON.parse(missing.body).detail));
  const form = await request(`${base}/v1/convai/agents/create`, {
    method: 'POST',
    body: 'name=x',
    headers: {'xi-api-key': apiKey, 'content-type': 'application/x-www-form-urlencoded'}
  });
  assert.equal(form.status, 422);
  assert.equal(
      (await raw('POST', '/v1/convai/tools', {
        tool_config:
            {type: 'webhook', name: 'a b', description: 'x', api_schema: {url: 'https://h/'}}
      })).status,
      422);
  await refused(
      404, ai.agents.create({conversationConfig: {agent: {prompt: {toolIds: ['tool_none']}}}}));
  await refused(404, ai.agents.update('agent_none', {}));
  assert.equal(
      (await raw('POST', '/v1/convai/agents', {})).status, 405, 'the old path of creation');
  assert.equal((await raw('POST', '/v1/convai/phone-numbers/create', {})).status, 405);
  assert.equal((await raw('POST', '/v1/convai/conversations/phone', {})).status, 405);
});

test('a number is imported, assigned, listed and released', async () => {
  const {client} = await setUp();
  const phone = client.conversationalAi.phoneNumbers;
  const body = {
    provider: 'twilio',
    phoneNumber: '+15145550199',
    label: 'Shop',
    sid: `AC${'0'.repeat(32)}`,
    token: 't',
    enableSms: false
  };
  const {phoneNumberId} = await phone.create(body);
  await refused(400, phone.create(body));
  await refused(422, phone.create({...body, phoneNumber: '5145550100'}));
  const number = await phone.update(phoneNumberId, {agentId: 'agent_seeded'});
  assert.deepEqual(number.assignedAgent, {agentId: 'agent_seeded', agentName: 'Seeded'});
  await refused(404, phone.update(phoneNumberId, {agentId: 'agent_none'}));
  assert.equal((await phone.list()).length, 2);
  await phone.delete(phoneNumberId);
  await refused(404, phone.get(phoneNumberId));
});

test('an import takes the number over at Twilio, its SMS too unless that is refused', async () => {
  const account = `AC${'0123456789abcdef'.repeat(2)}`;
  const token = 'a'.repeat(32);
  const SmsUrl = 'https://shop.example/sms';
  const seeds = ['+14165550001', '+14165550002'].map(
      (PhoneNumber) => ({PhoneNumber, SmsUrl, VoiceUrl: 'https://shop.example/voice'}));
  const twilioBase = await start(twilio({account, token, numbers: seeds}));
  const {client} = await setUp(undefined, {twilioBaseUrl: twilioBase, seed: () => {}});
  const phone = client.conversationalAi.phoneNumbers;
  const at = twilioClient({accountSid: account, authToken: token, baseUrl: twilioBase});
  const create = (fields) => phone.create({
    provider: 'twilio',
    phoneNumber: '+14165550001',
    label: 'x',
    sid: account,
    token,
    ...fields
  });
  assert.equal(
      (await refused(400, create({token: 'b'.repeat(32)}))).status, 'invalid_twilio_credentials');
  assert.equal(
      (await refused(400, create({phoneNumber: '+14165550009'}))).status,
      'twilio_number_not_found');
  await create({enableSms: false});
  await create({phoneNumber: '+14165550002'});
  const [first, second] = await at.incomingPhoneNumbers.list();
  assert.equal(first.smsUrl, SmsUrl);
  assert.match(first.voiceUrl, /elevenlabs\.io/);
  assert.match(second.smsUrl, /elevenlabs\.io/);
});

test(
    'a call that came to us is taken over by TwiML, when it is described as it should be',
    async () => {
      const {base} = await setUp();
      const register = (fields) => request(`${base}/v1/convai/twilio/register-call`, {
        method: 'POST',
        headers: {'xi-api-key': apiKey, 'content-type': 'application/json'},
        body: JSON.stringify({
          agent_id: 'agent_seeded',
          from_number: THEIRS,
          to_number: OURS,
          direction: 'inbound',
          ...fields
        })
      });
      const taken = await register({});
      assert.equal(taken.status, 200);
      assert.match(
          taken.body.toString(), /<Connect><Stream url="[^"]+"\/><\/Connect><\/Response>$/);
      assert.equal((await register({direction: 'sideways'})).status, 422);
      assert.equal((await register({number: OURS})).status, 422);
      assert.equal((await register({agent_id: 'agent_nobody'})).status, 404);
    });

test(
    'an outbound call starts a conversation, and says so with 200 also when it fails', async () => {
      const {client} = await setUp();
      const call = (fields) => client.conversationalAi.twilio.outboundCall({
        agentId: 'agent_seeded',
        agentPhoneNumberId: 'phnum_seeded',
        toNumber: THEIRS,
        conversationInitiationClientData: {dynamicVariables: {name: 'Ana'}, userId: 'cust_9'},
        ...fields
      });
      const placed = await call();
      assert.equal(placed.success, true);
      assert.match(placed.callSid, /^CA[0-9a-f]{32}$/);
      const conversation = await client.conversationalAi.conversations.get(placed.conversationId);
      assert.equal(conversation.status, 'initiated');
      assert.equal(conversation.metadata.phoneCall.externalNumber, THEIRS);
      assert.equal(conversation.conversationInitiationClientData.dynamicVariables.name, 'Ana');
      const failed = await call({toNumber: '12'});
      assert.equal(failed.success, false);
      await refused(404, call({agentPhoneNumberId: 'phnum_none'}));
    });

test('an incoming call asks the application, and judges what it answers', async () => {
  const answers = [
    {
      dynamic_variables: {store_greeting: 'Hi', customer_name: 'Ana'},
      conversation_config_override: {agent: {language: 'fr', first_message: 'Salut'}}
    },
    {dynamic_variables: {store_greeting: 'Hi'}},
    {dynamic_variables: {store_greeting: ['Hi']}},
  ].map((a) => ({body: JSON.stringify({type: 'conversation_initiation_client_data', ...a})}));
  answers.push({status: 500}, {body: 'no JSON'});
  const {app, ctl} = await setUp(() => answers.shift());
  const call = async () => (await ctl.post('/_sim/initiate', {called: OURS, caller: THEIRS})).body;
  const good = await call();
  assert.deepEqual(
      [good.problem, good.missing_variables, good.ignored_overrides],
      [undefined, [], ['agent.first_message']]);
  const [req] = app.received;
  assert.equal(req.headers.authorization, 'Bearer s3cret');
  assert.equal(req.headers['x-plain'], 'v');
  assert.equal(req.headers['elevenlabs-signature'], undefined, 'this one is not signed');
  assert.deepEqual(JSON.parse(req.body), {
    caller_id: THEIRS,
    agent_id: 'agent_seeded',
    called_number: OURS,
    call_sid: good.call_sid,
    conversation_id: good.conversation_id
  });
  assert.deepEqual((await call()).missing_variables, ['customer_name']);
  assert.match((await call()).problem, /store_greeting/);
  assert.match((await call()).problem, /500/);
  assert.match((await call()).problem, /JSON/);
  assert.equal((await ctl.post('/_sim/initiate', {called: '+14165550099'})).status, 404);
});

test('a finished call is told with a signature the SDK verifies, and can be read', async () => {
  const {app, ctl, client} = await setUp();
  const told = {
    agent_id: 'agent_seeded',
    caller: THEIRS,
    called: OURS,
    call_sid: `CA${'1'.repeat(32)}`,
    duration: 42,
    language: 'fr',
    cost: 120,
    summary: 'Asked for the hours.',
    evaluation: {booked: 'success'},
    data: {customer_name: 'Ana'},
    turns: [
      {role: 'agent', message: 'Bonjour'}, {role: 'user', message: 'À quelle heure ouvrez-vous ?'},
      {
        role: 'agent',
        message: null,
        tool: {name: 'get_store_hours', arguments: {}, result: {open: '08:00'}}
      }
    ],
  };
  const {body} = await ctl.post('/_sim/post-call', told);
  assert.equal(body.deliveries[0].ok, true);
  const [req] = app.received;
  const event = await verifiesAsElevenLabs(
      {secret, body: req.body, header: req.headers['elevenlabs-signature']});
  assert.equal(event.type, 'post_call_transcription');
  assert.equal(event.data.conversation_id, body.conversation_id);
  assert.equal(event.data.metadata.phone_call.external_number, THEIRS);
  assert.equal(event.data.transcript[2].tool_calls[0].tool_name, 'get_store_hours');
  assert.equal(event.data.analysis.data_collection_results.customer_name.value, 'Ana');
  await assert.rejects(verifiesAsElevenLabs(
      {secret: 'wsec_other', body: req.body, header: req.headers['elevenlabs-signature']}));
  const read = await client.conversationalAi.conversations.get(body.conversation_id);
  assert.equal(read.status, 'done');
  assert.equal(read.transcript[1].message, 'À quelle heure ouvrez-vous ?');
  const {conversations} = await client.conversationalAi.conversations.list(
      {agentId: 'agent_seeded', callSuccessful: 'success'});
  assert.deepEqual(
      conversations.map((c) => [c.conversationId, c.messageCount, c.direction]),
      [[body.conversation_id, 3, 'inbound']]);
  assert.equal(
      (await client.conversationalAi.conversations.list({agentId: 'agent_other'}))
          .conversations.length,
      0);
});

test('our own signature function makes what the SDK accepts, and dates it', async () => {
  const body = '{"type":"post_call_transcription","name":"é"}';
  const header = elevenlabsSignature({secret, body})['elevenlabs-signature'];
  assert.equal((await verifiesAsElevenLabs({secret, body, header})).name, 'é');
  const old = elevenlabsSignature(
      {secret, body, timestamp: Math.floor(Date.now() / 1000) - 1900})['elevenlabs-signature'];
  await assert.rejects(verifiesAsElevenLabs({secret, body, header: old}), /Timestamp/);
});

test('the audio comes chunked; a call that did not happen comes with its reason', async () => {
  const {app, ctl, client} = await setUp();
  const audio = await ctl.post(
      '/_sim/post-call', {agent_id: 'agent_seeded', type: 'post_call_audio', audio_bytes: 300000});
  assert.equal(audio.body.deliveries[0].ok, true);
  const [first] = app.received;
  assert.equal(first.headers['transfer-encoding'], 'chunked');
  const event = await verifiesAsElevenLabs(
      {secret, body: first.body, header: first.headers['elevenlabs-signature']});
  assert.equal(Buffer.from(event.data.full_audio, 'base64').length, 300000);
  const {conversationId} = await client.conversationalAi.twilio.outboundCall(
      {agentId: 'agent_seeded', agentPhoneNumberId: 'phnum_seeded', toNumber: THEIRS});
  await ctl.post(
      '/_sim/post-call',
      {conversation_id: conversationId, type: 'call_initiation_failure', failure_reason: 'busy'});
  const failure = JSON.parse(app.received[1].body);
  assert.equal(failure.data.failure_reason, 'busy');
  assert.equal(failure.data.metadata.body.To, THEIRS);
  assert.equal(failure.data.metadata.body.CallStatus, 'busy');
});

test('events of a live conversation go to their own address, signed', async () => {
  const {app, ctl} = await setUp();
  await ctl.post('/_sim/conversation-event', {
    type: 'user_transcript',
    agent_id: 'agent_seeded',
    conversation_id: 'conv_1',
    user_transcription_event: {user_transcript: 'Hello', event_id: 1}
  });
  const [req] = app.received;
  assert.equal(req.path, '/api/webhooks/elevenlabs/conversation-events');
  const event = await verifiesAsElevenLabs(
      {secret, body: req.body, header: req.headers['elevenlabs-signature']});
  assert.equal(event.data.user_transcription_event.user_transcript, 'Hello');
});

test('a webhook that only fails is switched off after ten times', async () => {
  const {app, ctl, client} = await setUp(() => ({status: 413}));
  for (let i = 0; i < 10; i++)
    assert.equal((await ctl.post('/_sim/post-call', {agent_id: 'agent_seeded'})).status, 200);
  assert.equal((await ctl.post('/_sim/post-call', {agent_id: 'agent_seeded'})).status, 409);
  assert.equal(app.received.length, 10, 'retries are off by default');
  const {webhooks: [hook]} = await client.webhooks.list();
  assert.equal(hook.isAutoDisabled, true);
  assert.equal(hook.mostRecentFailureErrorCode, 413);
  await client.webhooks.update(
      hook.webhookId, {isDisabled: false, name: 'post-call', retryEnabled: true});
  await ctl.post('/_sim/post-call', {agent_id: 'agent_seeded'});
  assert.equal(app.received.length, 12, 'with retries on, once more');
});

test('a signed URL is for an agent that exists', async () => {
  const {client} = await setUp();
  const {signedUrl} =
      await client.conversationalAi.conversations.getSignedUrl({agentId: 'agent_seeded'});
  assert.match(
      signedUrl,
      /^ws:\/\/127\.0\.0\.1:1\/v1\/convai\/conversation\?agent_id=agent_seeded&conversation_signature=/);
  await refused(404, client.conversationalAi.conversations.getSignedUrl({agentId: 'agent_none'}));
});

test('lists page by cursor, and a reset brings the seeds back', async () => {
  const {client, ctl} = await setUp();
  for (let i = 0; i < 4; i++)
    await client.conversationalAi.agents.create({name: `a${i}`, conversationConfig: {}});
  const names = [];
  let cursor;
  do {
    const page = await client.conversationalAi.agents.list({pageSize: 2, cursor});
    names.push(...page.agents.map((a) => a.name));
    cursor = page.nextCursor ?? undefined;
    assert.equal(page.hasMore, cursor !== undefined);
  } while (cursor);
  assert.deepEqual(names, ['Seeded', 'a0', 'a1', 'a2', 'a3']);
  await ctl.post('/_sim/reset');
  assert.deepEqual(
      (await client.conversationalAi.agents.list()).agents.map((a) => a.name), ['Seeded']);
  await until('an empty record', async () => (await ctl.requests()).length === 1);
});
