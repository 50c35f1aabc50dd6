import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { Chat } from '@chatui/core/es/components/Chat';
import { Content, Typing } from './bubbles.jsx';
import { News } from './News.jsx';
import { MyData } from './MyData.jsx';
import { strings } from './strings.js';
import { makeView } from './view.js';

const MAX_TEXT = 2000;
const LANGUAGE = 'kefu.language';
const LARGE = 'kefu.large';
const PATIENCE_MS = 6000;
const RENEWED_MS = 12_000;
// ChatUI draws its own typing message without content.
const TYPING = { _id: 'typing', type: 'typing', hasTime: false };

/** The server counts characters, JavaScript counts halves of the rarer ones. */
const lengthOf = (text) => Array.from(text).length;

function Header({ t, brand, status, language, large, onLanguage, onLarge, onOwnData, onNews }) {
  const name = (typeof brand === 'object' ? brand?.[language] : brand) ?? '';
  return (
    <header className="top">
      <svg className="top-mark" viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="10" fill="var(--brand-1)" />
        <path d="M8 10.500A2.500 2.500 0 0 1 10.500 8h11a2.500 2.500 0 0 1 2.500 2.500v7a2.500 2.500 0 0 1-2.500 2.500H16l-5 4v-4h-.5A2.500 2.500 0 0 1 8 17.500z" fill="#fff" />
      </svg>
      <div className="top-names">
        <h1>{name ? `${name} · ${t.title}` : t.title}</h1>
        <p className={`top-status top-status--${status}`} role="status">{t.status[status]}</p>
      </div>
      <button type="button" className="top-news" aria-label={t.news.open} title={t.news.open} onClick={onNews}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3a6 6 0 0 0-6 6v4l-2 4h16l-2-4V9a6 6 0 0 0-6-6zm-2 15a2 2 0 0 0 4 0z" fill="currentColor" /></svg>
      </button>
      <button type="button" className="top-button" onClick={onOwnData}>{t.myData}</button>
      <button type="button" className="top-button" aria-pressed={large} aria-label={t.largeTypeLabel} onClick={onLarge}>
        {t.largeType}
      </button>
      <button type="button" className="top-button top-language" aria-label={t.switchLanguageLabel} onClick={onLanguage}>
        {t.switchLanguage}
      </button>
    </header>
  );
}

