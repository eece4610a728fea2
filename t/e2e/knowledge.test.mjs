// The shop's documents: uploaded as files of every kind, found by words and by meaning, told by
// text message and by the tools, and by nobody else's shop.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, before, test} from 'node:test';

import {DOWNTOWN, login, UPTOWN} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {ask, at, call, request} from './lib/http.mjs';
import {stranger} from './lib/people.mjs';
import {sentTo, sim} from './lib/sims.mjs';
import {waitFor} from './lib/wait.mjs';

const openai = sim('openai');
const file = (name) => readFileSync(new URL(`../data/knowledge/${name}`, import.meta.url));

let downtown, uptown;
before(async () => {
  downtown = (await login(DOWNTOWN)).token;
  uptown = (await login(UPTOWN)).token;
});
after(() => rows('delete from knowledge_documents returning id'));

// The body of a form as a browser sends it, by the web's own FormData.
async function form(name, content, fields = {}) {
  const data = new FormData();
  data.set('file', new Blob([content]), name);
  for (const [key, value] of Object.entries(fields)) data.set(key, value);
  const made = new Response(data);
  return {
    body: Buffer.from(await made.arrayBuffer()),
    headers: {'content-type': made.headers.get('content-type')},
  };
}

async function send(method, path, token, name, content, fields) {
  const {body, headers} = await form(name, content, fields);
  const res = await request(
      at(path), {method, body, headers: {...headers, authorization: `Bearer ${token}`}});
  return {status: res.status, json: JSON.parse(res.body)};
}

// Uploads it, and waits until it is read and all of it is embedded, or refused.
async function upload(token, name, content, fields) {
  const {status, json} = await send('POST', '/api/knowledge', token, name, content, fields);
  assert.equal(status, 201, JSON.stringify(json));
  assert.equal(json.document.status, 'processing');
  return settled(token, json.document.id);
}

const settled = (token, id) => waitFor(`document ${id} is read`, async () => {
  const {document} = await ask('GET', `/api/knowledge/${id}`, {token});
  const done = document.status === 'failed' ||
      (document.status === 'indexed' && document.embedded_chunks === document.chunks);
  return done && document;
}, 60000);

async function search(query, number = DOWNTOWN.number) {
  const {json} = await call('POST', '/api/elevenlabs/tools/search_knowledge', {
    token: env.TOOLS_SECRET,
    headers: {'x-va-called': number},
    body: {query},
  });
  assert.equal(json.success, true, JSON.stringify(json));
  return json;
}

test('files of each kind are read, and found by the tool', async () => {
  const kinds = [
    ['policies.md', 'can I return an unridden bike', /within thirty days with the receipt/],
    ['services.html', 'how much does a tune-up cost', /ninety minutes & costs 85 dollars/],
    ['sizing.pdf', 'which frame for a rider of seventy centimetres', /needs a medium frame/],
    ['brands.csv', 'price of the Marlin', /Brand: Trek; Model: Marlin 7; Price: 999/],
    ['brands.xlsx', 'carbon Cervelo or Cervélo frame', /Brand: Cervélo; Frame: carbon/],
    ['faq.txt', 'do you ship internationally', /we deliver within Canada only/],
  ];
  for (const [name, question, answer] of kinds) {
    const document = await upload(downtown, name, file(name));
    assert.equal(document.status, 'indexed', `${name}: ${document.error}`);
    assert.equal(document.title, name);
    const found = await search(question);
    assert.match(found.message, answer, `${name}: ${JSON.stringify(found)}`);
    assert.equal(found.sources[0].document, document.id);
    assert.ok(found.passages.length <= 5);
  }
  const {documents, next_cursor} = await ask('GET', '/api/knowledge?limit=4', {token: downtown});
  const rest = await ask('GET', `/api/knowledge?limit=4&cursor=${next_cursor}`, {token: downtown});
  assert.equal(new Set([...documents, ...rest.documents].map((d) => d.id)).size, 6);
});

test('nonsense finds nothing', async () => {
  const found = await search('xyzzy plugh frobnicate');
  assert.deepEqual([found.passages, found.confident], [[], false]);
});

const embedded = async (text) =>
    (await openai.requests()).filter((r) => /embeddings$/.test(r.path) && r.body.input[0] === text);

test('a question in other words is found by its meaning', async () => {
  const question = 'thieves took velo';
  await openai.post(
      'embeddings', {synonyms: [['thieves', 'took', 'stolen'], ['velo', 'bicycles']]});
  const {id} = await upload(downtown, 'cover.txt', 'Stolen bicycles are replaced.');
  await openai.script([{path: '/v1/embeddings', status: 503}]);
  assert.deepEqual((await search(question)).passages, []);
  const found = await search(question);
  assert.deepEqual(found.sources.map((s) => s.document), [id]);
  assert.equal(found.message, 'Stolen bicycles are replaced.');
  assert.equal(found.confident, true);
  await ask('DELETE', `/api/knowledge/${id}`, {token: downtown});
});

test('what is asked again is not embedded again', async () => {
  const question = 'are helmets included in the rental';
  await search(question);
  await search(question);
  assert.equal((await embedded(question)).length, 1);
});

