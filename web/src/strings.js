// Every sentence of the page. What the assistant says is in domain.yml, not here.

export const strings = {
  zh: {
    locale: 'zh-CN',
    title: '在线客服',
    switchLanguage: 'English',
    switchLanguageLabel: '切换到英文',
    placeholder: '请描述您的问题…',
    inputLabel: '输入消息',
    logLabel: '对话记录',
    earlier: '查看更早的消息',
    status: { connecting: '正在连接…', online: '在线', reconnecting: '正在重新连接…' },
    offline: '暂时连不上客服。您可以继续输入，恢复后会自动发送。',
    renewed: '上次的会话已过期，已为您开始新的对话。',
    receipt: { waiting: '等待网络', sending: '发送中', sent: '已收到', processing: '处理中', answered: '已回复', failed: '未发送' },
    elsewhere: { wechat: '微信', app: 'App' },
    retry: '重新发送',
    remove: '删除',
    tooLong: (length, limit) => `最多 ${limit} 个字，当前 ${length} 个字，请分成几条发送。`,
    errors: {
      too_long: '消息太长，请分成几条发送',
      empty: '消息是空的',
      unknown_button: '这个选项已失效，请直接输入',
      default: '消息没有发出去',
    },
    notices: { not_answered: '抱歉，这条消息暂时没能处理成功，请稍后再发一次。' },
    you: '您',
    bot: '客服',
    chosen: '已选择',
    picture: '图片',
    opensNewWindow: '（在新窗口打开）',
    typing: '客服正在输入',
    news: {
      open: '通知设置', title: '通知设置', close: '完成', always: '与您的事务有关，自动通知', quiet: '免打扰时段',
      from: '免打扰开始', until: '免打扰结束', failed: '没有保存成功，请稍后再试。',
    },
  },
  en: {
    locale: 'en-US',
    title: 'Support',
    switchLanguage: '中文',
    switchLanguageLabel: 'Switch to Chinese',
    placeholder: 'How can we help?',
    inputLabel: 'Message',
    logLabel: 'Conversation',
    earlier: 'Show earlier messages',
    status: { connecting: 'Connecting…', online: 'Online', reconnecting: 'Reconnecting…' },
    offline: 'We cannot be reached right now. Keep typing: messages are sent once the connection is back.',
    renewed: 'Your last session has expired, so this is a new conversation.',
    receipt: { waiting: 'Waiting for network', sending: 'Sending', sent: 'Received', processing: 'In progress', answered: 'Answered', failed: 'Not sent' },
    elsewhere: { wechat: 'WeChat', app: 'App' },
    retry: 'Send again',
    remove: 'Remove',
    tooLong: (length, limit) => `At most ${limit} characters (now ${length}); please split the message.`,
    errors: {
      too_long: 'The message is too long; please split it',
      empty: 'The message is empty',
      unknown_button: 'This option has expired; please type instead',
      default: 'The message was not sent',
    },
    notices: { not_answered: 'Sorry, this message could not be handled. Please send it again in a moment.' },
    you: 'You',
    bot: 'Support',
    chosen: 'Chosen',
    picture: 'Picture',
    opensNewWindow: '(opens in a new window)',
    typing: 'Support is typing',
    news: {
      open: 'Notifications', title: 'Notifications', close: 'Done', always: 'about your own affairs, always on', quiet: 'Quiet hours',
      from: 'Quiet from', until: 'Quiet until', failed: 'This was not saved. Please try again later.',
    },
  },
};

/** The language to begin with: chosen before, else the browser's, else Chinese. */
export function firstLanguage(chosen, browser) {
  if (chosen in strings) return chosen;
  return (browser || '').toLowerCase().startsWith('en') ? 'en' : 'zh';
}
