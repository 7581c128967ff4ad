import type { WhatIfWords } from './what-if-en.ts';

export const zh: WhatIfWords = {
  rules: { current: '盒子当前的规则', lru: '保留最近使用的内容', source: '最初的规则', best: '预知全部请求时' },
  intro: '根据这里实际的请求，推算其他磁盘和规则能节省多少。',
  time: (from, to) => `从 ${from} 到 ${to}`,
  disk: '缓存磁盘',
  sizes: { half: '一半大小', same: '当前大小', double: '两倍大小', unbounded: '不限大小' },
  savedOf: (share) => `节省 ${share}`,
  asked: '请求总量',
  different: '不重复的内容',
  differentSays: '有这么大的磁盘就不会重复下载。',
  served: '盒子提供',
  fetched: '盒子下载',
  working: '盒子正在计算，可能需要一分钟。',
  none: '没有记录，或还没有任何请求。',
};
