// The internet as a browser of a test has it: web sites that are made here, and a way to the
// system from an address of the test's own, by which visitors are counted, that can break.
import {once} from 'node:events';
import {createServer} from 'node:http';
import net from 'node:net';

/*
 * site(url, {body, headers}): a page of a web site without TLS. proxy: what a browser's context is
 * to have. deafen(): what is sent arrives, what is answered does not. cut(): every connection
 * breaks, and there is none until mend().
 */
export async function openInternet(localAddress) {
  const pages = new Map();
  const tunnels = new Set();
  let broken = false, deaf = false;

  const server = createServer((req, res) => {
    const page = pages.get(req.url);
    if (!page) return res.writeHead(404).end();
    res.writeHead(200, {'content-type': 'text/html; charset=utf-8', ...page.headers}).end(page.body);
  });
  server.on('connect', (req, client) => {
    if (broken) return client.destroy();
    const [host, port] = req.url.split(':');
    const system = net.connect({host, port, localAddress});
    const tunnel = {client, system};
    tunnels.add(tunnel);
    system.once('connect', () => client.write('HTTP/1.1 200 OK\r\n\r\n'));
    client.on('data', (d) => system.write(d));
    system.on('data', (d) => deaf || client.write(d));
    for (const [end, other] of [[client, system], [system, client]]) {
      end.on('error', () => {});
      end.on('close', () => {
        other.destroy();
        tunnels.delete(tunnel);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = () => {
    broken = true;
    for (const {client, system} of tunnels) [client, system].forEach((end) => end.destroy());
  };
  return {
    proxy: {server: `http://127.0.0.1:${server.address().port}`, bypass: '<-loopback>'},
    site: (url, page) => pages.set(url, page),
    cut,
    deafen: () => {
      deaf = true;
    },
    mend: () => {
      broken = deaf = false;
    },
    close: () => {
      cut();
      server.closeAllConnections?.();
      server.close();
    },
  };
}
