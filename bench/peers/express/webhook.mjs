// The same work as most teams would write it: Express, the twilio middleware, BullMQ.
import express from 'express';
import twilio from 'twilio';
import { Queue } from 'bullmq';

const queue = new Queue('sms', { connection: { path: process.env.BENCH_REDIS } });
const app = express();

app.post('/api/webhooks/twilio/sms',
  express.urlencoded({ extended: false }),
  twilio.webhook(process.env.BENCH_TOKEN, { url: process.env.BENCH_URL }),
  async (req, res) => {
    await queue.add('sms.receive', req.body, { jobId: req.body.MessageSid });
    res.type('text/xml').send('<?xml version="1.0" encoding="UTF-8"?><Response/>');
  });

app.listen(Number(process.env.PORT), '127.0.0.1');
