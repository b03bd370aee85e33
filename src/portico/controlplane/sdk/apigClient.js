/*
 * The client of one API. It is of one piece: nothing else has to be loaded before it.
 *
 *   const client = apigClientFactory.newClient({ accessKey, secretKey, sessionToken, apiKey, region, invokeUrl });
 *   client.petsPetIdGet({ petId: 7 }, body, { headers: {...}, queryParams: {...} }).then((result) => result.data);
 *
 * A call's promise is kept with { status, statusText, headers, data }; an answer that is not of the 200s breaks it with
 * an Error that has such a `response`. With an access key and its secret every request is signed (AWS Signature
 * Version 4).
 */
'use strict';

(function (root) {
  const API = /* the API */ null;

  function newClient(config) {
    const settings = Object.assign(
      {
        invokeUrl: API.invokeUrl,
        region: API.region,
        defaultContentType: 'application/json',
        defaultAcceptType: 'application/json',
      },
      given(config),
    );
    const client = {};
    for (const name of Object.keys(API.methods)) {
      client[name] = (params, body, more) => call(settings, API.methods[name], params || {}, body, more || {});
    }
    return client;
  }

  /* What was given and is not empty: pages often pass '' for what they do not have. */
  function given(values) {
    return Object.fromEntries(Object.entries(values || {}).filter(([, value]) => value != null && value !== ''));
  }

  async function call(settings, method, params, body, more) {
    for (const name of method.required) {
      if (params[name] === undefined) throw new Error('Missing required parameter: ' + name);
    }
    const request = prepare(settings, method, params, body, more);
    if (settings.accessKey && settings.secretKey) sign(request, settings, new Date());
    const address = request.origin + request.path + (request.query ? '?' + request.query : '');
    const asked = { method: method.verb, headers: request.headers };
    const answer = await fetch(address, request.body === '' ? asked : Object.assign(asked, { body: request.body }));
    return result(answer);
  }

  function prepare(settings, method, params, body, more) {
    const base = new URL(settings.invokeUrl);
    const query = Object.assign({}, picked(params, method.query), given(more.queryParams));
    const text = body == null || body === '' ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const headers = Object.assign({ Accept: settings.defaultAcceptType }, picked(params, method.headers), more.headers);
    const typed = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
    if (text !== '' && !typed) headers['Content-Type'] = settings.defaultContentType;
    if (settings.apiKey) headers['x-api-key'] = settings.apiKey;
    return {
      verb: method.verb,
      origin: base.origin,
      host: base.host,
      path: base.pathname.replace(/\/$/, '') + filled(method.path, params),
      query: queryText(query),
      headers: headers,
      body: text,
    };
  }

  function picked(params, names) {
    return given(Object.fromEntries(names.map((name) => [name, params[name]])));
  }

  /* A greedy parameter holds whole segments: its slashes stay slashes. */
  function filled(path, params) {
    return path.replace(/\{([^{}+]+)(\+?)\}/g, (_, name, greedy) => {
      const value = String(params[name]);
      return greedy ? value.split('/').map(encoded).join('/') : encoded(value);
    });
  }

  function queryText(query) {
    const pairs = Object.entries(query).flatMap(([name, values]) =>
      [].concat(values).map((value) => encoded(name) + '=' + encoded(String(value))),
    );
    return pairs.join('&');
  }

  /* RFC 3986: what encodeURIComponent leaves of the reserved characters is encoded too. */
  function encoded(text) {
    return encodeURIComponent(text).replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
  }

  async function result(answer) {
    const text = await answer.text();
    const response = {
      status: answer.status,
      statusText: answer.statusText,
      headers: Object.fromEntries(answer.headers.entries()),
      data: parsed(text),
    };
    if (answer.ok) return response;
    throw Object.assign(new Error('Request failed with status code ' + answer.status), { response: response });
  }

  function parsed(text) {
    try {
      return JSON.parse(text);
    } catch (_) {
      return text;
    }
  }

  /* Signature Version 4, in the Authorization header. */

  function sign(request, settings, now) {
    const time = now.toISOString().replace(/[:-]|\.\d{3}/g, '');
    request.headers['x-amz-date'] = time;
    if (settings.sessionToken) request.headers['x-amz-security-token'] = settings.sessionToken;
    const signed = Object.entries(Object.assign({ host: request.host }, request.headers))
      .map(([name, value]) => [name.toLowerCase(), String(value).trim().replace(/ +/g, ' ')])
      .sort((a, b) => (a[0] < b[0] ? -1 : 1));
    const names = signed.map(([name]) => name).join(';');
    const canonical = [
      request.verb,
      request.path.split('/').map(encoded).join('/'),
      request.query.split('&').sort(byNameAndValue).join('&'),
      signed.map(([name, value]) => name + ':' + value + '\n').join(''),
      names,
      hex(sha256(utf8(request.body))),
    ].join('\n');
    const scope = [time.slice(0, 8), settings.region, 'execute-api', 'aws4_request'];
    const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), hex(sha256(utf8(canonical)))].join('\n');
    const key = scope.reduce((key, part) => hmac(key, utf8(part)), utf8('AWS4' + settings.secretKey));
    request.headers['Authorization'] =
      'AWS4-HMAC-SHA256 Credential=' + settings.accessKey + '/' + scope.join('/') +
      ', SignedHeaders=' + names + ', Signature=' + hex(hmac(key, utf8(text)));
  }

  /* By name, then by value: a `=` would sort behind the characters that names are made of. */
  function byNameAndValue(a, b) {
    const [one, other] = [a, b].map((pair) => pair.split('='));
    if (one[0] !== other[0]) return one[0] < other[0] ? -1 : 1;
    return one[1] < other[1] ? -1 : one[1] > other[1] ? 1 : 0;
  }

  /* SHA-256 (FIPS 180-4). The browser's own is there for pages of secure origins only. */

  function hmac(key, message) {
    const block = new Uint8Array(64);
    block.set(key.length > 64 ? sha256(key) : key);
    const inner = sha256(joined(block.map((byte) => byte ^ 0x36), message));
    return sha256(joined(block.map((byte) => byte ^ 0x5c), inner));
  }

  function sha256(message) {
    const bits = message.length * 8;
    const padded = new Uint8Array(((message.length + 72) >> 6) << 6);
    padded.set(message);
    padded[message.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(bits / 0x100000000));
    view.setUint32(padded.length - 4, bits >>> 0);
    const state = Uint32Array.from(ROOTS.initial);
    for (let at = 0; at < padded.length; at += 64) compress(state, view, at);
    const digest = new DataView(new ArrayBuffer(32));
    state.forEach((word, index) => digest.setUint32(index * 4, word));
    return new Uint8Array(digest.buffer);
  }

  function compress(state, view, at) {
    const words = new Uint32Array(64);
    for (let i = 0; i < 64; i++) words[i] = i < 16 ? view.getUint32(at + i * 4) : extended(words, i);
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const big1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const first = (h + big1 + ((e & f) ^ (~e & g)) + ROOTS.round[i] + words[i]) | 0;
      const big0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => (state[index] += word));
  }

  function extended(words, i) {
    const [x, y] = [words[i - 15], words[i - 2]];
    const small0 = turned(x, 7) ^ turned(x, 18) ^ (x >>> 3);
    const small1 = turned(y, 17) ^ turned(y, 19) ^ (y >>> 10);
    return words[i - 16] + small0 + words[i - 7] + small1;
  }

  function turned(word, by) {
    return (word >>> by) | (word << (32 - by));
  }

  /* The constants are the first 32 bits of the fractions of roots of the first primes: square roots, cube roots. */
  const ROOTS = (function () {
    const primes = [];
    for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime)) primes.push(n);
    const fraction = (root) => ((root - Math.floor(root)) * 0x100000000) >>> 0;
    return {
      initial: primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))),
      round: primes.map((prime) => fraction(Math.cbrt(prime))),
    };
  })();

  function utf8(text) {
    return new TextEncoder().encode(text);
  }

  function joined(a, b) {
    const both = new Uint8Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  }

  function hex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }

  root.apigClientFactory = { newClient: newClient };
  if (typeof module === 'object' && module.exports) module.exports = root.apigClientFactory;
})(typeof globalThis === 'object' ? globalThis : this);
