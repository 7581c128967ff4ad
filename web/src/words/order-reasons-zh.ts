import type { OrderReasons } from './order-reasons-en.ts';

export const zh: OrderReasons = {
  orderWhy: {
    prefill: '正在下载。',
    'prefill-waits': '等待前面的任务。',
    'window-shut': '等待配置中规定的预下载时段。',
    'day-used-up': '预下载可用的今日流量已用完，等到明天。',
    overload: '盒子正忙于客户机，稍后再下载。',
    'no-room': '等待空间：近期预下载并保留的内容已占满其磁盘份额。',
    'no-progress': '十分钟没有收到数据，先让其他任务下载，一小时内再试。',
    stalled: '最近外网没有数据，一小时内再试。',
    'no-metainfo': '没有节点提供种子信息，一小时内再试。',
    'task-failed': '盒子处理该种子时出错，一小时内再试。',
    whole: '已完整保存在本机并通过校验。',
    private: '已放弃：私有种子，配置中未允许服务。',
    blocked: '已放弃：配置中不允许服务。',
    unsupported: '已放弃：盒子不支持这类种子。',
    'too-large': '已放弃：超过最大磁盘的容量。',
    'given-up': '已放弃：一个月内未能下载到。',
  },
};
