import type { Language } from '../http/exchange';
import { inLanguage, type Pair } from './text';

// What a scope opens, completing "Let it …". The scopes that no user is asked about are not here.
const purposes: Readonly<Record<string, Pair>> = {
  openid: ['知道你是谁', 'know who you are'],
  basic: ['读取账号和姓名', 'read your account and name'],
  essential: ['读取学工号、身份和单位', 'read your number, user type and organisation'],
  profile: ['读取手机号、邮箱等账号资料', 'read your mobile number, e-mail and account details'],
  unicode: ['使用思源码', 'use your Siyuan code'],
  tasks: ['读取待办和流程', 'read your tasks and workflows'],
  notifications: ['读取系统通知', 'read your notifications'],
  privacy: ['读取证件、生日和照片', 'read your ID document, date of birth and pictures'],
  signature: ['使用数字签名', 'use your digital signature'],
  manage_card: ['管理校园卡', 'administer campus cards'],
  read_mails: ['读取邮件', 'read your mail'],
  send_mail: ['发送邮件', 'send mail as you'],
  modify_notification: ['修改自己发出的通知', 'change the notifications it sent'],
  lessons: ['读取课程', 'read your lessons'],
  classes: ['读取课表', 'read your timetable'],
  exams: ['读取考试安排', 'read your examinations'],
  scores: ['读取成绩', 'read your examination results'],
  students_list: ['读取教学班名单', 'read class rosters'],
  card_info: ['读取校园卡信息', 'read your campus card'],
  card_transactions: ['读取校园卡流水', 'read your card transactions'],
  write_card_info: ['挂失、充值校园卡', 'report your card lost and top it up'],
  income: ['读取收入', 'read your income'],
  edit_jaccount: ['修改你的账号', 'change your account'],
  net_service_info: ['读取网络服务信息', 'read your network services'],
  connect_wechat: ['绑定微信', 'connect your WeChat'],
  connect_shmec: ['绑定上海教委账号', 'connect your Shanghai education account'],
  print: ['使用自助打印', 'use self-service printing'],
  calendar: ['同步日历', 'synchronise your calendar'],
};

/** What an application does with a scope; undefined where jAccount documents no such scope for a user to allow. */
export function purposeOf(scope: string, language: Language): string | undefined {
  return Object.hasOwn(purposes, scope) ? inLanguage(purposes[scope] as Pair, language) : undefined;
}
