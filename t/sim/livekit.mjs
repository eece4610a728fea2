// The simulated LiveKit: rooms with their agents and participants, and the two ways a call of
// Twilio's gets into one: the connector, and SIP (livekit/sip.mjs). Tokens are judged by the
// official SDK, bodies by the protocol's own messages. An agent joins a room by itself, unless
// none is registered by that name.
//
//   POST /_sim/agents {names}           the agents that are registered from now on
//   POST /_sim/leave {room}             the room's agents leave it
//   POST /_sim/finish {room}            the room is over
//   GET  /_sim/rooms                    the rooms, with the agents they were made with
import * as protocol from '@livekit/protocol';
import {TokenVerifier} from 'livekit-server-sdk';
import {randomBytes, webcrypto} from 'node:crypto';

import {isProgram, run, setting} from './lib/main.mjs';
import {json, Sim} from './lib/server.mjs';
import {Sip} from './livekit/sip.mjs';

globalThis.crypto ??= webcrypto;  // Node 18 has it, but not by that name; the SDK looks there

const newId = (prefix) => prefix + randomBytes(6).toString('hex');
const refuse = (status, code, msg) => json(status, {code, msg});

export function livekit({apiKey, apiSecret, agents, trunk = {}}) {
  const sim = new Sim('livekit');
  const rooms = new Map();
  const verifier = new TokenVerifier(apiKey, apiSecret);
  let registered = agents;

  async function grantOf(req) {
    const token = /^Bearer (.+)$/.exec(req.headers.authorization ?? '')?.[1];
    return token && verifier.verify(token).then((claims) => claims.video ?? {}, () => null);
  }

  // work(message) once token, grant and body are in order.
  const method = (name, type, allows, work) => ['POST', `/twirp/livekit.${name}`, async (req) => {
    const grant = await grantOf(req);
    if (!grant) return refuse(401, 'unauthenticated', 'invalid authorization token');
    let message;
    try {
      message = type.fromJson(req.body);
    } catch (e) {
      return refuse(400, 'malformed', e.message);
    }
    if (!allows(grant, message)) return refuse(403, 'permission_denied', 'permissions denied');
    return work(message);
  }];
  const mayCreate = (grant) => grant.roomCreate === true;
  const mayList = (grant) => grant.roomList === true;
  const mayAdmin = (grant, {room}) => grant.roomAdmin === true && grant.room === room;

  function createRoom(message) {
    const room = rooms.get(message.name) ?? newRoom(message.name, message.agents);
    if (!rooms.has(room.name)) {
      const there = message.agents.filter(({agentName}) => registered.includes(agentName));
      room.participants = there.map(() => ({identity: newId('agent-'), kind: 'AGENT'}));
      rooms.set(room.name, room);
    }
    return json(200, {sid: room.sid, name: room.name, creation_time: '1789000000'});
  }

  function connectCall(message) {
    const room = rooms.get(message.roomName);
    if (!room) return refuse(404, 'not_found', 'requested room does not exist');
    room.participants.push({identity: message.participantIdentity, kind: 'CONNECTOR'});
    return json(200, {connect_url: `wss://connector.livekit.invalid/twilio/${newId('')}?a=1&b=2`});
  }

  const listRooms = ({names}) => json(200, {
    rooms: [...rooms.values()]
               .filter(({name}) => names.length === 0 || names.includes(name))
               .map(({sid, name}) => ({sid, name}))
  });

  const listParticipants = ({room}) => json(200, {
    participants: (rooms.get(room)?.participants ?? [])
                      .map((p) => ({sid: newId('PA_'), state: 'ACTIVE', ...p}))
  });

  function keepOnly(name, stays) {
    const room = rooms.get(name);
    if (room) room.participants = room.participants.filter(stays);
  }

  function leave({body}) {
    keepOnly(body.room, ({kind}) => kind !== 'AGENT');
    return json(200, {});
  }

  function finish({body}) {
    const finished = rooms.delete(body.room);
    sip.roomEnds(body.room);
    return json(200, {finished});
  }

  const newRoom = (name, agents = []) => ({sid: newId('RM_'), name, agents, participants: []});

  const sip = new Sip({
    ...trunk,
    rooms: {
      join(name, participant) {
        if (!rooms.has(name)) rooms.set(name, newRoom(name));
        rooms.get(name).participants.push(participant);
      },
      leave: (name, who) => keepOnly(name, ({identity}) => identity !== who),
      hasAgent: (name) => rooms.get(name).participants.some(({kind}) => kind === 'AGENT'),
    },
  });

  function show() {
    return json(
        200, [...rooms.values()].map(({name, agents: asked, participants}) => ({
                                       name,
                                       participants,
                                       agents: asked.map(({agentName, metadata}) => ({
                                                           agentName,
                                                           metadata: JSON.parse(metadata)
                                                         }))
                                     })));
  }

  sim.define({
    routes: [
      method('RoomService/CreateRoom', protocol.CreateRoomRequest, mayCreate, createRoom),
      method('RoomService/ListRooms', protocol.ListRoomsRequest, mayList, listRooms),
      method('RoomService/ListParticipants', protocol.ListParticipantsRequest, mayAdmin,
             listParticipants),
      method('Connector/ConnectTwilioCall', protocol.ConnectTwilioCallRequest, mayCreate,
             connectCall),
      ...sip.routes,
    ],
    control: [
      ['POST', '/_sim/agents', ({body}) => json(200, {names: registered = body.names})],
      ['POST', '/_sim/leave', leave],
      ['POST', '/_sim/finish', finish],
      ['GET', '/_sim/rooms', show],
    ],
    missing: (req) => refuse(404, 'bad_route', `no handler for path "${req.path}"`),
    reset: () => {
      sip.reset();
      rooms.clear();
      registered = agents;
    },
  });
  return sim;
}

if (isProgram(import.meta)) {
  const sim = livekit({
    apiKey: setting('LIVEKIT_API_KEY'),
    apiSecret: setting('LIVEKIT_API_SECRET'),
    agents: [setting('LIVEKIT_AGENT')],
    trunk: {username: process.env.LIVEKIT_SIP_USERNAME, password: process.env.LIVEKIT_SIP_PASSWORD},
  });
  await run(sim, setting('LIVEKIT_URL').replace(/^ws/, 'http'));
}
