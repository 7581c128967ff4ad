import type { ConfirmWords } from './confirm-en.ts';

export const zh: ConfirmWords = {
  title: { settings: '新设置尚未确认', network: '新地址尚未确认' },
  left: (s) => `${s} 秒后自动恢复原样。`,
  text: '如果您仍能访问盒子，请点“保留”。如果什么都不做，一切会恢复原样。',
  silent: '盒子在这里已无应答。请打开它的新地址，在那里确认：',
  also: '也可以通过以下地址访问：',
  waitOut: '都打不开？请等待：盒子会自动恢复，并重新在这里应答。',
  keep: '保留',
  takeBack: '立即恢复原样',
  ended: {
    kept: '已确认，更改保留。',
    'taken-back': '已撤销，一切恢复原样。',
    reverted: '没有人确认，更改已自动撤销，一切恢复原样。',
  },
  close: '关闭',
};
