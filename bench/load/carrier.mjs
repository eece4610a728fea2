// Takes every text at once, as Twilio's API would; says how many it took, for how many numbers.
import { createServer } from 'node:http';

let sent = 0;
const numbers = new Set();
createServer((req, res) => {
  let body = '';
  req.on('data', (chunk) => { body += chunk; });
  req.on('end', () => {
    if (req.url === '/_bench/texts') {
      res.end(JSON.stringify({ sent, numbers: numbers.size }));
      return;
    }
    sent += 1;
    numbers.add(new URLSearchParams(body).get('To'));
    res.writeHead(201, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ sid: `SM${sent.toString(16).padStart(32, '0')}` }));
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
