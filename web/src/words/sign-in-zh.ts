import type { SignInWords } from './sign-in-en.ts';

export const zh: SignInWords = {
  title: '登录',
  name: '用户名',
  password: '密码',
  code: '验证器应用的验证码',
  codeHint: '六位数字。',
  act: '登录',
  missing: '必填。',
  locked: (s) => `尝试次数过多，请在 ${s} 秒后重试。`,
  guest: '不登录，只查看',
  lost: '忘记密码？其他管理员可以为您设置新密码；在运行它的机器上，能打开控制套接字的人也可以。',
};
