// `node deploy/healthy.mjs PORT`: exit code 0 when the coordinator on this machine answers at /health, with TLS or without.
import { get as plain } from 'node:http';
import { get as secure } from 'node:https';

const port = Number(process.argv[2]);
const options = { host: '127.0.0.1', port, path: '/health', timeout: 3_000 };

const healthy = (get) =>
  new Promise((done) => {
    // Its own certificate names the machine, not 127.0.0.1, and nothing is told to whoever answers.
    const request = get({ ...options, rejectUnauthorized: false }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => done(false));
  });

process.exitCode = (await healthy(plain)) || (await healthy(secure)) ? 0 : 1;
