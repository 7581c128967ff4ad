import type { CentralFrameWords } from './central-frame-en.ts';

export const zh: CentralFrameWords = {
  problem: {
    malformed: '中心无法理解页面发送的内容。',
    'too-large': '内容过大，中心不接受。',
    'wrong-type': '中心无法理解页面发送的内容。',
    busy: '中心正忙，请稍后再试。',
    'not-available': '中心不支持该操作。',
    failed: '中心执行失败，详见其日志。',
    'not-set-up': '中心尚未设置。',
    'already-set-up': '中心已经设置过。',
    'disk-full': '中心的磁盘空间不足。',
    'no-answer': '中心无应答。',
    garbled: '无法理解中心的应答。',
  },
  connecting: '正在连接中心…',
  lost: (time) => `与中心的连接已断开，以下是 ${time} 的数据。`,
  lostEarly: '暂时连不上中心。',
};
