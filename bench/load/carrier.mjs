// Takes every text at once, as Twilio's API would.
import { createServer } from 'node:http';

let sent = 0;
createServer((req, res) => {
  req.resume().on('end', () => {
    sent += 1;
    res.writeHead(201, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ sid: `SM${sent.toString(16).padStart(32, '0')}` }));
  });
}).listen(Number(process.env.PORT), '127.0.0.1');
