// The frame of the console: login, pages, presence, language.
import { useEffect, useMemo, useRef, useState } from 'react';
import { Alert, App as AntApp, Badge, Button, ConfigProvider, Dropdown, Layout, List, Menu, Popover, Select, Spin } from 'antd';
import zhCN from 'antd/es/locale/zh_CN';
import enUS from 'antd/es/locale/en_US';
import { BellOutlined, CustomerServiceOutlined, UserOutlined } from '@ant-design/icons';
import { Accounts, Audit } from './Accounts.jsx';
import { Api } from './Api.jsx';
import { api } from './api.js';
import { Customers } from './Customers.jsx';
import { Desk } from './Desk.jsx';
import { Knowledge } from './Knowledge.jsx';
import { live, useLive } from './live.js';
import { Login, OwnPassword } from './Login.jsx';
import { Privacy } from './Privacy.jsx';
import { alert } from './news.js';
import { Session, translator, useSession } from './strings.js';
import { Notifications } from './Notifications.jsx';
import { Supervisor } from './Supervisor.jsx';
import { Tickets } from './Tickets.jsx';
import { clock, setZone } from './time.js';

const PAGES = [
  { key: 'desk', needs: 'desk', page: Desk },
  { key: 'tickets', needs: 'tickets', page: Tickets },
  { key: 'customers', needs: 'customers', page: Customers },
  { key: 'supervisor', needs: 'supervise', page: Supervisor },
  { key: 'knowledge', needs: 'knowledge', page: Knowledge },
  { key: 'notifications', needs: 'campaigns', page: Notifications },
  { key: 'accounts', needs: 'accounts', page: Accounts },
  { key: 'api', needs: 'api', page: Api },
  { key: 'privacy', needs: 'privacy', page: Privacy },
  { key: 'audit', needs: 'audit', page: Audit },
];
/** Moving parts are hard on some people, who say so to their system; the components' scripts must know, too. */
const STILL = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
/** So many seconds a notice is shown, besides standing under the bell. */
const STAYS = 8;
const STATUS_COLOURS = { online: 'success', away: 'warning', offline: 'default' };

export function App() {
  const [language, setLanguage] = useState(localStorage.getItem('kefu.console.language') || 'zh');
  const t = useMemo(() => translator(language), [language]);
  const swap = () => {
    const next = language === 'zh' ? 'en' : 'zh';
    localStorage.setItem('kefu.console.language', next);
    setLanguage(next);
  };
  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  }, [language]);
  const colour = '#0f766e';
  const theme = {
    token: { colorPrimary: colour, colorLink: colour, colorInfo: colour, borderRadius: 8, fontSize: 14, motion: !STILL },
    components: { Table: { rowSelectedBg: '#f0fdfa', rowSelectedHoverBg: '#ccfbf1' } },
  };
  return (
    <ConfigProvider locale={language === 'zh' ? zhCN : enUS} theme={theme} button={{ autoInsertSpace: false }}>
      <AntApp className="whole" message={{ top: 60 }} notification={{ maxCount: 3 }}>
        <Gate t={t} swap={swap} />
      </AntApp>
    </ConfigProvider>
  );
}

/** Shows the login until somebody is logged in with a password of their own. */
function Gate({ t, swap }) {
  const { message, notification } = AntApp.useApp();
  const [me, setMe] = useState(undefined);
  useEffect(() => {
    api.onLoggedOut = () => setMe(null);
    api.get('me').then(setMe, () => setMe(null));
  }, []);
  const working = me && !me.account.must_change;
  useEffect(() => {
    if (!working || !me.permissions.includes('desk')) return undefined;
    live.start(me.account);
    return () => live.stop();
  }, [working, me?.account.id]);
  if (me) setZone(me.timezone);
  if (me === undefined) return <Spin className="centred" />;
  const session = me && { t, ...me, message, notification, may: (what) => me.permissions.includes(what), setMe, swap };
  if (!me) return <Login t={t} swap={swap} onDone={setMe} />;
  return (
    <Session.Provider value={session}>
      {working ? <Frame /> : <OwnPassword first onDone={setMe} />}
    </Session.Provider>
  );
}