/** True once `status` has not been online for a while: short breaks need no words. */
function useLongBreak(status) {
  const [long, setLong] = useState(false);
  useEffect(() => {
    setLong(false);
    if (status === 'online') return undefined;
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [status === 'online']);
  return long;
}

/** ChatUI marks every message as an alert, which would read the whole history aloud; one log is enough. */
function useQuietLog(root, label) {
  useLayoutEffect(() => {
    const list = root.current?.querySelector('.MessageList');
    list?.setAttribute('role', 'log');
    list?.setAttribute('aria-live', 'polite');
    list?.setAttribute('aria-label', label);
    list?.setAttribute('tabindex', '0');
    root.current?.querySelectorAll('.Message-content[role]').forEach((content) => {
      ['role', 'aria-live', 'aria-atomic'].forEach((name) => content.removeAttribute(name));
    });
  });
}

/** ChatUI's send button listens for the mouse only; the keyboard and screen readers click. */
function clickIsPress(event) {
  const button = event.target.closest('.Composer-sendBtn');
  if (button && event.detail === 0) button.dispatchEvent(new MouseEvent('mousedown', { bubbles: true, cancelable: true }));
}

export function App({ conversation, firstLanguage }) {
  const state = useSyncExternalStore(conversation.subscribe, conversation.getState);
  const [language, setLanguage] = useState(firstLanguage);
  const [hint, setHint] = useState('');
  const [news, setNews] = useState(false);
  const [large, setLarge] = useState(() => conversation.storage.getItem(LARGE) === '1');
  const [ownData, setOwnData] = useState(false);
  const root = useRef(null);
  const list = useRef(null);
  const draft = useRef('');
  const view = useRef(makeView()).current;
  const t = strings[language];
  const longBreak = useLongBreak(state.status);
  const messages = useMemo(() => view(state), [state.messages, state.pending, state.status]);
  const shown = useMemo(() => (state.typing ? [...messages, { ...TYPING }] : messages), [messages, state.typing]);
  useQuietLog(root, t.logLabel);

  useEffect(() => {
    conversation.language = language;
    document.documentElement.lang = t.locale;
    document.title = t.title;
  }, [language]);

  // Every size on the page is in rem.
  useEffect(() => {
    document.documentElement.classList.toggle('large', large);
    conversation.storage.setItem(LARGE, large ? '1' : '0');
  }, [large]);

  // ChatUI follows new messages, but takes the first page of a long history for one to be scrolled to.
  const loaded = messages.length > 0;
  useEffect(() => {
    if (!loaded) return undefined;
    const frame = requestAnimationFrame(() => {
      list.current?.scrollToEnd({ animated: false, force: true });
      // A phone would open its keyboard over the greeting.
      const free = document.activeElement === document.body && window.matchMedia('(hover: hover)').matches;
      if (free) root.current?.querySelector('.Composer-input')?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [loaded, language]);

  // What is on a page that the customer looks at counts as read.
  useEffect(() => {
    const read = () => document.visibilityState === 'visible' && conversation.markRead();
    read();
    document.addEventListener('visibilitychange', read);
    return () => document.removeEventListener('visibilitychange', read);
  }, [state.messages, state.status]);

  const firstTime = useRef(true);
  useEffect(() => {
    if (!firstTime.current) root.current?.querySelector('.top-language')?.focus();
    firstTime.current = false;
  }, [language]);

  const switchLanguage = () => {
    const other = language === 'zh' ? 'en' : 'zh';
    conversation.storage.setItem(LANGUAGE, other);
    setLanguage(other);
  };

  const beforeSend = (_type, text) => {
    const length = lengthOf(text.trim());
    setHint(length > MAX_TEXT ? t.tooLong(length, MAX_TEXT) : '');
    return length > 0 && length <= MAX_TEXT;
  };

  const renderContent = useCallback(
    (message) => {
      if (message.type === 'typing') return <Typing t={t} />;
      return (
        <Content
          message={message}
          t={t}
          onPress={(seq, index, title) => {
            conversation.pressButton(seq, index, title);
            if (window.matchMedia('(hover: hover)').matches) root.current?.querySelector('.Composer-input')?.focus();
          }}
          onRetry={(id) => conversation.retry(id)}
          onDiscard={(id) => conversation.discard(id)}
        />
      );
    },
    [t],
  );

  const [told, setTold] = useState(false);
  useEffect(() => {
    if (!state.renewedSession && !state.forgotten) return undefined;
    setTold(false);
    const timer = setTimeout(() => setTold(true), RENEWED_MS);
    return () => clearTimeout(timer);
  }, [state.renewedSession, state.forgotten]);

  const notice = hint || (longBreak ? t.offline : '') || (state.forgotten && !told ? t.forgotten : '') || (state.renewedSession && !told ? t.renewed : '');

  return (
    <div ref={root} className={`desk${state.older ? '' : ' desk--all'}`} onClickCapture={clickIsPress}>
      <Chat
        key={language} // ChatUI reads placeholder and text only once
        text={draft.current}
        locale={t.locale}
        renderNavbar={() => (
          <Header
            t={t}
            brand={state.brand}
            status={state.status}
            language={language}
            large={large}
            onLanguage={switchLanguage}
            onLarge={() => setLarge(!large)}
            onOwnData={() => setOwnData(true)}
            onNews={() => setNews(true)}
          />
        )}
        renderBeforeMessageList={() => notice && <p className="notice" role="status">{notice}</p>}
        messagesRef={list}
        messages={shown}
        renderMessageContent={renderContent}
        loadMoreText={t.earlier}
        onRefresh={() => conversation.loadOlder()}
        wideBreakpoint="1px" // the send button always has its place
        placeholder={t.placeholder}
        inputOptions={{ 'aria-label': t.inputLabel, autoComplete: 'off' }}
        onBeforeSend={beforeSend}
        onInputChange={(text) => {
          draft.current = text;
          if (text) conversation.writing();
          if (hint) setHint('');
        }}
        onSend={(_type, text) => {
          draft.current = '';
          conversation.sendText(text.trim());
          requestAnimationFrame(() => list.current?.scrollToEnd({ force: true }));
        }}
      />
      {news && <News conversation={conversation} t={t} language={language} onClose={() => setNews(false)} />}
      {ownData && <MyData t={t} conversation={conversation} onClose={() => setOwnData(false)} />}
    </div>
  );
}
