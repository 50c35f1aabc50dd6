// One entry: editing it, its versions, undoing, and settling what was changed in two places.
import { useEffect, useState } from 'react';
import { Alert, Button, Collapse, Drawer, Form, Input, Popconfirm, Select, Space, Spin, Timeline } from 'antd';
import { api } from './api.js';
import { KINDS, SourceName, StateTags } from './KnowledgeEntries.jsx';
import { asContent, asValues, blame, EntryForm, OF_A_LINE } from './KnowledgeForm.jsx';
import { KindTag } from './KnowledgeTrial.jsx';
import { useSession } from './strings.js';
import { clock } from './time.js';

/** `start`: `{ref}` of an entry, or `{kind, line, content}` of a new one. */
export function EntryDrawer({ start, choices, onClose, onChanged, show, ask }) {
  const { t, message } = useSession();
  const [entry, setEntry] = useState(null);
  const [kind, setKind] = useState(start.kind);
  const [busy, setBusy] = useState(false);
  const [note, setNote] = useState('');
  const [form] = Form.useForm();
  const show_ = (whole) => {
    setEntry(whole);
    setKind(whole.kind);
    setNote('');
    form.setFieldsValue(asValues(whole.kind, whole.content || whole.base || {}, whole.line));
  };
  useEffect(() => {
    if (!start.ref) return;
    api.get('entries/one', { ref: start.ref }).then(({ entry: whole }) => show_(whole), (error) => { message.error(t.error(error)); onClose(); });
  }, [start]);
  const send = async (path, body, told) => {
    if (busy) return;
    setBusy(true);
    try {
      const { entry: whole } = await api.post(path, body);
      message.success(t(told));
      show_(whole);
      onChanged(whole);
    } catch (error) {
      const said = error.status === 422 && error.message ? `${t.error(error)} (${error.message})` : t.error(error);
      if (!kind || !blame(form, kind, error, said)) message.error(said);
    }
    setBusy(false);
  };
  const save = (values) => {
    const content = asContent(kind, values);
    const line = OF_A_LINE.includes(kind) ? values.entry_line : null;
    return send('entries', { kind, line, content, ref: entry?.ref ?? null, seen: entry?.version ?? 0, note }, 'kn_published');
  };
  const seen = entry && { ref: entry.ref, seen: entry.version };
  const title = entry ? <><KindTag kind={entry.kind} /> {entry.name} <StateTags of={entry} /></> : t('kn_new_of', { kind: t(`kn_kind_${kind}`) });
  const footer = (
    <Space wrap className="entry-footer">
      <Input className="note-box" maxLength={255} placeholder={t('kn_note')} aria-label={t('kn_note')} value={note} onChange={({ target }) => setNote(target.value)} />
      <Button type="primary" loading={busy} onClick={() => form.submit()}>{t('kn_publish')}</Button>
      {entry?.version > 0 && <Button onClick={() => send('entries/undo', seen, 'kn_undone')}>{t('kn_undo')}</Button>}
      {entry && !entry.removed && (
        <Popconfirm title={t('kn_remove_sure')} okText={t('remove')} cancelText={t('cancel')} onConfirm={() => send('entries/remove', { ...seen, note }, 'kn_removed')}>
          <Button danger>{t('remove')}</Button>
        </Popconfirm>
      )}
    </Space>
  );
  return (
    <Drawer open onClose={onClose} title={title} width={Math.min(720, window.innerWidth - 40)} footer={footer}
            extra={entry && !entry.removed && <Space><Button size="small" onClick={() => { onClose(); ask(entry.name); }}>{t('kn_tab_trial')}</Button><Button size="small" onClick={() => { onClose(); show(entry.ref); }}>{t('kn_tab_graph')}</Button></Space>}>
      {entry?.problem && <Alert className="warned" type="error" showIcon message={t('kn_set_aside')} description={entry.problem} />}
      {entry?.conflict && <Conflict entry={entry} keep={() => send('entries/keep', seen, 'kn_published')} take={() => send('entries/restore', { ...seen, number: 0 }, 'kn_published')} />}
      {!start.ref && (
        <Select className="filter warned" aria-label={t('kind')} value={kind} onChange={setKind} options={KINDS.map((value) => ({ value, label: t(`kn_kind_${value}`) }))} />
      )}
      {start.ref && !entry ? <Spin /> : (
        <EntryForm key={`${kind}${entry?.version ?? ''}`} form={form} kind={kind} choices={choices} onSubmit={save}
                   start={entry ? asValues(kind, entry.content || entry.base || {}, entry.line) : asValues(kind, start.content || {}, start.line)} />
      )}
      {entry && <History entry={entry} restore={(number) => send('entries/restore', { ...seen, number }, 'kn_undone')} />}
    </Drawer>
  );
}

function Conflict({ entry, keep, take }) {
  const { t } = useSession();
  return (
    <Alert className="warned" type="warning" showIcon message={t('kn_conflict')} description={(
      <>
        <div className="sides">
          <section><h3>{t('kn_console')}</h3><Content content={entry.content} against={entry.base} /></section>
          <section><h3>{t('kn_file')}</h3><Content content={entry.base} against={entry.content} /></section>
        </div>
        <Space><Button onClick={keep} disabled={entry.removed}>{t('kn_keep')}</Button><Button onClick={take}>{t('kn_take_file')}</Button></Space>
      </>
    )} />
  );
}

/** What an entry says, field by field; what differs from `against` is marked. */
export function Content({ content, against }) {
  const { t } = useSession();
  if (!content) return <p className="quiet">{t('kn_state_removed')}</p>;
  return (
    <dl className="content">
      {Object.entries(content).map(([name, value]) => (
        <div key={name} className={against && JSON.stringify(against[name]) !== JSON.stringify(value) ? 'differs' : ''}>
          <dt>{t(`kn_field_${name}`)}</dt>
          <dd>{said(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

function said(value) {
  if (Array.isArray(value)) return value.map((one) => (typeof one === 'object' ? `${one.cause} → ${one.solution}：${one.steps.join(' ')}` : one)).join('\n');
  if (value && typeof value === 'object') return Object.entries(value).map(([name, one]) => `${name}：${one}`).join('\n');
  return String(value);
}

function History({ entry, restore }) {
  const { t } = useSession();
  const items = entry.versions.map((one) => ({
    key: one.number,
    color: one.number === entry.version ? 'green' : 'gray',
    children: (
      <>
        <div className="version">
          <b>{t('kn_version', { n: one.number })}</b> {t(`kn_did_${one.action}`)} <span className="quiet">{one.by} · {clock(one.at, t.language)}{one.note && ` · ${one.note}`}</span>
          {one.number !== entry.version && <Button size="small" onClick={() => restore(one.number)}>{t('kn_restore')}</Button>}
        </div>
        {one.content && <Collapse ghost size="small" items={[{ key: 1, label: t('kn_what_it_said'), children: <Content content={one.content} against={entry.content} /> }]} />}
      </>
    ),
  }));
  if (entry.base) {
    items.push({
      key: 0, color: entry.edited ? 'gray' : 'green',
      children: <div className="version"><b>{t('kn_file')}</b> <span className="quiet"><SourceName source={entry.source} /></span>{entry.edited && <Button size="small" onClick={() => restore(0)}>{t('kn_restore')}</Button>}</div>,
    });
  }
  return (
    <section className="history" aria-label={t('kn_versions')}>
      <h3>{t('kn_versions')}</h3>
      <Timeline items={items} />
    </section>
  );
}
