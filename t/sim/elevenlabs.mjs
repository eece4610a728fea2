// The simulated ElevenLabs agents platform: its REST API, and its requests to the
// application. Facts: the OpenAPI description where it is not outdated (AMENDMENTS),
// the official SDK, the documentation pages named in the code.
//
//   POST /_sim/initiate            {agent_id | called, caller, call_sid}   a call comes in
//   POST /_sim/post-call           a call is over (Platform.postCall)
//   GET, POST /_sim/agent, POST /_sim/agent-model, /_sim/agent-close, /_sim/agent-deaden   live conversations
//                                                                      (elevenlabs/live.mjs)
//   POST /_sim/conversation-event  {type, agent_id, conversation_id, …}    something is said
import {Agents, Documents, Secrets, Tools} from './elevenlabs/agents.mjs';
import {Conversations} from './elevenlabs/conversations.mjs';
import {Live} from './elevenlabs/live.mjs';
import {PhoneNumbers} from './elevenlabs/numbers.mjs';
import {Collection, malformed, refuse} from './elevenlabs/resource.mjs';
import {streamSpeech} from './elevenlabs/speech.mjs';
import {Platform, WorkspaceWebhooks} from './elevenlabs/webhooks.mjs';
import {isProgram, run, setting} from './lib/main.mjs';
import {Sim} from './lib/server.mjs';

// The description is of August 2025; this has changed since (SDK 2.73.0). The list of
// language models is open.
const AMENDMENTS = {
  LLM: {type: 'string'},
  'SystemToolConfig-Input': {required: ['name', 'params']},
  'SystemToolConfig-Output': {required: ['name', 'params']},
  CreateTwilioPhoneNumberRequest: {
    required: ['phone_number', 'label', 'sid', 'token'],
    properties: {
      phone_number: {type: 'string'},
      label: {type: 'string'},
      provider: {const: 'twilio'},
      sid: {type: 'string'},
      token: {type: 'string'},
      account_auth_token: {type: ['string', 'null']},
      agent_id: {type: ['string', 'null']},
      enable_sms: {type: 'boolean'},
      supports_inbound: {type: 'boolean'},
      supports_outbound: {type: 'boolean'},
      region_config: {type: ['object', 'null']},
    },
  },
  ASRProvider: {enum: ['elevenlabs', 'scribe_realtime', 'scribe_v2_turbo']},
  TTSConversationalModel: {
    enum: [
      'eleven_turbo_v2', 'eleven_turbo_v2_5', 'eleven_flash_v2', 'eleven_flash_v2_5',
      'eleven_multilingual_v2', 'eleven_v3_conversational', 'eleven_v4', 'eleven_v4_turbo'
    ]
  },
};

const CLIENT_DATA = 'ConversationInitiationClientDataRequest-Input';

export function elevenlabs({apiKey, publicUrl, socketUrl, twilioBaseUrl, seed = () => {}}) {
  const sim = new Sim('elevenlabs', 'elevenlabs.openapi.json', AMENDMENTS);
  const secrets = new Collection('sec', 'secret');
  const tools = new Collection('tool', 'tool');
  const documents = new Collection('kb', 'document');
  const webhooks = new Collection('wh', 'webhook');
  const numbers = new Collection('phnum', 'phone_number');
  const agent = new Agents({tools, documents, webhooks, numbers});
  const agents = agent.all;
  const tool = new Tools(tools);
  const secret = new Secrets(secrets);
  const document = new Documents(documents, agents);
  const webhook = new WorkspaceWebhooks(webhooks);
  const number = new PhoneNumbers({all: numbers, agents, twilioBaseUrl});
  const conversation = new Conversations({agents, numbers});
  const isClientData = (data) =>
      !sim.description || sim.description.named(CLIENT_DATA, data).length === 0;
  const live = new Live(
      {sim, agents, tools, conversations: conversation, socketUrl, isClientData});
  const platform = new Platform({
    sim,
    agents,
    secrets,
    webhooks,
    numbers,
    conversations: conversation,
    eventsUrl: `${publicUrl}/api/webhooks/elevenlabs/conversation-events`
  });
  const reset = () => {
    [agents, secrets, tools, documents, webhooks, numbers, conversation.all].forEach(
        (c) => c.clear());
    live.reset();
    seed({agent, tools, secrets, webhook, numbers});
  };
  sim.define({
    routes: [
      ...resource('/v1/convai/agents', agent, ['get', 'patch', 'remove', 'list']),
      ['POST', '/v1/convai/agents/create', (req) => agent.create(req)],
      ...resource('/v1/convai/tools', tool),
      ...resource('/v1/convai/secrets', secret, ['create', 'list', 'patch', 'remove']),
      ...resource('/v1/convai/phone-numbers', number),
      ['POST', '/v1/convai/knowledge-base/text', (req) => document.create(req)],
      ...resource('/v1/convai/knowledge-base', document, ['get', 'patch', 'remove', 'list']),
      ...resource('/v1/workspace/webhooks', webhook, ['create', 'list', 'patch', 'remove']),
      ...resource('/v1/convai/conversations', conversation, ['get', 'remove', 'list']),
      ['POST', '/v1/convai/twilio/outbound-call', (req) => conversation.call(req)],
      ['GET', '/v1/convai/conversation/get-signed-url', (req) => live.signedUrl(req)],
      ['POST', '/v1/convai/twilio/register-call', (req) => live.register(req)],
      ['POST', '/v1/text-to-speech/:voice/stream', (req) => streamSpeech(req)],
    ],
    control: [
      ['POST', '/_sim/initiate', (req) => platform.initiate(req)],
      ['POST', '/_sim/post-call', (req) => platform.postCall(req)],
      ['POST', '/_sim/conversation-event', (req) => platform.conversationEvent(req)],
      ['GET', '/_sim/agent', live.show],
      ['POST', '/_sim/agent', (req) => live.configure(req)],
      ['POST', '/_sim/agent-model', (req) => live.model.configure(req)],
      ['POST', '/_sim/agent-close', (req) => live.closeAll(req)],
      ['POST', '/_sim/agent-deaden', () => live.deadenAll()],
    ],
    upgrade: (req, socket, head) => live.upgrade(req, socket, head),
    admit: (req) => admit(req, apiKey),
    invalid: (problems) => malformed(problems),
    missing: (req, known) =>
        (known ? refuse(405, 'method_not_allowed', 'Method Not Allowed') :
                 refuse(404, 'not_found', 'Not Found')),
    reset,
  });
  reset();
  return sim;
}

