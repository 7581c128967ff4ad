// health.mjs: whether the daemon answers on its control socket, and what it says of itself. Ends with 0 when it steers.
import { request } from 'node:http';

const asked = request({ socketPath: '/data/swarmbox/control.sock', path: '/api/health', timeout: 5_000 }, (answer) => {
  let text = '';
  answer.on('data', (part) => {
    text += part;
  });
  answer.on('end', () => {
    console.log(answer.statusCode, text.slice(0, 300));
    process.exit(answer.statusCode === 200 ? 0 : 1);
  });
});
asked.on('timeout', () => asked.destroy(new Error('no answer')));
asked.on('error', (error) => {
  console.log(error.message);
  process.exit(1);
});
asked.end();
