// A shop's web site becomes what its agent knows: what is read of it and what is not, what a later
// reading changes, and where a reader that somebody else sends about must not go.
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {after, before, test} from 'node:test';

import {DOWNTOWN, login, UPTOWN} from './lib/account.mjs';
import {row, rows} from './lib/database.mjs';
import {env} from './lib/env.mjs';
import {ask, call} from './lib/http.mjs';
import {waitFor} from './lib/wait.mjs';

const ADDRESS = '127.0.0.2';  // VA_SITE_ADDRESSES of t/stack/settings.sh; 127.0.0.1 is none of them

const html = (title, body) => ({body: `<!DOCTYPE html><title>${title}</title><body>${body}`});
const links = (...to) => to.map((href) => `<a href="${href}">more</a>`).join(' ');

// What the site says, by path; requests are what it was asked for.
let pages, requests, server, other, elsewhere, site, downtown, uptown;

function answer(req, res) {
  requests.push({path: req.url, agent: req.headers['user-agent'], condition: req.headers['if-none-match']});
  const page = pages[req.url];
  if (page === undefined) return res.writeHead(404).end('none');
  const headers = {'content-type': 'text/html; charset=utf-8', ...page.headers};
  if (headers.etag !== undefined && req.headers['if-none-match'] === headers.etag)
    return res.writeHead(304, {etag: headers.etag}).end();
  res.writeHead(page.status ?? 200, headers).end(page.body);
}

const listening = (s, host) => new Promise((done) => s.listen(0, host, () => done(s.address().port)));

before(async () => {
  downtown = (await login(DOWNTOWN)).token;
  uptown = (await login(UPTOWN)).token;
  server = createServer(answer);
  site = `http://${ADDRESS}:${await listening(server, ADDRESS)}`;
  elsewhere = [];
  other = createServer((req, res) => {
    elsewhere.push(req.url);
    res.writeHead(200, {'content-type': 'text/html'}).end('<p>the secret of a machine of ours</p>');
  });
  pages = {
    '/robots.txt': {status: 301, headers: {location: '/rules.txt'}},
    '/rules.txt': {headers: {'content-type': 'text/plain'}, body: 'User-agent: *\nDisallow: /private\nAllow: /private/open\n'},
    '/': html('Bici', `<nav>${links('/about', '/loop/a', '/private/plans', '/private/open', '/big')}</nav>
        <p>We mend bicycles while the customer waits.</p>
        ${links('/photo', 'sizes', '/gone', '/away', '/inside', '/moved', '#top', 'mailto:a@b.example', '//other.example/x', '/same')}`),
    '/about': {...html('About us', `<p>The founder is called Ottoline.</p>${links('/')}`), headers: {etag: '"about-1"'}},
    '/loop/a': html('A', `<p>Alpha has a bell.</p>${links('b')}`),
    '/loop/b': html('B', `<p>Beta has a basket.</p>${links('/loop/a?#x', 'c')}`),
    '/loop/c': html('C', `<p>Gamma has gears.</p>${links('d')}`),
    '/loop/d': html('D', '<p>Delta is too deep.</p>'),
    '/private/plans': html('Plans', '<p>Nobody may know the zeppelin.</p>'),
    '/private/open': html('Open', '<p>The terrace is open.</p>'),
    '/big': html('Big', 'x'.repeat(3 << 20)),
    '/photo': {headers: {'content-type': 'image/png'}, body: 'PNG'},
    '/sizes': html('Sizes', '<h1>Sizes</h1><p>A frame of fifty centimetres suits Wilhelmina.</p>'),
    '/away': {status: 302, headers: {location: 'http://other.example/'}},
    '/moved': {status: 301, headers: {location: '/new'}},
    '/new': html('New', '<p>The new page tells of unicycles.</p>'),
    '/same': html('Sizes', '<h1>Sizes</h1><p>A frame of fifty centimetres suits Wilhelmina.</p>'),
  };
  pages['/inside'] = {status: 302, headers: {location: `http://127.0.0.1:${await listening(other, '127.0.0.1')}/secret`}};
  requests = [];
});
after(async () => {
  server.close();
  other.close();
  await rows('delete from knowledge_documents returning id');
});

const settled = (token, id) => waitFor(`site ${id} is read`, async () => {
  const {document} = await ask('GET', `/api/knowledge/${id}`, {token});
  return document.status !== 'processing' && document;
}, 120000);

async function add(url, more = {}, token = downtown) {
  const {document} = await ask('POST', '/api/knowledge', {token, body: {url, ...more}});
  assert.equal(document.status, 'processing');
  assert.equal(document.source, 'site');
  return settled(token, document.id);
}

async function refresh(id) {
  requests = [];
  const {status, json} = await call('POST', `/api/knowledge/${id}/refresh`, {token: downtown});
  assert.equal(status, 202, JSON.stringify(json));
  assert.equal(json.document.status, 'processing');
  return settled(downtown, id);
}

async function search(query, number = DOWNTOWN.number) {
  const {json} = await call('POST', '/api/elevenlabs/tools/search_knowledge', {
    token: env.TOOLS_SECRET,
    headers: {'x-va-called': number},
    body: {query},
  });
  return json;
}

const asked = () => requests.map((r) => r.path);
const noteOf = (document, path) => document.site_pages.find((p) => p.url === site + path)?.note;