function admit(req, apiKey) {
  const key = req.headers['xi-api-key'];
  if (key === apiKey) return undefined;
  return key === undefined ?
      refuse(
          401, 'needs_authorization',
          'Neither authorization header nor xi-api-key received, please provide one.') :
      refuse(401, 'invalid_api_key', 'Invalid API key');
}

const VERBS = {
  create: ['POST', ''],
  list: ['GET', ''],
  get: ['GET', '/:id'],
  patch: ['PATCH', '/:id'],
  remove: ['DELETE', '/:id']
};

// The usual routes of a resource, for those of its methods that the service offers.
function resource(path, object, methods = Object.keys(VERBS)) {
  return methods.map((m) => [VERBS[m][0], path + VERBS[m][1], (req) => object[m](req)]);
}

// The tools that an agent's client has to run: what it needs of them is their name.
const CLIENT_TOOLS = [
  'lookup_order', 'check_availability', 'book_appointment', 'cancel_appointment', 'take_message',
  'transfer_to_human', 'switch_language'
];
const clientTool = (name) => ({
  type: 'client',
  name,
  description: name.replaceAll('_', ' '),
  parameters: {type: 'object', properties: {}},
  expects_response: true,
  response_timeout_secs: 20
});

// The demo organizations' agents, configured as their provisioning leaves them.
function demo({publicUrl, toolsSecret, webhookSecret}) {
  const hooks = `${publicUrl}/api/webhooks/elevenlabs`;
  const shops =
      [['downtown', 'Bici Downtown', '+14165550001'], ['uptown', 'Bici Uptown', '+14165550002']];
  return ({agent, tools, secrets, webhook, numbers}) => {
    const tool_ids = CLIENT_TOOLS.map((name) => tools.add(clientTool(name)));
    const secret_id = secrets.add({name: 'tools', value: `Bearer ${toolsSecret}`});
    const post_call_webhook_id =
        webhook.add({name: 'post-call', url: `${hooks}/post-call`, secret: webhookSecret});
    for (const [id, name, phone_number] of shops) {
      const agent_id = agent.add(
          {
            name,
            conversation_config: {
              agent: {
                first_message: '{{store_greeting}}',
                language: 'en',
                prompt: {
                  prompt: 'You answer the phone of {{business_name}}. {{store_status_text}}',
                  tool_ids,
                  built_in_tools: {end_call: {name: 'end_call', params: {system_tool_type: 'end_call'}}}
                }
              },
              asr: {user_input_audio_format: 'ulaw_8000'},
              tts: {agent_output_audio_format: 'ulaw_8000'}
            },
            platform_settings: {
              auth: {enable_auth: true},
              overrides: {
                enable_conversation_initiation_client_data_from_webhook: true,
                conversation_config_override: {
                  agent: {first_message: true, language: true, prompt: {prompt: true}},
                  tts: {voice_id: true}
                },
              },
              workspace_overrides: {
                conversation_initiation_client_data_webhook: {
                  url: `${hooks}/twilio-personalization`,
                  request_headers: {Authorization: {secret_id}}
                },
                webhooks: {
                  post_call_webhook_id,
                  events: ['transcript', 'audio', 'call_initiation_failure']
                },
              },
            },
          },
          `agent_${id}`);
      numbers.add({phone_number, label: name, agent_id}, `phnum_${id}`);
    }
  };
}

if (isProgram(import.meta)) {
  const publicUrl = setting('VA_PUBLIC_URL');
  const base = setting('ELEVENLABS_BASE_URL');
  const sim = elevenlabs({
    apiKey: setting('ELEVENLABS_API_KEY'),
    publicUrl,
    socketUrl: base.replace(/^http/, 'ws').replace(/\/$/, ''),
    twilioBaseUrl: setting('TWILIO_BASE_URL'),
    seed: demo({
      publicUrl,
      toolsSecret: setting('TOOLS_SECRET'),
      webhookSecret: setting('ELEVENLABS_WEBHOOK_SECRET')
    }),
  });
  await run(sim, base);
}
