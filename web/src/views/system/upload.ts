import type { Problem } from '#admin/contract-common.ts';
import type { UpdateView } from '#admin/contract-machine.ts';
import { problemOf } from '../../frame/call-shape.ts';
import { session } from '../../frame/session.ts';

export type Uploaded = { ok: true; answer: UpdateView } | { ok: false; problem: Problem };

const failed = (why: string): Uploaded => ({ ok: false, problem: { why, text: why } });

/** Sends an update bundle. By XMLHttpRequest, as `fetch` does not tell how far a request is; without a time limit, as a slow line takes long. */
export function uploadBundle(file: Blob, onShare: (share: number) => void, signal: AbortSignal): Promise<Uploaded> {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/update/bundle');
    request.setRequestHeader('content-type', 'application/octet-stream');
    const token = session.peek()?.csrfToken;
    if (token !== undefined) request.setRequestHeader('x-csrf-token', token);
    request.upload.onprogress = ({ loaded, total }) => total > 0 && onShare(loaded / total);
    request.onload = () => resolve(answerOf(request));
    request.onerror = () => resolve(failed('no-answer'));
    request.onabort = () => resolve(failed('aborted'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

function answerOf({ status, responseText }: XMLHttpRequest): Uploaded {
  if (status < 200 || status >= 300) return { ok: false, problem: problemOf(status, responseText) };
  try {
    return { ok: true, answer: JSON.parse(responseText) as UpdateView };
  } catch {
    return failed('garbled');
  }
}
