// Runs in a worker thread: answers one question after the other about the list of all torrents.
import { parentPort, workerData } from 'node:worker_threads';
import { errorText } from '#base/errors.ts';
import { type ListAnswer, type ListQuestion, TaskSearch } from './task-search.ts';

export type SearchJob = { readonly id: number; readonly question: ListQuestion };
export type SearchResult = { readonly id: number } & ({ readonly answer: ListAnswer } | { readonly why: string });

const search = new TaskSearch((workerData as { path: string }).path);

parentPort?.on('message', ({ id, question }: SearchJob) => {
  let result: SearchResult;
  try {
    result = { id, answer: search.ask(question, performance.now()) };
  } catch (error) {
    result = { id, why: errorText(error) };
  }
  parentPort?.postMessage(result);
});
