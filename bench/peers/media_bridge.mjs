// A bridge as Twilio's samples build it: one WebSocket of the carrier, one of the Realtime API,
// JSON parsed and written between them. Without the samples' logging, and without a mark behind
// each piece of sound: what is forwarded is the frames.
import { createServer } from 'node:http';
import WebSocket, { WebSocketServer } from 'ws';

const { PORT, BENCH_ENGINE } = process.env;

const SESSION = {
  type: 'session.update',
  session: {
    type: 'realtime', output_modalities: ['audio'], instructions: 'You answer the telephone of a shop.',
    audio: {
      input: { format: { type: 'audio/pcmu' }, turn_detection: { type: 'server_vad' } },
      output: { format: { type: 'audio/pcmu' }, voice: 'alloy' },
    },
  },
};

function bridge(carrier) {
  let streamSid = null;
  let latestMediaTimestamp = 0;
  let responseStartTimestamp = null;
  let lastAssistantItem = null;
  const engine = new WebSocket(BENCH_ENGINE, { headers: { Authorization: 'Bearer bench' } });

  engine.on('open', () => {
    engine.send(JSON.stringify(SESSION));
    engine.send(JSON.stringify({ type: 'response.create' }));
  });
  engine.on('message', (data) => {
    const response = JSON.parse(data);
    if (response.type === 'response.output_audio.delta' && response.delta) {
      carrier.send(JSON.stringify({ event: 'media', streamSid, media: { payload: response.delta } }));
      responseStartTimestamp ??= latestMediaTimestamp;
      if (response.item_id) lastAssistantItem = response.item_id;
    }
    if (response.type === 'input_audio_buffer.speech_started' && lastAssistantItem) {
      engine.send(JSON.stringify({ type: 'conversation.item.truncate', item_id: lastAssistantItem, content_index: 0,
        audio_end_ms: latestMediaTimestamp - responseStartTimestamp }));
      carrier.send(JSON.stringify({ event: 'clear', streamSid }));
      lastAssistantItem = null;
      responseStartTimestamp = null;
    }
  });

  carrier.on('message', (message) => {
    const data = JSON.parse(message);
    if (data.event === 'media') {
      latestMediaTimestamp = data.media.timestamp;
      if (engine.readyState === WebSocket.OPEN) {
        engine.send(JSON.stringify({ type: 'input_audio_buffer.append', audio: data.media.payload }));
      }
    } else if (data.event === 'start') {
      streamSid = data.start.streamSid;
      responseStartTimestamp = null;
      latestMediaTimestamp = 0;
    }
  });
  carrier.on('close', () => engine.close());
  engine.on('close', () => carrier.close());
  for (const end of [carrier, engine]) end.on('error', (e) => console.error(e.message));
}

const server = createServer();
new WebSocketServer({ server, perMessageDeflate: false }).on('connection', bridge);
server.listen(Number(PORT), '127.0.0.1');
