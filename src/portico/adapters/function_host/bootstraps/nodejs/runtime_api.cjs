"use strict";
/* The Runtime API over one kept connection, requests pipelined: an answer takes the request for the next event along.
   It is the one that the process was born with, where there is such a descriptor; Node.js hands none on to children.

   The connection keeps the process alive only while it is waited for: while a handler runs, an empty event loop has to
   be noticed. */

const net = require("node:net");
const { forRuntimeApi } = require("./errors.cjs");

const PREFIX = "/2018-06-01/runtime/";
const END_OF_HEAD = Buffer.from("\r\n\r\n");
/* What the invocation's caller was told already. The next event may be here: it is served, not taken down. */
const TOO_LARGE = 413;

class RuntimeApi {
  constructor(address, descriptor) {
    const agent = `portico-nodejs/${process.versions.node}`;
    this.tail = ` HTTP/1.1\r\nHost: ${address}\r\nUser-Agent: ${agent}\r\n`;
    this.askNext = `GET ${PREFIX}invocation/next${this.tail}\r\n`;
    this.waiting = [];
    this.event = null;
    this.received = Buffer.alloc(0);
    this.socket = descriptor === undefined ? connect(address) : new net.Socket({ fd: Number(descriptor) });
    this.socket.on("data", (data) => this.read(data));
    this.socket.on("error", () => process.exit(0)); // whoever started this process has gone
    this.socket.on("close", () => process.exit(0));
    this.socket.unref();
  }

  /* {headers by lower name, body} of the next event. */
  async next() {
    this.event ??= this.ask(this.askNext);
    this.socket.ref();
    const { status, headers, body } = await this.event;
    this.event = null;
    this.socket.unref();
    if (status !== 200) throw new Error(`Failed to get next: HTTP status ${status}`);
    return { headers, body };
  }

  async answer(requestId, text) {
    await this.post(`invocation/${requestId}/response`, text, "Content-Type: application/json\r\n", true);
  }

  /* `last`: no further event is asked for, because the process is about to end. */
  async error(requestId, error, last = false) {
    const { text, headers } = failure(error);
    await this.post(`invocation/${requestId}/error`, text, headers, !last);
  }

  async initError(error) {
    const { text, headers } = failure(error);
    await this.post("init/error", text, headers, false);
  }

  async post(path, text, headers, askNext) {
    const head = `POST ${PREFIX}${path}${this.tail}${headers}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n`;
    this.socket.ref();
    const answered = this.ask(`${head}${text}${askNext ? this.askNext : ""}`);
    if (askNext) this.event = this.expect();
    check(path, await answered);
  }

  /* The head of an answer that comes in pieces; the pieces are for `piece`, and `endPieces` tells how it ended. */
  beginPieces(requestId, contentType) {
    this.socket.ref();
    this.socket.write(
      `POST ${PREFIX}invocation/${requestId}/response${this.tail}Content-Type: ${contentType}\r\n` +
        "Lambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n" +
        "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n",
    );
  }

  /* `written` is called when the kernel has the piece: that is the back pressure. */
  piece(data, written) {
    this.socket.cork();
    this.socket.write(`${data.length.toString(16)}\r\n`);
    this.socket.write(data);
    this.socket.write("\r\n", written);
    this.socket.uncork();
  }

  async endPieces(error) {
    let trailers = "";
    if (error !== undefined) {
      const { text, type } = failure(error);
      const body = Buffer.from(text).toString("base64");
      trailers = `Lambda-Runtime-Function-Error-Type: ${type}\r\nLambda-Runtime-Function-Error-Body: ${body}\r\n`;
    }
    check("response", await this.ask(`0\r\n${trailers}\r\n`));
  }

  ask(text) {
    this.socket.write(text);
    return this.expect();
  }

  expect() {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  read(data) {
    this.received = this.received.length ? Buffer.concat([this.received, data]) : data;
    for (;;) {
      if (this.received.length < (this.wanted ?? 0)) return;
      const end = this.received.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const [line, ...lines] = this.received.latin1Slice(0, end).split("\r\n");
      const headers = Object.fromEntries(lines.map(field));
      const whole = end + 4 + Number(headers["content-length"] ?? 0);
      if (this.received.length < whole) {
        this.wanted = whole; // a large event is not searched again with every piece of it
        return;
      }
      const body = this.received.subarray(end + 4, whole);
      this.received = this.received.subarray(whole);
      this.wanted = 0;
      this.waiting.shift()({ status: Number(line.slice(9, 12)), headers, body });
    }
  }
}

function connect(address) {
  const at = address.lastIndexOf(":");
  return net.connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true });
}

function field(line) {
  const at = line.indexOf(":");
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
}

function failure(error) {
  const told = forRuntimeApi(error);
  const type = encodeURI(told.errorType).replaceAll("%20", " ");
  const headers = `Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: ${type}\r\n`;
  return { text: JSON.stringify(told), type, headers };
}

function check(what, { status }) {
  if (status !== 202 && status !== TOO_LARGE) throw new Error(`Failed to post ${what}: HTTP status ${status}`);
}

module.exports = { RuntimeApi };
