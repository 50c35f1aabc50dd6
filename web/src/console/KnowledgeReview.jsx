// The queue: what documents suggest, each in its text, to be accepted, merged or rejected.
import { useCallback, useEffect, useRef, useState } from 'react';
import { Alert, Button, Empty, Form, Input, Modal, Pagination, Segmented, Select, Space, Spin, Tag } from 'antd';
import { api } from './api.js';
import { Dialog, needed } from './Dialog.jsx';
import { Content } from './KnowledgeEditor.jsx';
import { KINDS } from './KnowledgeEntries.jsx';
import { asContent, asValues, blame, EntryForm, OF_A_LINE } from './KnowledgeForm.jsx';
import { KindTag } from './KnowledgeTrial.jsx';
import { useSession } from './strings.js';

const ALL = [...KINDS, 'spec', 'symptom', 'error_code', 'cause', 'solution', 'passage'];
const SIZE = 30;

export function Review({ choices, changes }) {
  const { t, message } = useSession();
  const [state, setState] = useState('open');
  const [kind, setKind] = useState('');
  const [page, setPage] = useState(1);
  const [found, setFound] = useState(null);
  const [chosen, setChosen] = useState(null);
  const load = useCallback(
    () => api.get('candidates', { state, kind, page, size: SIZE }).then((got) => {
      setFound(got);
      setChosen((id) => (got.candidates.some((one) => one.id === id) ? id : got.candidates[0]?.id ?? null));
    }, (error) => message.error(t.error(error))),
    [state, kind, page],
  );
  useEffect(() => { load(); }, [load, changes]);
  const step = (by) => {
    const ids = found?.candidates.map(({ id }) => id) || [];
    const next = ids[Math.min(ids.length - 1, Math.max(0, ids.indexOf(chosen) + by))];
    if (next) setChosen(next);
  };
  const done = () => {
    const ids = found.candidates.map(({ id }) => id);
    setChosen(ids[ids.indexOf(chosen) + 1] ?? null);
    load();
  };
  return (
    <>
      <Space wrap className="filters">
        <Segmented value={state} onChange={(value) => { setState(value); setPage(1); }}
                   options={['open', 'accepted', 'rejected'].map((value) => ({ value, label: t(`kn_queue_${value}`) }))} />
        <Select allowClear className="filter" placeholder={t('kind')} aria-label={t('kind')} value={kind || undefined}
                onChange={(value) => { setKind(value || ''); setPage(1); }} options={ALL.map((value) => ({ value, label: t(`kn_kind_${value}`) }))} />
        <span className="quiet">{t('kn_keys')}</span>
      </Space>
      {!found ? <Spin /> : !found.total ? <Empty description={t(state === 'open' ? 'kn_queue_empty' : 'kn_nothing')} /> : (
        <div className="review">
          <aside>
            <ul className="cards" aria-label={t(`kn_queue_${state}`)}>
              {found.candidates.map((one) => (
                <li key={one.id} className={one.id === chosen ? 'card chosen' : 'card'}>
                  <button type="button" className="card-main" aria-current={one.id === chosen} onClick={() => setChosen(one.id)}>
                    <span className="card-line"><KindTag kind={one.kind} /><b className="preview">{one.name}</b></span>
                    <span className="card-line quiet">{Math.round(one.confidence * 100)}% · {one.document}{one.contradicted && <Tag color="red">{t('kn_contradicts')}</Tag>}</span>
                  </button>
                </li>
              ))}
            </ul>
            <Pagination simple size="small" current={page} pageSize={SIZE} total={found.total} hideOnSinglePage onChange={setPage} />
          </aside>
          {chosen && <Candidate key={chosen} id={chosen} choices={choices} step={step} done={done} />}
        </div>
      )}
    </>
  );
}

/** What of `content` an entry that says `base` does not say yet. */
function added(base, content) {
  const news = (name, value) => {
    const kept = base[name];
    if (Array.isArray(value)) return value.filter((one) => !(kept || []).some((other) => JSON.stringify(other) === JSON.stringify(one)));
    if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).filter(([key, one]) => (kept || {})[key] !== one));
    return kept === value ? '' : value;
  };
  const all = Object.entries(content).map(([name, value]) => [name, news(name, value)]);
  return Object.fromEntries(all.filter(([, value]) => (typeof value === 'object' ? Object.keys(value).length : value !== '')));
}

