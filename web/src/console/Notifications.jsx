// What customers are told without having asked: campaigns, and the outbox with what could not be sent.
import { useCallback, useEffect, useState } from 'react';
import { Button, Collapse, DatePicker, Descriptions, Drawer, Form, Input, Popconfirm, Select, Space, Table, Tabs, Tag, Typography } from 'antd';
import { api } from './api.js';
import { beside, Dialog, needed } from './Dialog.jsx';
import { useSession } from './strings.js';
import { clock } from './time.js';

const COLOURS = {
  draft: 'default', scheduled: 'processing', running: 'processing', paused: 'warning', done: 'success', cancelled: 'default',
  queued: 'processing', sending: 'processing', sent: 'success', failed: 'warning', dead: 'error', suppressed: 'default',
};
const STEPS = {
  draft: ['start', 'schedule', 'cancel'], scheduled: ['start', 'pause', 'cancel'], running: ['pause', 'cancel'],
  paused: ['resume', 'schedule', 'cancel'], done: ['cancel'], cancelled: [],
};
const STATES = ['queued', 'sending', 'sent', 'failed', 'dead', 'suppressed'];
const FIGURES = ['matched', 'audience', 'waiting', 'sent', 'delivered', 'read', 'replied', 'unsubscribed', 'suppressed', 'dead', 'unsure'];
// How a field of each kind is compared in a segment.
const COMPARED = { text: '=, !=, in', number: '=, !=, <, <=, >, >=, in', list: 'has' };

export function Notifications() {
  const { t, message } = useSession();
  const [known, setKnown] = useState(null);
  const fail = (error) => message.error(t.error(error));
  const load = useCallback(() => api.get('campaigns').then(setKnown, fail), []);
  useEffect(() => { load(); }, [load]);
  const attempt = async (work) => {
    try {
      const result = await work();
      load();
      return result ?? true;
    } catch (error) {
      fail(error);
      return false;
    }
  };
  const nameOf = (topic) => known?.topics.find((one) => one.topic === topic)?.name[t.language] ?? topic;
  const shared = { known, attempt, nameOf, fail, load };
  const items = [
    { key: 'campaigns', label: t('campaigns'), children: <Campaigns {...shared} /> },
    { key: 'outbox', label: t('outbox'), children: <Outbox {...shared} /> },
  ];
  return <div className="plain"><Tabs items={items} destroyInactiveTabPane /></div>;
}

function Campaigns({ known, attempt, nameOf, fail, load }) {
  const { t } = useSession();
  const [adding, setAdding] = useState(false);
  const [looking, setLooking] = useState(null);
  const [scheduling, setScheduling] = useState(null);
  const step = (id, what, more) => attempt(() => api.post(`campaigns/${id}/steps`, { step: what, ...more }));
  const columns = [
    { title: t('campaign_name'), dataIndex: 'name', render: (name, one) => <Button type="link" size="small" onClick={() => setLooking(one)}>{name}</Button> },
    { title: t('topic'), dataIndex: 'topic', width: 150, render: nameOf },
    { title: t('segment'), dataIndex: 'segment', responsive: ['md'], render: (segment) => <Typography.Text code>{segment || t('everybody')}</Typography.Text> },
    { title: t('status'), dataIndex: 'state', width: 170, render: (state, { starts_at: at }) => <><Tag color={COLOURS[state]}>{t(`campaign_${state}`)}</Tag>{state === 'scheduled' && clock(at, t.language)}</> },
    {
      title: '', key: 'do', width: 240,
      render: (_, { id, state }) => (
        <Space size={4}>
          {STEPS[state].map((what) => (what === 'schedule'
            ? <Button key={what} size="small" onClick={() => setScheduling(id)}>{t('campaign_schedule')}</Button>
            : (
              <Popconfirm key={what} title={t('campaign_sure')} onConfirm={() => step(id, what)}>
                <Button size="small" danger={what === 'cancel'}>{t(`campaign_${what}`)}</Button>
              </Popconfirm>
            )))}
        </Space>
      ),
    },
  ];
  return (
    <>
      <Button type="primary" disabled={!known} onClick={() => setAdding(true)}>{t('new_campaign')}</Button>
      <Table size="small" rowKey="id" className="below" scroll={{ x: 800 }} columns={columns} dataSource={known?.campaigns} loading={!known} pagination={{ hideOnSinglePage: true, pageSize: 50 }} />
      {adding && <NewCampaign known={known} nameOf={nameOf} onDone={load} onClose={() => setAdding(false)} />}
      {looking && <Results campaign={looking} fail={fail} onClose={() => setLooking(null)} />}
      {scheduling && <Schedule id={scheduling} onClose={() => setScheduling(null)} onDone={load} />}
    </>
  );
}

/** Drafts a campaign; whom it means is counted before, and nothing is sent yet. */
function NewCampaign({ known, nameOf, onDone, onClose }) {
  const { t } = useSession();
  const topics = known.topics.filter(({ always }) => !always).map(({ topic }) => ({ value: topic, label: nameOf(topic) }));
  const save = ({ segment = '', ...values }) => api.post('campaigns', { segment, ...values }).then(onDone);
  return (
    <Dialog width={640} title={t('new_campaign')} ok={t('save')} initial={{ topic: topics.at(-1)?.value }} onSend={save} onClose={onClose}>
      <Form.Item name="name" label={t('campaign_name')} rules={needed(t)}><Input maxLength={100} /></Form.Item>
      <Form.Item name="topic" label={t('topic')} rules={needed(t)}><Select options={topics} /></Form.Item>
      <Form.Item name="segment" label={t('segment')} extra={<SegmentHelp fields={known.fields} />}>
        <Input.TextArea autoSize maxLength={1000} placeholder="level = vip and channels has wechat" />
      </Form.Item>
      <Preview />
      <Form.Item name={['texts', 'zh']} label={t('text_zh')} rules={needed(t)}><Input.TextArea autoSize maxLength={500} /></Form.Item>
      <Form.Item name={['texts', 'en']} label={t('text_en')} rules={needed(t)}><Input.TextArea autoSize maxLength={500} /></Form.Item>
    </Dialog>
  );
}

