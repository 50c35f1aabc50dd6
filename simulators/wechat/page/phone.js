// The phone: shows the chat, and tells the platform what its owner does.

const part = (id) => document.getElementById(id);
const make = (tag, className, text) =>
  Object.assign(document.createElement(tag), { className, textContent: text ?? "" });

function owner(fresh) {
  const name = fresh ? null : localStorage.getItem("openid");
  const openid = name ?? "o" + crypto.randomUUID().replaceAll("-", "").slice(0, 26);
  localStorage.setItem("openid", openid);
  return openid;
}

let openid = owner(false);
let seen = 0;
let following = true;

async function act(what, more = {}) {
  await fetch(`/phone/${openid}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ what, ...more }),
  });
}

function withLinks(text) {
  const pieces = document.createDocumentFragment();
  for (const piece of text.split(/(https?:\/\/[^\s，。；、）]+)/)) {
    if (/^https?:/.test(piece)) {
      pieces.append(Object.assign(make("a", "", piece), { href: piece, target: "_blank", rel: "noreferrer" }));
    } else pieces.append(piece);
  }
  return pieces;
}

const WORDS = {
  voice: (message) => (message.text ? `[语音] ${message.text}` : "[语音]（没有识别出文字）"),
  location: (message) => `[位置] ${message.text}`,
};
const VIA = { reply: "被动回复", push: "客服接口", template: "模板消息" };

function bubble(message) {
  const row = make("li", message.from);
  if (message.from === "system") {
    row.textContent = message.text;
    return row;
  }
  const box = make("div", `bubble ${message.kind}`);
  if (message.image) box.append(Object.assign(make("img", ""), { src: message.image, alt: "照片" }));
  else box.append(withLinks((WORDS[message.kind] ?? ((m) => m.text))(message)));
  for (const entry of message.menu ?? []) {
    const button = make("button", "entry", entry.content);
    button.onclick = () => act("text", { text: entry.content, menu: entry.id });
    box.append(button);
  }
  row.append(make("span", "face", message.from === "me" ? "我" : "云栖"), box);
  if (message.via) row.append(make("span", "via", VIA[message.via]));
  return row;
}

function show(state) {
  const chat = part("chat");
  for (const message of state.messages) {
    if (message.n <= seen) continue;
    seen = message.n;
    chat.append(bubble(message));
    chat.scrollTop = chat.scrollHeight;
  }
  part("typing").hidden = !state.typing;
  following = state.following;
  const menu = part("menu");
  menu.hidden = !state.menu.length;
  menu.replaceChildren(
    ...state.menu.map((entry) => {
      const button = make("button", "", entry.name);
      button.onclick = () => (entry.url ? window.open(entry.url) : act("menu", { key: entry.key }));
      return button;
    }),
  );
}

async function watch() {
  for (let mine = openid; ; ) {
    try {
      const answer = await fetch(`/phone/${mine}?after=${seen}`);
      const state = await answer.json();
      if (mine !== openid) {
        mine = openid;
        continue;
      }
      show(state);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

function ask(question, given = "") {
  const dialog = part("ask");
  part("question").textContent = question;
  part("answer").value = given;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "ok" ? part("answer").value.trim() : null);
  });
}

const ACTS = {
  follow: () => act("follow"),
  unfollow: () => act("unfollow"),
  image: () => act("image"),
  voice: async () => {
    const text = await ask("您说了什么？（留空：微信没有识别出文字）");
    if (text !== null) await act("voice", { text });
  },
  location: async () => {
    const text = await ask("您的位置", "杭州市余杭区云栖路 1 号");
    if (text) await act("location", { text });
  },
  scan: async () => {
    const scanned = await ask("二维码的内容（网址或场景值）");
    if (scanned) await act("scan", { scene: scanned.replace(/^.*[?&]scan=/, "") });
  },
  another: () => {
    openid = owner(true);
    seen = 0;
    part("chat").replaceChildren();
    act("follow");
  },
};

for (const button of document.querySelectorAll("[data-what]")) {
  button.onclick = () => {
    part("actions").hidden = true;
    ACTS[button.dataset.what]();
  };
}
part("more").onclick = () => (part("actions").hidden = !part("actions").hidden);
part("writing").onsubmit = (event) => {
  event.preventDefault();
  const text = part("text").value.trim();
  if (text) act("text", { text });
  part("text").value = "";
};

const first = await (await fetch(`/phone/${openid}?typing`)).json();
show(first);
const scene = new URLSearchParams(location.search).get("scan");
if (scene) {
  history.replaceState(null, "", "/");
  await act("scan", { scene });
} else if (!first.messages.length) await act("follow");
watch();