function Frame() {
  const { t, account, may, notification, swap, setMe } = useSession();
  const pages = PAGES.filter(({ needs }) => may(needs));
  const [place, setPlace] = useState(readPlace);
  const { handoffs, unread, notices, connected } = useLive();
  const [changing, setChanging] = useState(false);
  useEffect(() => {
    const moved = () => setPlace(readPlace());
    window.addEventListener('hashchange', moved);
    return () => window.removeEventListener('hashchange', moved);
  }, []);
  const waiting = Object.values(handoffs).filter(({ state }) => state === 'queued').length;
  const given = notices.filter(({ fresh, kind }) => fresh && kind === 'mine').length;
  const news = waiting + given + Object.values(unread).reduce((sum, count) => sum + count, 0);
  useEffect(() => {
    document.title = (news ? `(${news}) ` : '') + t('app');
  }, [news, t]);
  const told = useRef({}); // how many of a kind are told of at present: a shift may begin with twenty tickets
  useEffect(() => alert(t, (said, { key, kind, place: where }) => {
    const { n: before = -1, at = 0 } = told.current[kind] ?? {};
    const n = Date.now() - at < STAYS * 1000 ? before + 1 : 0;
    told.current[kind] = { n, at: Date.now() };
    const look = () => {
      live.noticeSeen(key);
      notification.destroy(kind);
      delete told.current[kind];
      window.location.hash = where;
    };
    const button = <Button type="link" size="small" onClick={look}>{t('look')}</Button>;
    const type = ['neglected', 'late'].includes(kind) ? 'warning' : 'info';
    // Where it covers nothing that is worked with.
    notification.open({ key: kind, message: n ? t('news_more', { told: said, n }) : said, actions: button, type, duration: STAYS, placement: 'bottomLeft' });
  }), [t]);
  const shown = pages.find(({ key }) => key === place.page) || pages[0];
  const leave = async () => {
    await api.post('logout').catch(() => {});
    setMe(null);
  };
  const Page = shown?.page;
  const items = pages.map(({ key }) => ({
    key,
    label: key === 'desk' ? <Badge count={news} size="small" offset={[10, 0]}>{t(key)}</Badge> : t(key),
  }));
  const own = [
    { key: 'password', label: t('change_password'), onClick: () => setChanging(true) },
    { key: 'leave', label: t('log_out'), onClick: leave },
  ];
  return (
    <Layout className="whole">
      <Layout.Header className="head">
        <span className="brand"><CustomerServiceOutlined /> <b>{t('app')}</b></span>
        <Menu mode="horizontal" className="pages" items={items} selectedKeys={[shown?.key]}
              onClick={({ key }) => { window.location.hash = key; }} />
        {may('desk') && <Notices />}
        {may('desk') && <Presence />}
        <Button type="text" onClick={swap}>{t('language')}</Button>
        <Dropdown menu={{ items: own }} trigger={['click']}>
          <Button type="text" className="own" title={account.name} icon={<UserOutlined />}><span>{account.name}</span></Button>
        </Dropdown>
      </Layout.Header>
      {may('desk') && !connected && <Alert banner type="warning" message={t('reconnecting')} />}
      <Layout.Content className="page">{Page && <Page key={['desk', 'tickets', 'knowledge'].includes(shown.key) ? shown.key : `${shown.key}/${place.argument}`} argument={place.argument} />}</Layout.Content>
      {changing && <OwnPassword onDone={(me) => { setMe(me); setChanging(false); }} onCancel={() => setChanging(false)} />}
    </Layout>
  );
}

/** The last notices, each a way to what it is about. */
function Notices() {
  const { t } = useSession();
  const { notices } = useLive();
  const [open, setOpen] = useState(false);
  const show = (wanted) => {
    setOpen(wanted);
    if (!wanted) live.noticesSeen();
  };
  const go = ({ key, place }) => {
    live.noticeSeen(key);
    show(false);
    window.location.hash = place;
  };
  const list = (
    <List size="small" className="notices" dataSource={notices} locale={{ emptyText: t('no_notices') }} renderItem={(one) => (
      <List.Item key={one.key}>
        <Button type="link" size="small" onClick={() => go(one)}>{t(`news_${one.kind}`, one)}</Button>
        <span className="quiet">{clock(one.at, t.language)}</span>
      </List.Item>
    )} />
  );
  return (
    <Popover open={open} onOpenChange={show} trigger="click" placement="bottomRight" title={t('notices')} content={list}>
      <Badge count={notices.filter(({ fresh }) => fresh).length} size="small" offset={[-4, 4]}>
        <Button type="text" icon={<BellOutlined />} aria-label={t('notices')} />
      </Badge>
    </Popover>
  );
}

/** Whether one takes customers; what the server says holds (it sends silent desks offline). */
function Presence() {
  const { t, account, message } = useSession();
  const { agents } = useLive();
  const status = agents.find(({ id }) => id === account.agent_id)?.status || 'offline';
  const choose = (wish) => api.post('desk/status', { status: wish }).catch((error) => message.error(t.error(error)));
  const options = Object.keys(STATUS_COLOURS).map((value) => ({
    value,
    label: <Badge status={STATUS_COLOURS[value]} text={t(value)} />,
  }));
  return <Select aria-label={t('status')} className="presence" value={status} options={options} onChange={choose} />;
}

function readPlace() {
  const [page, argument] = decodeURIComponent(window.location.hash.slice(1)).split('/');
  return { page, argument };
}
