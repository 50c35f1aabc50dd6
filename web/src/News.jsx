// What the customer wants to be told about, and when not: a panel over the chat.
import { useEffect, useState } from 'react';

async function ask(conversation, method, body) {
  const response = await fetch('news', {
    method,
    headers: { Authorization: `Bearer ${conversation.token}`, ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify(body),
  });
  const reply = await response.json();
  if (!reply.ok) throw new Error(reply.error?.code ?? response.status);
  return reply;
}

export function News({ conversation, t, language, onClose }) {
  const [found, setFound] = useState(null);
  const [failed, setFailed] = useState(false);
  const run = (work, before) => work.then((reply) => {
    // Hours that are being typed stay as they are.
    setFound((shown) => (shown ? { ...reply, quiet_from: shown.quiet_from, quiet_until: shown.quiet_until } : reply));
    setFailed(false);
  }, () => {
    setFound(before);
    setFailed(true);
  });
  useEffect(() => { run(ask(conversation, 'GET'), null); }, []);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const change = (what) => run(ask(conversation, 'POST', { language, zone, ...what }), found);
  const quiet = (what) => setFound({ ...found, ...what });
  // Shown at once; put back if the server does not take it.
  const choose = (topic, wanted) => {
    setFound({ ...found, topics: found.topics.map((one) => (one.topic === topic ? { ...one, wanted } : one)) });
    change({ topics: { [topic]: wanted } });
  };
  const keepQuiet = () => {
    if (found.quiet_from && found.quiet_until) change({ quiet_from: found.quiet_from, quiet_until: found.quiet_until });
  };
  return (
    <section className="news" role="dialog" aria-label={t.news.title} onKeyDown={({ key }) => key === 'Escape' && onClose()}>
      <header>
        <h2>{t.news.title}</h2>
        <button type="button" className="top-language" onClick={onClose} autoFocus>{t.news.close}</button>
      </header>
      {failed && <p className="notice" role="alert">{t.news.failed}</p>}
      {found?.topics.map(({ topic, name, always, wanted }) => (
        <label key={topic} className="news-topic">
          <input type="checkbox" checked={wanted} disabled={always} onChange={({ target }) => choose(topic, target.checked)} />
          {name[language]}
          {always && <span className="news-always">{t.news.always}</span>}
        </label>
      ))}
      {found && (
        <p className="news-quiet">
          {t.news.quiet}
          <input type="time" aria-label={t.news.from} value={found.quiet_from} onChange={({ target }) => quiet({ quiet_from: target.value })} onBlur={keepQuiet} />
          –
          <input type="time" aria-label={t.news.until} value={found.quiet_until} onChange={({ target }) => quiet({ quiet_until: target.value })} onBlur={keepQuiet} />
        </p>
      )}
    </section>
  );
}
