// Tells operators who look elsewhere that somebody waits: a sound, and a notice of the browser if it may.
import { live } from './live.js';

let audio;

function beep(frequency) {
  try {
    audio ??= new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0.08, audio.currentTime);
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + 0.35);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(audio.currentTime + 0.35);
  } catch {
    // No sound before the first click, or none at all: the title tells.
  }
}

/** Starts telling, in the language of `t`, what stays under the bell also by `say`; returns how to stop. */
export function alert(t, say) {
  live.onNews = (kind, thing, notice) => {
    if (kind === 'message' && thing.conversation === live.open && !document.hidden) return;
    beep(kind === 'message' ? 660 : 880);
    const told = t(`news_${kind}`, { number: thing.number, who: thing.conversation?.slice(-4) });
    if (notice) say(told, notice);
    if (kind !== 'message' && document.hidden && window.Notification?.permission === 'granted') {
      new Notification(t('app'), { body: told, tag: 'kefu' });
    }
  };
  if (window.Notification?.permission === 'default') {
    document.addEventListener('click', () => Notification.requestPermission(), { once: true });
  }
  return () => { live.onNews = () => {}; };
}
