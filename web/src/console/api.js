// Calls of the console's server. Who is logged out while working is told once, by `onLoggedOut`.

export class ApiError extends Error {
  constructor(status, error) {
    super(error.message || String(status));
    Object.assign(this, { status, code: error.code, field: error.field });
  }
}

export class Api {
  constructor() {
    this.csrf = '';
    this.onLoggedOut = () => {};
  }

  get = (path, query, patience) => this.call('GET', path + asQuery(query), undefined, patience);
  post = (path, body = {}) => this.call('POST', path, body);
  patch = (path, body) => this.call('PATCH', path, body);
  drop = (path) => this.call('DELETE', path);

  /** Sends a file as it is. */
  upload = (path, file, query) => this.call('POST', path + asQuery(query), file, 120_000);

  /** Lets the browser keep what the server answers as a file. */
  async download(path, query, name) {
    const response = await this.fetch('GET', path + asQuery(query), undefined, 120_000);
    if (!response.ok) throw new ApiError(response.status, (await response.json().catch(() => ({}))).error || {});
    const link = document.createElement('a');
    link.href = URL.createObjectURL(await response.blob());
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  async fetch(method, path, body, patience = 20_000) {
    const file = body instanceof Blob;
    try {
      return await fetch(`api/${path}`, {
        method,
        headers: { ...(body && { 'Content-Type': file ? 'application/octet-stream' : 'application/json' }), 'X-CSRF-Token': this.csrf },
        body: file ? body : body && JSON.stringify(body),
        signal: AbortSignal.timeout(patience),
      });
    } catch {
      throw new ApiError(0, { code: 'network' });
    }
  }

  async call(method, path, body, patience) {
    const response = await this.fetch(method, path, body, patience);
    const data = await response.json().catch(() => ({}));
    if (!response.ok) {
      const error = new ApiError(response.status, data.error || {});
      if (response.status === 401 && error.code === 'login') this.onLoggedOut();
      throw error;
    }
    if (data.csrf) this.csrf = data.csrf;
    return data;
  }
}

function asQuery(query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined && one !== '' && one !== null) parameters.append(name, one);
  }
  const text = parameters.toString();
  return text && `?${text}`;
}

export const api = new Api();