test('without the service the words are enough', async () => {
  await openai.script([{path: '/v1/embeddings', status: 503, times: 5}]);
  try {
    assert.match((await search('lifetime warranty of a frame')).message, /lifetime warranty/);
  } finally {
    await openai.reset();
  }
});

test('a text is answered from a document, and its record cites it', async () => {
  const from = stranger();
  await sim('twilio').post('sms', {from, to: DOWNTOWN.number, body: 'Can I rent a city bike?'});
  const [sms] = await waitFor('the answer', async () => {
    const sent = await sentTo(from);
    return sent.length > 0 && sent;
  }, 60000);
  assert.match(sms.body, /city bikes can be rented by the day for 40 dollars/);
  const {title} = await row(
      `select d.title from messages m
         join knowledge_documents d on d.id::text = m.citations -> 0 ->> 'document'
        where m.to_number = :'from'`,
      {from});
  assert.equal(title, 'faq.txt');
});

test('another shop sees none of it, and the tools of its number find none of it', async () => {
  const {documents: [{id}]} = await ask('GET', '/api/knowledge?limit=1', {token: downtown});
  assert.deepEqual((await ask('GET', '/api/knowledge', {token: uptown})).documents, []);
  for (const method of ['GET', 'DELETE']) {
    assert.equal((await call(method, `/api/knowledge/${id}`, {token: uptown})).status, 404);
  }
  const put = await call('PUT', `/api/knowledge/${id}`, {token: uptown, body: {title: 'mine'}});
  assert.equal(put.status, 404);
  assert.deepEqual((await search('lifetime warranty of a frame', UPTOWN.number)).passages, []);
});

test('a replaced document is found as it is now, a deleted one no more', async () => {
  const first = await upload(downtown, 'valet.txt', 'Valet parking costs eleven dollars.');
  const {status} = await send(
      'PUT', `/api/knowledge/${first.id}`, downtown, 'valet.txt', 'Valet parking costs twelve dollars.');
  assert.equal(status, 200);
  await settled(downtown, first.id);
  assert.match((await search('valet parking')).message, /twelve/);
  await ask('DELETE', `/api/knowledge/${first.id}`, {token: downtown});
  assert.deepEqual((await search('valet parking')).passages, []);
  const left = await rows('select 1 from knowledge_chunks where document_id = :\'id\'', {id: first.id});
  assert.deepEqual(left, []);
});

test('hostile and unreadable files cost themselves alone', async () => {
  const cases = [
    ['bomb.xlsx', file('bomb.xlsx'), /64 MB/],
    ['xxe.xlsx', file('xxe.xlsx'), /no XLSX/],
    ['cut.pdf', file('sizing.pdf').subarray(0, 700), /no PDF/],
    ['garbage.txt', Buffer.from([0, 1, 2, 255]), /not text/],
  ];
  for (const [name, content, why] of cases) {
    const document = await upload(downtown, name, content);
    assert.equal(document.status, 'failed', name);
    assert.match(document.error, why);
  }
  assert.match((await search('lifetime warranty of a frame')).message, /lifetime warranty/);
});

test('what is too large, of no kind, or not allowed is refused and changes nothing', async () => {
  const count = async () => (await row('select count(*) as n from knowledge_documents')).n;
  const n = await count();
  const large = await request(at('/api/knowledge'), {
    method: 'POST',
    headers: {authorization: `Bearer ${downtown}`, 'content-type': 'text/plain'},
    body: Buffer.alloc(4 * 1024 * 1024 + 1),
  });
  assert.equal(large.status, 413);
  assert.equal((await send('POST', '/api/knowledge', downtown, 'a.exe', 'MZ')).status, 415);
  assert.equal((await call('POST', '/api/knowledge', {body: {title: 'a', content: 'b'}})).status, 401);
  await row('update organizations set plan = \'FREE\' where slug = \'bici-uptown\' returning id');
  try {
    const {status, json} = await send('POST', '/api/knowledge', uptown, 'a.txt', 'text');
    assert.equal(status, 403);
    assert.deepEqual(
        [json.error.code, json.currentPlan, json.requiredPlan], ['plan', 'FREE', 'BASIC']);
    assert.match(json.upgradeUrl, /\/admin\/upgrade$/);
  } finally {
    await row('update organizations set plan = \'BASIC\' where slug = \'bici-uptown\' returning id');
  }
  assert.equal(await count(), n);
});

test('a large file passes through whole', async () => {
  const text = `${'Nothing to see in this line of the catalogue.\n'.repeat(35000)}The zeppelin is in the attic.`;
  const {status, json} = await send('POST', '/api/knowledge', downtown, 'large.txt', text);
  assert.equal(status, 201);
  const read = await waitFor('it is read', async () => {
    const {document} = await ask('GET', `/api/knowledge/${json.document.id}`, {token: downtown});
    return document.status !== 'processing' && document;
  }, 60000);
  assert.equal(read.status, 'indexed', read.error);
  assert.match((await search('zeppelin attic')).message, /in the attic/);
  await ask('DELETE', `/api/knowledge/${json.document.id}`, {token: downtown});
});