let read;
test('a site is read as far as it may be, each page once', async () => {
  read = await add(site);
  assert.equal(read.status, 'indexed', read.error);
  assert.equal(read.url, `${site}/`);
  assert.deepEqual(asked().slice(0, 2), ['/robots.txt', '/rules.txt']);
  assert.deepEqual(asked().sort(), [...new Set(asked())].sort(), 'nothing is asked for twice');
  assert.ok(requests.every((r) => /^voiceagent\//.test(r.agent)));
  for (const never of ['/private/plans', '/loop/d', '/x', '/loop/a?']) assert.ok(!asked().includes(never), never);
  const known = await rows(`select source_url as url, title from knowledge_documents where site_id = :'id' order by 1`, {id: read.id});
  assert.deepEqual(known.map((k) => k.url.slice(site.length)),
                   ['/', '/about', '/loop/a', '/loop/b', '/loop/c', '/new', '/private/open', '/sizes']);
  assert.equal(known[1].title, 'About us');
  assert.equal(read.pages, known.length);
  assert.match((await search('what is the founder called')).message, /Ottoline/);
  assert.deepEqual((await search('zeppelin')).passages, []);
});

test('of what was not read it is told why', () => {
  assert.match(noteOf(read, '/private/plans'), /robots\.txt/);
  assert.match(noteOf(read, '/big'), /2 MB/);
  assert.match(noteOf(read, '/photo'), /no HTML/);
  assert.match(noteOf(read, '/gone'), /404/);
  assert.match(noteOf(read, '/away'), /another site, other\.example/);
  assert.match(noteOf(read, '/inside'), /another site, 127\.0\.0\.1/);
  assert.match(noteOf(read, '/moved'), /moved to .*\/new/);
  assert.match(noteOf(read, '/same'), /the same as/);
  assert.deepEqual(elsewhere, []);
});

test('read again, what changed is found as it is now, and what is gone no more', async () => {
  const before = await row(`select id, revision from knowledge_documents where source_url = :'url'`, {url: `${site}/about`});
  pages['/sizes'] = html('Sizes', '<p>A frame of sixty centimetres suits Wilhelmina.</p>');
  delete pages['/loop/b'];
  pages['/'] = html('Bici', `<p>We mend bicycles while the customer waits.</p>${links('/about', '/loop/a', '/sizes')}`);
  const again = await refresh(read.id);
  assert.equal(again.status, 'indexed', again.error);
  assert.equal(requests.find((r) => r.path === '/about').condition, '"about-1"');
  assert.deepEqual(await row(`select id, revision from knowledge_documents where source_url = :'url'`, {url: `${site}/about`}), before);
  assert.match((await search('Wilhelmina frame')).message, /sixty/);
  assert.deepEqual((await search('unicycles')).passages, [], 'no page links to it');
  assert.deepEqual((await search('beta basket')).passages, [], 'it is gone');
  const known = await rows(`select source_url as url from knowledge_documents where site_id = :'id' order by 1`, {id: read.id});
  assert.deepEqual(known.map((k) => k.url.slice(site.length)), ['/', '/about', '/loop/a', '/sizes']);
});

test('a page cannot be written or deleted by itself, and no other shop comes near', async () => {
  const {id} = await row(`select id from knowledge_documents where source_url = :'url'`, {url: `${site}/about`});
  assert.equal((await call('DELETE', `/api/knowledge/${id}`, {token: downtown})).status, 409);
  assert.equal((await call('PUT', `/api/knowledge/${id}`, {token: downtown, body: {title: 'a', content: 'b'}})).status, 409);
  assert.equal((await call('POST', '/api/knowledge', {token: downtown, body: {url: site}})).status, 409);
  assert.equal((await call('POST', `/api/knowledge/${read.id}/refresh`, {token: uptown})).status, 404);
  assert.equal((await call('GET', `/api/knowledge/${read.id}`, {token: uptown})).status, 404);
  assert.deepEqual((await search('founder called', UPTOWN.number)).passages, []);
  assert.equal((await call('GET', `/api/knowledge/${read.id}/refresh`, {token: downtown})).status, 405);
});

test('a site that is deleted is known no more', async () => {
  await ask('DELETE', `/api/knowledge/${read.id}`, {token: downtown});
  assert.equal((await row('select count(*) as n from knowledge_documents where site_id is not null')).n, 0);
  assert.equal((await row('select count(*) as n from knowledge_pages')).n, 0);
  assert.deepEqual((await search('founder called')).passages, []);
});

test('limits are kept', async () => {
  const one = await add(site, {max_pages: 2, depth: 1});
  assert.equal(one.pages, 2);
  await ask('DELETE', `/api/knowledge/${one.id}`, {token: downtown});
});

test('addresses that are not public are connected to by no name', async () => {
  const {port} = other.address();
  for (const url of [`http://127.0.0.1:${port}/`, `http://localhost:${port}/`, `http://[::ffff:127.0.0.1]:${port}/`,
                     `http://0:${port}/`, 'http://169.254.169.254/latest/meta-data/']) {
    const document = await add(url);
    assert.equal(document.status, 'failed', url);
    assert.match(document.error, /not a public one/, url);
    assert.equal(document.pages, 0);
  }
  assert.deepEqual(elsewhere, []);
});

test('what is no address of a site is refused', async () => {
  for (const body of [{url: 'ftp://shop.example/'}, {url: 'http://user:pass@shop.example/'}, {url: 'shop'}, {url: 'file:///etc/passwd'},
                      {url: site, max_pages: 51}, {url: site, depth: 4}, {url: site, depth: '1'}, {url: site, content: 'x'}])
    assert.equal((await call('POST', '/api/knowledge', {token: downtown, body})).status, 400, JSON.stringify(body));
  await row('update organizations set plan = \'FREE\' where slug = \'bici-uptown\' returning id');
  try {
    const {status, json} = await call('POST', '/api/knowledge', {token: uptown, body: {url: site}});
    assert.deepEqual([status, json.error.code], [403, 'plan']);
  } finally {
    await row('update organizations set plan = \'BASIC\' where slug = \'bici-uptown\' returning id');
  }
});
