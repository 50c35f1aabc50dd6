import { createRoot } from 'react-dom/client';
import { io } from 'socket.io-client';
import '@chatui/core/dist/index.css';
import './style.css';
import { App } from './App.jsx';
import { Conversation } from './conversation.js';
import { addIcons } from './icons.js';
import { firstLanguage } from './strings.js';

/** localStorage, or memory where the browser forbids it (the chat then ends with the page). */
function openStorage() {
  try {
    localStorage.setItem('kefu.probe', '1');
    localStorage.removeItem('kefu.probe');
    return localStorage;
  } catch {
    const kept = new Map();
    return {
      get length() { return kept.size; },
      key: (index) => [...kept.keys()][index] ?? null,
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, String(value)),
      removeItem: (key) => kept.delete(key),
    };
  }
}

async function openSession(token) {
  const response = await fetch('session', {
    method: 'POST',
    headers: token ? { Authorization: `Bearer ${token}` } : {},
  });
  if (!response.ok) throw new Error(`session: ${response.status}`);
  return response.json();
}

async function openData(path, token, data) {
  const response = await fetch(path, {
    method: data ? 'POST' : 'GET',
    headers: { Authorization: `Bearer ${token}`, ...(data && { 'Content-Type': 'application/json' }) },
    body: data && JSON.stringify(data),
  });
  return response.json();
}

function openSocket(auth) {
  return io({
    path: new URL('socket.io', window.location.href).pathname,
    auth,
    autoConnect: false,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5000,
    timeout: 10_000,
  });
}

const storage = openStorage();
const language = firstLanguage(storage.getItem('kefu.language'), navigator.language);
const conversation = new Conversation({ openSession, openSocket, storage, openData });
conversation.language = language;
addIcons();
createRoot(document.getElementById('root')).render(<App conversation={conversation} firstLanguage={language} />);
conversation.start();
