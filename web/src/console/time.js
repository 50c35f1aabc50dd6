// Times as people read them; the server's are UTC.
import { useEffect, useState } from 'react';

/** The company's time zone, in which everybody sees the same hour; the browser's until it is known. */
let timeZone;
export const setZone = (zone) => { timeZone = zone; };

export function clock(at, language) {
  const date = new Date(at);
  const day = (one) => one.toLocaleDateString('en-CA', { timeZone });
  const options = day(new Date()) === day(date)
    ? { hour: '2-digit', minute: '2-digit' }
    : { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' };
  return date.toLocaleString(language === 'en' ? 'en-GB' : 'zh-CN', { ...options, timeZone, hourCycle: 'h23' });
}

export function span(from, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - new Date(from)) / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours, minutes, rest] = parts.map((part) => String(part).padStart(2, '0'));
  return hours === '00' ? `${minutes}:${rest}` : `${hours}:${minutes}:${rest}`;
}

/** The present, once a second. */
export function useNow() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
