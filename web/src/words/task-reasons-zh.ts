import type { TaskReasons } from './task-reasons-en.ts';

export const zh: TaskReasons = {
  taskState: { sleep: '休眠', down: '下载中', limited: '等待', complete: '已完整', gone: '已移除' },
  taskWhy: {
    'no-client': '目前没有客户机需要它。已有的内容随时可用。',
    'nothing-lacked': '已连接的客户机内容齐全，无需下载。',
    'expecting-client': '有客户机向 Tracker 查询了它：在客户机连接之前先下载开头部分。',
    prefill: '按管理员的要求提前下载。客户机的需要优先。',
    'no-metainfo': '目前只知道特征码，正在向客户机和外网节点询问种子信息。',
    'no-origin': '外网节点无应答。盒子继续提供已有内容，并继续寻找。',
    'no-slot': '下载名额被其他任务占用，正在排队。已有内容照常提供。',
    filling: '正在从外网节点提前下载。',
    'filling-on-demand': '正在下载客户机请求的内容，只下载一次，供所有客户机使用。',
    slow: '外网节点太慢，名额暂时让给了其他任务。',
    whole: '全部内容已校验并保存在本机，不再占用外网。',
    private: '私有种子：原样放行。',
    'disk-full': '磁盘已满。已有内容照常提供，不再保存新内容。',
    'disk-failed': '磁盘报告错误。客户机将直接从外网下载。',
    'day-used-up': '今天的外网流量已用完。午夜之前客户机将直接从外网下载。',
    'bad-pieces': '有节点发来校验失败的数据，已丢弃，正从别处重新下载。',
    rechecking: '上次未正常关机，正在校验遗留的内容。',
    removed: '已移除，正在删除其内容。',
  },
};
