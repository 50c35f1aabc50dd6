// What is known of the customer: seen, corrected, exported, deleted. Only who proved a phone gets more than a hint.
import { useEffect, useRef, useState } from 'react';

/** Keeps a file on the customer's device. */
function save(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Choice({ label, value, options, onChange }) {
  return (
    <label className="own-row">
      <span>{label}</span>
      <select value={value ?? ''} onChange={(event) => onChange(event.target.value || null)}>
        {Object.entries(options).map(([key, title]) => <option key={key} value={key}>{title}</option>)}
      </select>
    </label>
  );
}

function Known({ t, shown, ask, say, onExport, onForget }) {
  const { customer, conversation, tickets } = shown.known;
  const [chosen, setChosen] = useState({ language: customer.language, style: customer.style });
  const choose = async (change) => {
    if (await ask('my-data', change)) setChosen({ ...chosen, ...change });
  };
  return (
    <>
      <div className="own-row">
        <span>{t.phone}</span>
        <b>{customer.phone ?? t.none}</b>
        <button type="button" className="choice" onClick={() => say(t.changePhoneText)}>{t.changePhone}</button>
      </div>
      <div className="own-row">
        <span>{t.channels}</span>
        <b>{[...new Set(customer.channels.map(({ channel }) => t.channelNames[channel] ?? channel))].join(' · ')}</b>
      </div>
      <div className="own-row">
        <span>{t.messagesLabel}</span>
        <b>{t.messageCount(conversation.messages, conversation.since?.slice(0, 10))}</b>
      </div>
      <div className="own-row">
        <span>{t.tickets}</span>
        <b>{tickets.map(({ number }) => number).join(' · ') || t.none}</b>
      </div>
      <Choice label={t.answerLanguage} value={chosen.language} options={t.languages} onChange={(language) => choose({ language })} />
      <Choice label={t.answerStyle} value={chosen.style} options={t.styles} onChange={(style) => choose({ style })} />
      <div className="own-actions">
        <button type="button" className="choice" onClick={onExport}>{t.exportData}</button>
        <button type="button" className="choice choice--warn" onClick={onForget}>{t.forget}</button>
      </div>
    </>
  );
}

export function MyData({ t, conversation, onClose }) {
  const box = useRef(null);
  const [shown, setShown] = useState(null);
  const [error, setError] = useState('');
  const [sure, setSure] = useState(false);

  const ask = async (path, data) => {
    const reply = await conversation.ownData(path, data);
    setError(reply.ok ? '' : reply.error.code);
    return reply.ok ? reply : null;
  };
  useEffect(() => {
    box.current.showModal();
    ask('my-data').then((reply) => reply && setShown(reply));
  }, []);

  const say = (text) => {
    conversation.sendText(text);
    onClose();
  };
  const take = async () => {
    const reply = await ask('my-data/export');
    if (reply) save('my-data.json', JSON.stringify(reply.data, null, 2));
  };
  const forget = async () => {
    if (await ask('my-data/forget', { confirm: true })) onClose();
  };

  return (
    <dialog ref={box} className="own" aria-label={t.myData} onClose={onClose}>
      <header className="own-head">
        <h2>{t.myData}</h2>
        <button type="button" className="choice" onClick={onClose}>{t.close}</button>
      </header>
      {error === 'not_proven' && (
        <>
          <p>{t.notProven}</p>
          <button type="button" className="choice" onClick={() => say(t.proveText)}>{t.prove}</button>
        </>
      )}
      {error && error !== 'not_proven' && <p role="alert">{t.failed}</p>}
      {!error && !shown && <p>{t.loading}</p>}
      {shown && !sure && <Known t={t} shown={shown} ask={ask} say={say} onExport={take} onForget={() => setSure(true)} />}
      {sure && (
        <div role="alert">
          <p>{t.forgetSure}</p>
          {shown.open_tickets.length > 0 && <p>{t.forgetTickets(shown.open_tickets)}</p>}
          <div className="own-actions">
            <button type="button" className="choice choice--warn" onClick={forget}>{t.forgetYes}</button>
            <button type="button" className="choice" onClick={() => setSure(false)}>{t.forgetNo}</button>
          </div>
        </div>
      )}
    </dialog>
  );
}