/** Whom the segment typed into the form around it means. */
function Preview() {
  const { t, message } = useSession();
  const form = Form.useFormInstance();
  const [seen, setSeen] = useState(null);
  const preview = async () => {
    const { segment = '', topic } = form.getFieldsValue();
    try {
      setSeen(await api.post('campaigns/preview', { segment, topic }));
    } catch (error) {
      setSeen(null);
      if (!beside(form, error, t)) message.error(t.error(error));
    }
  };
  return (
    <Form.Item>
      <Space>
        <Button onClick={preview}>{t('preview')}</Button>
        {seen && <span role="status">{t('preview_counts', { known: seen.known, matched: seen.matched, subscribed: seen.subscribed })}</span>}
      </Space>
      {seen?.sample.map(({ conversation, profile }) => (
        <div key={conversation} className="quiet">{[conversation.slice(0, 12), profile.level, profile.channels.join(', '), profile.language, ...profile.devices, ...profile.cities].join(' · ')}</div>
      ))}
    </Form.Item>
  );
}

/** What a segment can be made of. */
function SegmentHelp({ fields }) {
  const { t } = useSession();
  const rows = Object.entries(fields).map(([name, kind]) => (
    <tr key={name}>
      <td><code>{name}</code></td>
      <td><code>{COMPARED[kind]}</code></td>
      <td>{t(`field_${name}`)}</td>
    </tr>
  ));
  const table = <table className="segment-fields"><tbody>{rows}</tbody></table>;
  return (
    <>
      {t('segment_hint')}
      <Collapse ghost size="small" items={[{ key: 1, label: t('segment_fields'), children: table }]} />
    </>
  );
}

function Schedule({ id, onDone, onClose }) {
  const { t } = useSession();
  const choose = ({ starts_at: at }) => api.post(`campaigns/${id}/steps`, { step: 'schedule', starts_at: at.toISOString() }).then(onDone);
  return (
    <Dialog title={t('campaign_schedule')} ok={t('save')} onSend={choose} onClose={onClose}>
      <Form.Item name="starts_at" label={t('campaign_starts')} rules={needed(t)}><DatePicker showTime /></Form.Item>
    </Dialog>
  );
}

function Results({ campaign, fail, onClose }) {
  const { t } = useSession();
  const [found, setFound] = useState(null);
  useEffect(() => { api.get(`campaigns/${campaign.id}/results`).then(setFound, fail); }, [campaign.id]);
  return (
    <Drawer open width={520} title={campaign.name} onClose={onClose}>
      <p>{campaign.texts[t.language]}</p>
      {found && (
        <Descriptions column={1} size="small" bordered>
          {FIGURES.map((name) => <Descriptions.Item key={name} label={t(`figure_${name}`)}>{found[name]}</Descriptions.Item>)}
        </Descriptions>
      )}
    </Drawer>
  );
}

function Outbox({ nameOf, attempt, fail }) {
  const { t } = useSession();
  const [states, setStates] = useState([]);
  const [page, setPage] = useState(null);
  const [chosen, setChosen] = useState([]);
  const load = useCallback(async (before) => {
    try {
      const next = await api.get('notifications', { state: states, before });
      setPage((kept) => (before ? { ...next, notifications: [...kept.notifications, ...next.notifications] } : next));
    } catch (error) {
      fail(error);
    }
  }, [states]);
  useEffect(() => { setChosen([]); load(); }, [load]);
  const again = async () => {
    await attempt(() => api.post('notifications/again', { ids: chosen }));
    setChosen([]);
    load();
  };
  const columns = [
    { title: t('at'), dataIndex: 'created_at', width: 120, render: (at) => clock(at, t.language) },
    { title: t('customer'), dataIndex: 'customer', render: (customer) => customer.slice(0, 14) },
    { title: t('topic'), dataIndex: 'topic', width: 140, render: nameOf },
    { title: t('channel'), dataIndex: 'channel', width: 90, render: (channel) => channel ?? '—' },
    { title: t('status'), dataIndex: 'state', width: 220, render: (state, { reason, unsure }) => <><Tag color={COLOURS[state]}>{t(`outbox_${state}`)}</Tag>{unsure && <Tag color="warning">{t('outbox_unsure')}</Tag>}{reason && <span className="quiet">{reason}</span>}</> },
  ];
  const options = STATES.map((state) => ({ value: state, label: `${t(`outbox_${state}`)} ${page?.counts[state] ?? 0}` }));
  return (
    <>
      <Space wrap>
        <Select mode="multiple" className="filter" style={{ minWidth: 260 }} aria-label={t('status')} placeholder={t('status')} options={options} value={states} onChange={setStates} />
        <Button onClick={() => load()}>{t('refresh')}</Button>
        <Button type="primary" disabled={!chosen.length} onClick={again}>{t('send_again')}</Button>
      </Space>
      <Table size="small" rowKey="id" className="below" scroll={{ x: 700 }} columns={columns} dataSource={page?.notifications} loading={!page} pagination={false}
             rowSelection={{ selectedRowKeys: chosen, onChange: setChosen, getCheckboxProps: ({ state }) => ({ disabled: state !== 'dead' }) }} />
      {page?.more && <Button className="below" onClick={() => load(page.notifications.at(-1).id)}>{t('more')}</Button>}
    </>
  );
}
