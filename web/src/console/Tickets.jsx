// The list of tickets: filters, kept views, many at once.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Button, Checkbox, Dropdown, Form, Grid, Input, Select, Space, Table, Tag } from 'antd';
import { api } from './api.js';
import { Dialog, needed } from './Dialog.jsx';
import { HandOn } from './HandOn.jsx';
import { useLive, useTicketNews } from './live.js';
import { useSession } from './strings.js';
import { ASKS, Ask, StatusTag, TicketDrawer, UrgencyTag } from './TicketDetail.jsx';
import { Deadline, Escalated } from './TicketStanding.jsx';
import { clock } from './time.js';

const NONE = { status: [], kind: [], urgency: [], queue: [], assignee: '', due: [], escalated: false, text: '', order: 'newest' };
const DUE = ['soon', 'late'];
const STATUSES = ['new', 'assigned', 'in_progress', 'waiting', 'resolved', 'closed', 'cancelled', 'merged'];
const STEPS = ['in_progress', 'waiting', 'resolved'];
const ORDERS = ['newest', 'due', 'priority', 'oldest', 'changed', 'urged'];

/** Notices lead to a ticket, which opens. */
const NUMBER = /^[A-Z]{2}\d{10,}[\dX]$/;

/** What `#tickets/...` asks for: words to search, or filters as `name=value&...`. */
function asked(argument) {
  if (!argument?.includes('=')) return { ...NONE, text: argument || '' };
  const given = new URLSearchParams(argument);
  const lists = Object.keys(NONE).filter((name) => Array.isArray(NONE[name])).map((name) => [name, given.getAll(name)]);
  const words = ['assignee', 'text'].map((name) => [name, given.get(name) ?? '']);
  return { ...NONE, ...Object.fromEntries([...lists, ...words]), escalated: given.has('escalated'), order: given.get('order') ?? 'due' };
}

/** The address of the list with these filters, as `asked` reads it. */
function addressOf(filters) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (name === 'order' || String(value) !== String(NONE[name])) for (const one of [value].flat()) given.append(name, one);
  }
  return `#tickets/${encodeURIComponent(given)}`;
}

