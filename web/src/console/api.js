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

  get = (path, query) => this.call('GET', path + asQuery(query));
  post = (path, body = {}) => this.call('POST', path, body);
  patch = (path, body) => this.call('PATCH', path, body);
  drop = (path) => this.call('DELETE', path);

  async call(method, path, body) {
    let response;
    try {
      response = await fetch(`api/${path}`, {
        method,
        headers: { ...(body && { 'Content-Type': 'application/json' }), 'X-CSRF-Token': this.csrf },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      });
    } catch {
      throw new ApiError(0, { code: 'network' });
    }
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
