import type { PrefillWords } from './prefill-en.ts';

const n0 = (n: number) => n.toLocaleString('zh-CN');

export const zh: PrefillWords = {
  intro: '管理员希望提前下载到盒子上的内容。',
  waiting: (n) => `${n0(n)} 个等待或下载中`,
  held: '目前暂停下载',
  none: '列表为空',
  noneHint: '添加磁力链接或 .torrent 文件：将在夜间时段下载，第一台客户机需要时已经准备好。',
  add: '添加种子',
  here: (share, size) => `${share}，共 ${size}`,
  sizeUnknown: '大小未知',
  ordered: (when) => `添加于${when}`,
  ended: (when) => `结束于${when}`,
  front: '移到最前',
  now: '立即下载',
  remove: '移除',
  removeTitle: '从列表中移除？',
  removeSays: (name) => `不再下载 ${name}。已有的内容保留，直到被淘汰。`,
  removed: '已从列表中移除。',
  moved: '已移到最前。',
  started: '已开始下载。',
  waitingTitle: '按此顺序',
  endedTitle: '已结束',
  unnamed: '名称未知',
  progressOf: (name) => `${name} 的进度`,
  orders: (n) => `${n0(n)} 个种子`,
};