export function Tickets({ argument }) {
  const { t, labels, message, may } = useSession();
  const { agents } = useLive();
  const wide = Grid.useBreakpoint().lg;
  // In the address, so that a reload keeps them, and links lead to them.
  const filters = useMemo(() => asked(argument), [argument]);
  const [handing, setHanding] = useState(false);
  const [asking, setAsking] = useState(null);
  const [page, setPage] = useState(1);
  const [size, setSize] = useState(20);
  const [found, setFound] = useState(null);
  const [chosen, setChosen] = useState([]);
  const [number, setNumber] = useState(null);
  const asks = useRef(0);
  const load = useCallback(async () => {
    asks.current += 1;
    const turn = asks.current;
    try {
      const page_ = await api.get('tickets', { ...filters, page, size });
      // Answers may come in another order than they were asked for: the last one asked for is shown.
      if (turn === asks.current) setFound(page_);
    } catch (error) {
      if (turn === asks.current) message.error(t.error(error));
    }
  }, [filters, page, size]);
  useEffect(() => { load(); }, [load]);
  useTicketNews(load);
  useEffect(() => {
    setPage(1);
    setChosen([]);
    setNumber(NUMBER.test(argument) ? argument : null);
  }, [argument]);
  // The address forgets the ticket with its drawer, so that the next notice about it opens it again.
  const leave = () => {
    setNumber(null);
    if (NUMBER.test(argument)) window.location.replace(addressOf(NONE));
  };
  const narrow = (change) => window.location.replace(addressOf({ ...filters, ...change }));
  const moveAll = async (_, step) => {
    const { moved, refused } = await api.post('tickets/bulk', { tickets: marked.map((one) => ({ number: one.number, version: one.version })), ...step });
    if (moved.length) message.success(t('bulk_done', { n: moved.length }));
    for (const code of new Set(refused.map((one) => one.code))) {
      message.warning(`${t.error({ code })} ${refused.filter((one) => one.code === code).map((one) => one.number).join(' ')}`, 8);
    }
    setChosen([]);
    load();
  };
  const moveNow = (status) => moveAll(null, { status }).catch((error) => message.error(t.error(error)));
  // Of those chosen, what the list still shows: it may have been loaded anew.
  const marked = found?.tickets.filter((one) => chosen.includes(one.number)) ?? [];
  const columns = [
    { title: t('number'), dataIndex: 'number', width: 150, render: (value) => <Button type="link" size="small" onClick={() => setNumber(value)}>{value}</Button> },
    { title: t('status'), dataIndex: 'status', width: t.language === 'en' ? 150 : 110, render: (value) => <StatusTag status={value} /> },
    { title: t('kind'), dataIndex: 'kind', width: 100, responsive: ['lg'], render: (value) => t.label(labels.kinds[value], value) },
    { title: t('urgency'), dataIndex: 'urgency', width: 90, render: (value) => <UrgencyTag urgency={value} /> },
    {
      title: t('summary'), dataIndex: 'summary', className: 'what',
      render: (value, ticket) => (
        <>
          {ticket.escalated_at && <Escalated />}
          {ticket.urged > 0 && <Tag color="volcano">{t('urged_times', { n: ticket.urged })}</Tag>}
          <span>{value}</span>
        </>
      ),
    },
    { title: t('queue_name'), dataIndex: 'queue', width: 110, responsive: ['lg'], render: (name) => t.label(labels.queues[name], name) },
    { title: t('assignee'), dataIndex: 'assignee', width: 100, render: (name, { waits }) => (waits ? <i className="quiet">{t('nobody')}</i> : name) },
    { title: t('due'), key: 'due', width: 140, render: (_, ticket) => <Deadline ticket={ticket} /> },
    { title: t('opened'), dataIndex: 'opened_at', width: 110, responsive: ['xl'], render: (value) => clock(value, t.language) },
  ];
  const select = (label, options, name = label) => (
    <Select mode="multiple" allowClear placeholder={t(label)} aria-label={t(label)} className="filter" maxTagCount="responsive"
            value={filters[name]} options={options} onChange={(value) => narrow({ [name]: value })} />
  );
  const holders = [
    { value: '', label: t('anyone') }, { value: 'mine', label: t('mine') }, { value: 'none', label: t('unassigned') },
    ...(may('supervise') ? agents.map(({ id, name }) => ({ value: String(id), label: name })) : []),
  ];
  const named = (table) => Object.entries(table).map(([value, label]) => ({ value, label: t.label(label) }));
  return (
    <div className="tickets">
      <Space wrap className="filters">
        <Input.Search allowClear key={filters.text} defaultValue={filters.text} placeholder={t('search_tickets')} aria-label={t('search_tickets')}
                      className="search" onSearch={(text) => narrow({ text: text.trim() })} />
        {select('status', STATUSES.map((value) => ({ value, label: t(`status_${value}`) })))}
        {select('kind', named(labels.kinds))}
        {select('urgency', named(labels.urgencies))}
        {select('queue_name', named(labels.queues), 'queue')}
        <Select className="filter" aria-label={t('assignee')} value={filters.assignee} onChange={(assignee) => narrow({ assignee })} options={holders} />
        {select('due', DUE.map((value) => ({ value, label: t(`due_${value}`) })))}
        <Checkbox checked={filters.escalated} onChange={({ target }) => narrow({ escalated: target.checked })}>{t('only_escalated')}</Checkbox>
        <Select aria-label={t('order')} value={filters.order} onChange={(order) => narrow({ order })} options={ORDERS.map((value) => ({ value, label: t(`order_${value}`) }))} />
        <Button onClick={() => narrow(NONE)}>{t('reset')}</Button>
        <Views filters={filters} apply={narrow} />
      </Space>
      <Table size="small" rowKey="number" columns={columns} dataSource={found?.tickets} loading={!found} scroll={{ x: wide ? 1020 : 760 }} tableLayout="fixed"
             rowSelection={{ selectedRowKeys: chosen, onChange: setChosen }}
             onRow={(ticket) => ({ onDoubleClick: () => setNumber(ticket.number) })}
             pagination={{
               current: page, pageSize: size, total: found?.total, showSizeChanger: true, showTotal: (n) => t('total', { n }),
               onChange: (next, nextSize) => { setPage(next); setSize(nextSize); setChosen([]); },
             }} />
      {marked.length > 0 && (
        <Space className="bulk">
          <b>{t('selected', { n: marked.length })}</b>
          {STEPS.map((status) => <Button key={status} onClick={() => (ASKS[status] ? setAsking(status) : moveNow(status))}>{t(`step_${status}`)}</Button>)}
          {may('supervise') && <Button onClick={() => setHanding(true)}>{t('hand_on')}</Button>}
        </Space>
      )}
      {asking && <Ask step={asking} count={marked.length} onClose={() => setAsking(null)} onSend={moveAll} />}
      {handing && <HandOn many tickets={marked} onClose={() => setHanding(false)} onDone={() => { setChosen([]); load(); }} />}
      {number && <TicketDrawer key={number} number={number} onClose={leave} onChanged={load} />}
    </div>
  );
}

function Views({ filters, apply }) {
  const { t, message } = useSession();
  const [views, setViews] = useState([]);
  const [naming, setNaming] = useState(false);
  const load = () => api.get('ticket-views').then((page) => setViews(page.views), () => {});
  useEffect(() => { load(); }, []);
  const keep = ({ name }) => api.post('ticket-views', { name, filters }).then(load);
  const items = [
    ...views.map((view) => ({
      key: view.id,
      label: (
        <span className="view">
          {view.name}
          <Button type="text" size="small" aria-label="×" onClick={(event) => { event.stopPropagation(); api.drop(`ticket-views/${view.id}`).then(load); }}>×</Button>
        </span>
      ),
      onClick: () => apply(view.filters),
    })),
    { type: 'divider' },
    { key: 'new', label: t('save_view'), onClick: () => setNaming(true) },
  ];
  return (
    <>
      <Dropdown menu={{ items }} trigger={['click']}><Button>{t('views')} ▾</Button></Dropdown>
      {naming && (
        <Dialog title={t('save_view')} ok={t('save')} onSend={keep} onClose={() => setNaming(false)}>
          <Form.Item name="name" label={t('view_name')} rules={needed(t)}><Input maxLength={32} /></Form.Item>
        </Dialog>
      )}
    </>
  );
}
