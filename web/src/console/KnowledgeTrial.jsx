// The test box: what would be answered, and why.
import { useEffect, useRef, useState } from 'react';
import { Alert, Button, Card, Empty, Input, Progress, Tag } from 'antd';
import { api } from './api.js';
import { KIND_COLOURS } from './Knowledge.jsx';
import { useSession } from './strings.js';

const LIVE_MS = 2500;
const OUTCOMES = { sure: 'success', choices: 'warning', none: 'error' };

export function Trial({ question, edit, show, changes }) {
  const { t, message } = useSession();
  const [asked, setAsked] = useState(question);
  const [found, setFound] = useState(null);
  const [busy, setBusy] = useState(false);
  const box = useRef(null);
  const attempt = async (q) => {
    setAsked(q);
    if (!q.trim()) return setFound(null);
    setBusy(true);
    try {
      setFound(await api.get('knowledge', { q: q.trim(), language: t.language }));
    } catch (error) {
      message.error(t.error(error));
    }
    return setBusy(false);
  };
  useEffect(() => { box.current?.focus(); attempt(question); }, [question]);
  // What was just published is answered everywhere within two seconds: asked now, and once more then.
  useEffect(() => {
    if (!asked) return undefined;
    attempt(asked);
    const again = setTimeout(() => attempt(asked), LIVE_MS);
    return () => clearTimeout(again);
  }, [changes]);
  return (
    <div className="narrow">
      <Input.Search ref={box} size="large" key={question} defaultValue={question} allowClear enterButton={t('kn_ask')} loading={busy}
                    placeholder={t('kn_ask_hint')} aria-label={t('kn_ask_hint')} onSearch={attempt} />
      {found && (
        <>
          <Alert className="below" showIcon type={OUTCOMES[found.outcome]} message={t(`kn_outcome_${found.outcome}`)} />
          <p className="named">
            <span className="quiet">{t('kn_names')}: </span>
            {found.names.length ? found.names.map((one, place) => (
              <Tag key={place} color="blue">{one.said === one.value ? one.said : `${one.said} → ${one.value}`} · {t(`kn_kind_${one.entity}`)}</Tag>
            )) : <span className="quiet">{t('kn_no_names')}</span>}
          </p>
          {!found.candidates.length && <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('no_suggestions')} />}
          <ol className="tried">
            {found.candidates.map((one, place) => (
              <li key={one.ref}>
                <Card size="small" className={one.possible ? '' : 'unlikely'}
                      title={<><KindTag kind={one.fact_kind} /> {one.title}</>}
                      extra={place === 0 && one.sure ? <Tag color="green">{t('sure')}</Tag> : !one.possible && <Tag>{t('kn_too_unlikely')}</Tag>}>
                  <p className="suggestion-text">{one.text}</p>
                  <div className="measures">
                    <span>{t('kn_confidence')} <Progress percent={Math.round(one.confidence * 100)} size="small" strokeColor={one.sure ? '#15803d' : '#94a3b8'} /></span>
                    <span className="quiet">{t('kn_score')} {one.score.toFixed(3)} · {t('source')}: {one.source}</span>
                    <span className="doors">
                      <Button size="small" onClick={() => edit({ ref: entryOf(one.ref) })}>{t('edit')}</Button>
                      <Button size="small" onClick={() => show(one.ref)}>{t('kn_tab_graph')}</Button>
                    </span>
                  </div>
                </Card>
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}

/** A spec belongs to its product. */
export function entryOf(ref) {
  return ref.startsWith('spec:') ? `product:${ref.slice(5, ref.lastIndexOf('/'))}` : ref;
}

export function KindTag({ kind }) {
  const { t } = useSession();
  return <Tag color={KIND_COLOURS[kind]}>{t(`kn_kind_${kind}`)}</Tag>;
}