function Candidate({ id, choices, step, done }) {
  const { t, message } = useSession();
  const [whole, setWhole] = useState(null);
  const [draft, setDraft] = useState(null);
  const [editing, setEditing] = useState(false);
  const [rejecting, setRejecting] = useState(false);
  const [busy, setBusy] = useState(false);
  const [form] = Form.useForm();
  const mark = useRef(null);
  const fail = (error) => message.error(error.status === 422 && error.message ? `${t.error(error)} (${error.message})` : t.error(error));
  useEffect(() => {
    api.get(`candidates/${id}`).then((got) => { setWhole(got); setDraft(got.draft); }, fail);
  }, [id]);
  useEffect(() => { mark.current?.scrollIntoView({ block: 'center' }); }, [whole]);
  const open = whole?.candidate.state === 'open';
  const accept = async (made) => {
    setBusy(true);
    try {
      await api.post(`candidates/${id}/accept`, made);
      message.success(t('kn_published'));
      done();
    } catch (error) {
      const said = `${t.error(error)}${error.status === 422 && error.message ? ` (${error.message})` : ''}`;
      if (!editing || !blame(form, made.kind, error, said)) message.error(said);
    }
    setBusy(false);
  };
  const body = (kind, line, content) => ({ kind, line: line || null, content, ref: draft.ref, seen: draft.seen, parts: draft.parts });
  const acceptNow = () => (draft.complete ? accept(body(draft.kind, draft.line, draft.content)) : setEditing(true));
  const merge = async (ref) => {
    try {
      const got = await api.post(`candidates/${id}/into`, { ref });
      setDraft(got.draft);
      setEditing(true);
    } catch (error) {
      fail(error);
    }
  };
  useEffect(() => {
    const key = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || editing || rejecting) return;
      if (event.target.closest?.('input, textarea, [role=combobox], .ant-select')) return;
      const act = { j: () => step(1), k: () => step(-1), ...(open && draft && { a: acceptNow, e: () => setEditing(true), r: () => setRejecting(true) }) }[event.key];
      if (act) { event.preventDefault(); act(); }
    };
    document.addEventListener('keydown', key);
    return () => document.removeEventListener('keydown', key);
  });
  if (!whole || !draft) return <main><Spin /></main>;
  const { candidate, place } = whole;
  return (
    <main className="candidate">
      <header>
        <h2><KindTag kind={candidate.kind} /> {candidate.name} <span className="quiet">{Math.round(candidate.confidence * 100)}%</span></h2>
        {open ? (
          <Space wrap>
            <Button type="primary" loading={busy} onClick={acceptNow}>{draft.complete ? t('kn_accept') : t('kn_complete')} <kbd>A</kbd></Button>
            <Button onClick={() => setEditing(true)}>{t('kn_accept_edited')} <kbd>E</kbd></Button>
            <Button danger onClick={() => setRejecting(true)}>{t('kn_reject')} <kbd>R</kbd></Button>
          </Space>
        ) : <Tag>{t(`kn_queue_${candidate.state}`)} · {candidate.by} {candidate.reason && `· ${candidate.reason}`}</Tag>}
      </header>
      {whole.contradicts.map((one, place_) => (
        <Alert key={place_} className="warned" type="error" showIcon message={t('kn_contradiction', { what: [one.subject, one.attribute].filter(Boolean).join(' · ') })}
               description={<div className="sides">{(one.sides || []).map((side, number) => <section key={number}><b>{side.value ?? side.text ?? String(side)}</b><p className="quiet">{side.source?.document ?? side.source ?? ''} {side.source?.quote ?? side.quote ?? ''}</p></section>)}</div>} />
      ))}
      <div className="halves">
        <section aria-label={t('kn_in_text')}>
          <h3>{t('kn_in_text')} <span className="quiet">{[candidate.document, candidate.heading].filter(Boolean).join(' / ')}</span></h3>
          <div className="source-text" tabIndex={0}>{place.before}<mark ref={mark}>{place.quote}</mark>{place.behind}</div>
        </section>
        <section aria-label={t('kn_draft')}>
          <h3>{draft.ref ? t('kn_adds_to', { name: draft.ref.slice(draft.ref.indexOf(':') + 1) }) : t('kn_draft')} <KindTag kind={draft.kind} />{draft.parts.length > 0 && <span className="quiet">{t('kn_parts', { n: draft.parts.length })}</span>}</h3>
          <Content content={draft.base ? added(draft.base, draft.content) : draft.content} />
          {draft.base && !Object.keys(added(draft.base, draft.content)).length && <p className="quiet">{t('kn_adds_nothing')}</p>}
          <h3>{t('kn_similar')}</h3>
          {!whole.similar.length && <p className="quiet">{t('no_suggestions')}</p>}
          {whole.similar.map((one) => (
            <article key={one.ref} className="suggestion">
              <header><b>{one.title}</b>{open && KINDS.includes(one.ref.split(':')[0]) && <Button size="small" onClick={() => merge(one.ref)}>{t('kn_merge')}</Button>}</header>
              <p className="suggestion-text">{one.text}</p>
              <footer><span className="quiet">{one.kind} · {one.source}</span></footer>
            </article>
          ))}
        </section>
      </div>
      {editing && (
        <Modal open width={720} title={draft.ref ? t('kn_adds_to', { name: draft.ref.slice(draft.ref.indexOf(':') + 1) }) : t('kn_accept_edited')} okText={t('kn_publish')} cancelText={t('cancel')}
               confirmLoading={busy} onOk={() => form.submit()} onCancel={() => setEditing(false)} destroyOnHidden>
          {!draft.ref && <Select className="filter warned" aria-label={t('kind')} value={draft.kind} onChange={(kind) => setDraft({ ...draft, kind })} options={KINDS.map((value) => ({ value, label: t(`kn_kind_${value}`) }))} />}
          <EntryForm key={draft.kind + (draft.ref || '')} form={form} kind={draft.kind} choices={choices} start={asValues(draft.kind, draft.content, draft.line)}
                     onSubmit={(values) => accept(body(draft.kind, OF_A_LINE.includes(draft.kind) ? values.entry_line : null, asContent(draft.kind, values)))} />
        </Modal>
      )}
      {rejecting && <Rejection id={id} onClose={() => setRejecting(false)} onDone={done} />}
    </main>
  );
}

function Rejection({ id, onClose, onDone }) {
  const { t } = useSession();
  const send = ({ reason }) => api.post(`candidates/${id}/reject`, { reason }).then(onDone);
  return (
    <Dialog danger title={t('kn_reject')} ok={t('kn_reject')} onSend={send} onClose={onClose}>
      <Form.Item name="reason" label={t('kn_why')} rules={needed(t)}><Input maxLength={255} /></Form.Item>
    </Dialog>
  );
}
