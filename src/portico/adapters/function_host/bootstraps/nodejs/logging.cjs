"use strict";
/* console.* as Lambda writes it: time, request id, level and text, with tabs between. */

const { format } = require("node:util");

const LEVELS = { log: "INFO", debug: "DEBUG", info: "INFO", warn: "WARN", error: "ERROR", trace: "TRACE" };

let requestId; // before the first event Lambda writes "undefined"

function setRequestId(id) {
  requestId = id;
}

function patchConsole() {
  for (const [name, level] of Object.entries(LEVELS)) {
    console[name] = (...parts) => {
      process.stdout.write(`${new Date().toISOString()}\t${requestId}\t${level}\t${format(...parts)}\n`);
    };
  }
}

module.exports = { patchConsole, setRequestId };
