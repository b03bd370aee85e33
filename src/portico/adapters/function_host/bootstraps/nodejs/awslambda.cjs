"use strict";
/* The global `awslambda` that functions with streamed responses are written against. */

const { STREAMING } = require("./user_function.cjs");

const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";
const DELIMITER_BYTES = 8;

function streamifyResponse(handler, options) {
  handler[STREAMING] = "response";
  if (options?.highWaterMark !== undefined) handler[HIGH_WATER_MARK] = parseInt(options.highWaterMark, 10);
  return handler;
}

class HttpResponseStream {
  /* The same stream; status and headers of the prelude go in front of the first byte. */
  static from(stream, prelude) {
    stream.setContentType(PRELUDE_TYPE);
    const text = JSON.stringify(prelude);
    stream._onBeforeFirstWrite = (write) => {
      write(text);
      write(new Uint8Array(DELIMITER_BYTES));
    };
    return stream;
  }
}

module.exports = { HIGH_WATER_MARK, HttpResponseStream, streamifyResponse };
