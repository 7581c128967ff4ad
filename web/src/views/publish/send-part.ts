import type { FleetUpload } from '#admin/contract-fleet.ts';
import { addressOf, problemOf } from '../../frame/call-shape.ts';
import { session } from '../../frame/session.ts';
import type { Part, Sent } from './send-files.ts';

const failed = (why: string): Sent => ({ ok: false, problem: { why, text: why } });

/** Sends a file from one of its bytes on. By XMLHttpRequest, as `fetch` does not tell how far a request is; without a time limit, as a slow line takes long. */
export function sendPart(file: Blob, part: Part, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<Sent> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const { method, url } = addressOf('PUT /api/fleet/uploads/{id}/files/{file}', {
      params: { id: part.upload, file: String(part.file) },
      query: { from: part.from },
    });
    request.open(method, url);
    request.setRequestHeader('content-type', 'application/octet-stream');
    const token = session.peek()?.csrfToken;
    if (token !== undefined) request.setRequestHeader('x-csrf-token', token);
    request.upload.onprogress = ({ loaded }) => onBytes(loaded);
    const abort = () => request.abort();
    const end = (sent: Sent) => {
      signal.removeEventListener('abort', abort);
      resolve(sent);
    };
    request.onload = () => end(answerOf(request));
    request.onerror = () => end(failed('no-answer'));
    request.onabort = () => end(failed('aborted'));
    signal.addEventListener('abort', abort);
    request.send(part.from === 0 ? file : file.slice(part.from));
  });
}

function answerOf({ status, responseText }: XMLHttpRequest): Sent {
  if (status < 200 || status >= 300) return { ok: false, problem: problemOf(status, responseText) };
  try {
    return { ok: true, answer: JSON.parse(responseText) as FleetUpload };
  } catch {
    return failed('garbled');
  }
}
