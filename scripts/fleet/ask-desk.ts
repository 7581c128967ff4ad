/** Asks a central, as whoever runs it does. */
import { request } from 'node:http';

export function askDesk<T>(socketPath: string, method: string, path: string, body?: object): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const asked = request({ socketPath, method, path }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    answer.on('end', () => (answer.statusCode === 200 ? resolve(JSON.parse(text) as T) : reject(new Error(text))));
  });
  asked.on('error', reject);
  asked.end(body && JSON.stringify(body));
  return promise;
}
