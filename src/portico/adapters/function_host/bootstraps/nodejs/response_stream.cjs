"use strict";
/* An answer that leaves in pieces, as the handler of a streaming function writes them. */

const { Writable } = require("node:stream");
const { HIGH_WATER_MARK } = require("./awslambda.cjs");
const { InvalidStreamingOperation } = require("./errors.cjs");

class ResponseStream extends Writable {
  constructor(api, requestId, handler) {
    super({ highWaterMark: handler[HIGH_WATER_MARK] });
    this.api = api;
    this.requestId = requestId;
    this.contentType = "application/octet-stream";
    this.begun = false;
    this._onBeforeFirstWrite = null;
  }

  setContentType(type) {
    if (this.begun) throw new InvalidStreamingOperation("Cannot set content-type, too late.");
    this.contentType = type;
  }

  write(chunk, ...rest) {
    this.begin();
    return super.write(bytes(chunk), ...rest);
  }

  end(...rest) {
    this.begin(); // an answer of status and headers alone has them too
    if (rest.length && typeof rest[0] !== "function" && rest[0] != null) rest[0] = bytes(rest[0]);
    return super.end(...rest);
  }

  begin() {
    if (this.begun) return;
    this.begun = true;
    this.api.beginPieces(this.requestId, this.contentType);
    this._onBeforeFirstWrite?.((chunk) => super.write(bytes(chunk)));
  }

  _write(chunk, _encoding, written) {
    if (chunk.length) this.api.piece(chunk, written);
    else written();
  }

  _final(done) {
    this.api.endPieces().then(() => done(), done);
  }

  /* When all has been written. A handler that returned without ending its answer has it ended here. */
  finished() {
    return new Promise((resolve, reject) => {
      if (this.writableFinished) return resolve();
      this.on("finish", resolve).on("error", reject);
      if (!this.writableEnded) this.end();
    });
  }

  /* After the first byte an error can only follow what has been written. */
  async breakOff(error) {
    if (!this.writableFinished) await this.api.endPieces(error);
  }
}

function bytes(chunk) {
  return typeof chunk === "string" || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk);
}

module.exports = { ResponseStream };
