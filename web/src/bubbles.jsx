// What is inside one message: text, picture, card, buttons, and the receipt under the customer's own.
import { Bubble } from '@chatui/core/es/components/Bubble';
import { Button } from '@chatui/core/es/components/Button';
import { Typing as Dots } from '@chatui/core/es/components/Typing';
import { Rich } from './rich.jsx';

// In Latin letters; a Chinese character is as wide as two.
const LONG_TITLE = 18;
const widthOf = (title) => Array.from(title).reduce((width, sign) => width + (sign > '\u2e7f' ? 2 : 1), 0);

/** Only addresses a browser fetches safely; anything else is not shown as a link or picture. */
const safe = (address) => (/^(https?:\/\/|\/(?!\/))/.test(address ?? '') ? address : undefined);

function Buttons({ message, t, onPress }) {
  const { buttons, seq, active, pressed } = message;
  // A list of long titles reads better one below the other; a few short ones stay side by side.
  const long = buttons.filter(({ title }) => widthOf(title) > LONG_TITLE).length;
  const stacked = long > buttons.length / 2;
  return (
    <div className={`choices${stacked ? ' choices--stacked' : ''}`}>
      {buttons.map(({ title, url }, index) => {
        if (url) {
          return safe(url) && (
            <a key={index} className="choice" href={url} target="_blank" rel="noopener noreferrer">{title}</a>
          );
        }
        const chosen = pressed === index;
        return (
          <button
            key={index}
            type="button"
            className={`choice${chosen ? ' choice--chosen' : ''}`}
            disabled={!active}
            aria-label={chosen ? `${title} (${t.chosen})` : undefined}
            onClick={() => onPress(seq, index, title)}
          >
            {title}
          </button>
        );
      })}
    </div>
  );
}

function Card({ card, t }) {
  return (
    <div className="card">
      {safe(card.image) && <img src={card.image} alt={card.title ?? t.picture} loading="lazy" />}
      {card.title && <h3>{card.title}</h3>}
      {card.text && <Rich text={String(card.text)} hint={t.opensNewWindow} />}
      {Array.isArray(card.fields) && (
        <dl>
          {card.fields.map(({ label, value }, i) => (
            <div key={i}><dt>{label}</dt><dd>{value}</dd></div>
          ))}
        </dl>
      )}
      {safe(card.link?.url) && (
        <a href={card.link.url} target="_blank" rel="noopener noreferrer">{card.link.title ?? card.link.url}</a>
      )}
    </div>
  );
}

function Receipt({ message, t, onRetry, onDiscard }) {
  const { receipt, error, id } = message;
  if (!receipt) return null;
  if (receipt !== 'failed') return <div className="receipt">{t.receipt[receipt]}</div>;
  return (
    <div className="receipt receipt--failed" role="alert">
      <span>{t.errors[error] ?? t.errors.default}</span>
      <Button variant="text" onClick={() => onRetry(id)}>{t.retry}</Button>
      <Button variant="text" onClick={() => onDiscard(id)}>{t.remove}</Button>
    </div>
  );
}

export function Content({ message, t, onPress, onRetry, onDiscard }) {
  const mine = message.from === 'customer';
  const text = message.notice ? t.notices[message.notice] ?? t.notices.not_answered : message.text;
  return (
    <div className={`content${mine ? ' content--mine' : ''}${message.notice || message.aside ? ' content--notice' : ''}${message.agent ? ' content--person' : ''}`}>
      {message.agent
        ? <span className="speaker">{t.person(message.agent.name)}</span>
        : <span className="visually-hidden">{mine ? t.you : t.bot}:</span>}
      {(text || message.card) && (
        <Bubble type="richtext">
          {mine ? <p>{text}</p> : text && <Rich text={text} hint={t.opensNewWindow} />}
          {message.card && <Card card={message.card} t={t} />}
        </Bubble>
      )}
      {safe(message.image) && (
        <Bubble type="image">
          <a href={message.image} target="_blank" rel="noopener noreferrer">
            <img src={message.image} alt={t.picture} loading="lazy" />
          </a>
        </Bubble>
      )}
      {mine && message.elsewhere && (
        <div className="receipt">{t.elsewhere[message.elsewhere] ?? message.elsewhere}</div>
      )}
      {message.buttons && <Buttons message={message} t={t} onPress={onPress} />}
      {mine && <Receipt message={message} t={t} onRetry={onRetry} onDiscard={onDiscard} />}
    </div>
  );
}

export function Typing({ t }) {
  return <div role="status" className="typing"><Dots /> <span>{t.typing}</span></div>;
}
