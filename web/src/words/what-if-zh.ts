import type { WhatIfWords } from './what-if-en.ts';

export const zh: WhatIfWords = {
  rules: {
    current: '盒子当前的规则',
    lru: '保留最近使用的内容',
    source: '早期的简单规则',
    best: '理论最优（预知全部请求）',
  },
  intro: '根据这里实际的请求，推算其他磁盘和规则能节省多少。',
  time: (from, to) => `从 ${from} 到 ${to}`,
  disk: '缓存磁盘',
  sizes: { half: '一半大小', same: '当前大小', double: '两倍大小', unbounded: '永不写满' },
  savedOf: (share) => `节省 ${share}`,
  asked: '请求总量',
  different: '不重复的内容',
  differentSays: '磁盘达到这个大小，就不会重复下载任何内容。',
  served: '盒子提供',
  fetched: '盒子下载',
  working: '盒子正在计算，可能需要一分钟。',
  none: '没有记录，或还没有任何请求。',
};
